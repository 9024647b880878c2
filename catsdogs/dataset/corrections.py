"""Pictures that were answered wrongly, copied for later: ``corrections/<label>/<digest>.jpg``.

The folders are named after the labels, so the whole is a dataset as soon as one pet is in it.
"""

from pathlib import Path, PurePosixPath

from catsdogs import paths
from catsdogs.images import picture
from catsdogs.labels import CLASS_NAMES, NEITHER
from catsdogs.system import files

LABELS = (*CLASS_NAMES, NEITHER)


def folder() -> Path:
    """Where they are kept."""
    return paths.data_dir() / "corrections"


def keep(content: bytes, name: str, label: str) -> Path:
    """Copy a picture to those of ``label``, away from those of another; return where it is.

    Of ``name``, only a suffix that an image may have is taken over.

    Raises:
        OSError: when it cannot be written.
    """
    suffix = PurePosixPath(name).suffix.lower()
    kept = f"{picture.digest(content)}{suffix if suffix in picture.SUFFIXES else '.jpg'}"
    path = folder() / label / kept
    files.write_bytes(path, content)
    for other in _copies(content):
        if other != path:
            other.unlink(missing_ok=True)
    return path


def find(content: bytes) -> Path | None:
    """Return where a picture is kept; the folder's name is its label. None for one that is not."""
    return next(iter(_copies(content)), None)


def undo(content: bytes) -> None:
    """Remove the copy of a picture.

    Raises:
        OSError: when it cannot be removed.
    """
    for path in _copies(content):
        path.unlink(missing_ok=True)


def has_pets() -> bool:
    """Return whether a cat or a dog is among them, without which they are no dataset."""
    return any(any((folder() / name).glob("*.*")) for name in CLASS_NAMES)


def _copies(content: bytes) -> list[Path]:
    digest = picture.digest(content)
    return [path for label in LABELS for path in (folder() / label).glob(f"{digest}.*")]
