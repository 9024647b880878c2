"""The split into training and validation: seeded, stratified, and no picture is on both sides.

Each picture gets a number from the seed and its content. In each class, the pictures with the
lowest numbers form the validation side. So the side of a picture hardly depends on the others:
excluding, relabelling or adding a few moves at most as many to the other side, and the runs before
and after remain comparable.
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

    ``records`` has the columns label and group. Rows of one group stay together. ``validation`` is
    the share of groups on the validation side, in (0, 1).

    Raises:
        ConfigError: if a class has too few pictures for both sides.
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
    """Return 16 hex digits that identify one side of a split by the digests of its photos."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()[:16]


def require_splittable(records: pd.DataFrame, *, validation: float) -> None:
    """Check that there are enough pictures of both classes for both sides.

    Raises:
        ConfigError: if there are not.
    """
    pictures = records.drop_duplicates("group")
    per_class = pictures["label"].value_counts()
    # Each class is divided by the same share, rounded to whole pictures: each side needs one.
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
