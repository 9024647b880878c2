"""The way of a Keras tutorial, on the same photos and the same split as our runs.

It is tuned as a user of `image_dataset_from_directory` would: `cache()` keeps the decoded photos in
memory, `prefetch()` reads ahead.
"""

from pathlib import Path

from catsdogs.dataset import index
from catsdogs.dataset.split import DEFAULT_SEED, Rule, split
from catsdogs.labels import CLASS_NAMES
from catsdogs.sources import opening

BATCH = 32
SIDES = ("train", "validation")


def linked_by_class(dataset: Path, folder: Path, *, seed: int = DEFAULT_SEED) -> None:
    """Fill ``folder`` with train/ and validation/, each with a folder of links per class."""
    root = opening.open_source(dataset)
    records = index.scan(root).usable
    found = split(records, Rule(seed=seed))
    for name, positions in zip(SIDES, (found.train, found.validation), strict=True):
        for number, record in enumerate(records.iloc[positions].itertuples()):
            place = folder / name / CLASS_NAMES[record.label]
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{number}.jpg").symlink_to(root / record.path)


def sides_of(folder: Path, *, side: int) -> list:
    """Return the two sides as datasets of (float32 (B, S, S, 3), labels (B, 1)), B up to 32."""
    import keras
    import tensorflow as tf

    return [
        keras.utils.image_dataset_from_directory(
            folder / name,
            label_mode="binary",
            image_size=(side, side),
            batch_size=BATCH,
            shuffle=name == "train",
            seed=DEFAULT_SEED,
            verbose=False,
        )
        # The cache holds bytes: as floats, a quarter of the photos would fill the memory.
        .map(lambda pixels, labels: (tf.cast(pixels, tf.uint8), labels))
        .cache()
        .map(lambda pixels, labels: (tf.cast(pixels, tf.float32), labels))
        .prefetch(tf.data.AUTOTUNE)
        for name in SIDES
    ]
