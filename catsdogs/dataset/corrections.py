"""Pictures that a model classified wrongly, copied to ``corrections/<label>/<digest>.jpg``.

The subfolders are named after the labels, so the folder is a dataset once it contains a cat or dog.
"""

from pathlib import Path, PurePosixPath

from catsdogs import paths, people
from catsdogs.images import picture
from catsdogs.labels import CLASS_NAMES, NEITHER
from catsdogs.system import files

LABELS = (*CLASS_NAMES, NEITHER)


def folder() -> Path:
    """Folder of the corrections."""
    return paths.data_dir() / "corrections"


def keep(content: bytes, name: str, label: str) -> Path:
    """Copy a picture to the folder of ``label`` and remove it from the others; return its path.

    The copy keeps the suffix of ``name`` if that is one of an image.

    Raises:
        OSError: if it cannot be written.
        NotAllowed: if the person may only look.
    """
    people.require_editor("correct labels")
    suffix = PurePosixPath(name).suffix.lower()
    kept = f"{picture.digest(content)}{suffix if suffix in picture.SUFFIXES else '.jpg'}"
    path = folder() / label / kept
    files.write_bytes(path, content)
    for other in _copies(content):
        if other != path:
            other.unlink(missing_ok=True)
    return path


def find(content: bytes) -> Path | None:
    """Return the path of a picture's copy, whose folder is named after the label; None if none."""
    return next(iter(_copies(content)), None)


def undo(content: bytes) -> None:
    """Remove the copy of a picture.

    Raises:
        OSError: if it cannot be removed.
        NotAllowed: if the person may only look.
    """
    people.require_editor("correct labels")
    for path in _copies(content):
        path.unlink(missing_ok=True)


def has_pets() -> bool:
    """Return whether the corrections contain a cat or a dog, as a dataset must."""
    return any(any((folder() / name).glob("*.*")) for name in CLASS_NAMES)


def _copies(content: bytes) -> list[Path]:
    digest = picture.digest(content)
    return [path for label in LABELS for path in (folder() / label).glob(f"{digest}.*")]
