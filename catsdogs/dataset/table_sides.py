"""The sides of a split that a table gives to images: training, validation or test.

They are kept with users' decisions about the dataset.
"""

from pathlib import Path

from catsdogs import paths
from catsdogs.dataset import decision_file
from catsdogs.errors import DatasetError
from catsdogs.system import files

TRAIN, VALIDATION, TEST = "train", "validation", "test"
WORDS = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "dev"), VALIDATION),
    **dict.fromkeys(("test", "testing"), TEST),
}


def save(root: Path, sides: dict[str, str]) -> None:
    """Keep the side of each path, with those that earlier tables gave to other paths.

    Raises:
        DatasetError: if they cannot be written or read.
    """
    try:
        files.write_json(file(root), {**load(root), **sides})
    except OSError as error:
        raise DatasetError(
            f"Expected to write the sides of images into {file(root)}. Received: "
            f"{error.strerror}. They were not saved: fix this, then import the table again."
        ) from None


def load(root: Path) -> dict[str, str]:
    """Return the side of each path that a table named: TRAIN, VALIDATION or TEST.

    Raises:
        DatasetError: if they cannot be read: without them, the split would be different.
    """
    found = decision_file.read(
        file(root),
        dict[str, str],
        what="the sides of images",
        again="import the table again",
        without="the split would be different",
    )
    return found or {}


def file(root: Path) -> Path:
    """Return the file with the sides of the images in ``root``."""
    return paths.review_dir(root) / "sides.json"
