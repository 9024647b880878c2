"""Training and validation: seeded, stratified by class, one picture never on both sides.

Each picture draws a number from the seed and its content, and the lowest of each class go to the
validation side. So the side of a picture does not depend on which others there are: leaving out,
relabelling or adding a few moves at most as many across, and runs before and after stay comparable.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
import pandas as pd

from catsdogs.errors import ConfigError

DEFAULT_VALIDATION, DEFAULT_SEED = 0.2, 7
_CLASSES = 2


def split(records: pd.DataFrame, *, validation: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the row positions of the training and of the validation side, each sorted.

    ``records`` has the columns label and group; rows of one group stay together. ``validation`` is
    the share of groups that goes to the validation side, in (0, 1).

    Raises:
        ConfigError: when there are too few pictures of a class for both sides.
    """
    require_splittable(records, validation=validation)
    pictures = records.drop_duplicates("group")
    drawn = pd.Series([_draw(seed, group) for group in pictures["group"]], index=pictures.index)
    rank = drawn.groupby(pictures["label"]).rank(method="first")
    size = pictures["label"].map(pictures["label"].value_counts())
    held_back = pictures["group"][rank <= (size * validation).round()]
    in_validation = records["group"].isin(held_back).to_numpy()
    return np.flatnonzero(~in_validation), np.flatnonzero(in_validation)


def fingerprint(digests: Iterable[str]) -> str:
    """Return 16 hex digits that tell one side of a split, given by its photos, from any other."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()[:16]


def require_splittable(records: pd.DataFrame, *, validation: float) -> None:
    """Check that ``split`` can put pictures of both classes on both sides.

    Raises:
        ConfigError: when it cannot.
    """
    pictures = records.drop_duplicates("group")
    per_class = pictures["label"].value_counts()
    # A class keeps its share on either side, to the nearest picture: one has to be left of it.
    rarer_side = min(validation, 1 - validation)
    if len(per_class) < _CLASSES or per_class.min() * rarer_side < 1:
        raise ConfigError(
            "Expected different photos of both classes for both the training and the validation "
            f"side. Received: {len(pictures)} different photos, {per_class.get(0, 0)} of cats "
            f"and {per_class.get(1, 0)} of dogs, at a validation share of {validation:g}. Choose a "
            "larger dataset or another share."
        )


def _draw(seed: int, group: str) -> int:
    salt = seed.to_bytes(hashlib.blake2b.SALT_SIZE)
    return int.from_bytes(hashlib.blake2b(group.encode(), digest_size=8, salt=salt).digest())
