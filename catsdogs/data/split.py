"""Training and validation: seeded, stratified by class, copies of one photo never on both sides."""

import numpy as np
import pandas as pd

from catsdogs.errors import ConfigError

_CLASSES = 2


def split(records: pd.DataFrame, *, validation: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the row positions of the training and of the validation side, each sorted.

    Files with the same content stay together. ``validation`` is the share of distinct photos that
    goes to the validation side, in (0, 1).

    Raises:
        ConfigError: when there are too few distinct photos of a class for both sides.
    """
    # Here, because the web process only checks, and starts faster without.
    from sklearn.model_selection import train_test_split

    require_splittable(records, validation=validation)
    first_of_each = records.drop_duplicates("digest")
    train, _ = train_test_split(
        first_of_each["digest"],
        test_size=validation,
        stratify=first_of_each["label"],
        random_state=seed,
    )
    in_training = records["digest"].isin(train).to_numpy()
    return np.flatnonzero(in_training), np.flatnonzero(~in_training)


def require_splittable(records: pd.DataFrame, *, validation: float) -> None:
    """Check that ``split`` can put photos of both classes on both sides.

    Raises:
        ConfigError: when it cannot.
    """
    first_of_each = records.drop_duplicates("digest")
    per_class = first_of_each["label"].value_counts()
    # A class keeps its share on either side, to the nearest photo: one photo has to be left of it.
    rarer_side = min(validation, 1 - validation)
    if len(per_class) < _CLASSES or per_class.min() * rarer_side < 1:
        raise ConfigError(
            "Expected different photos of both classes for both the training and the validation "
            f"side. Received: {len(first_of_each)} different photos, {per_class.get(0, 0)} of cats "
            f"and {per_class.get(1, 0)} of dogs, at a validation share of {validation:g}. Choose a "
            "larger dataset or another share."
        )
