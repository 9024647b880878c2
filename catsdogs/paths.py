"""Where all files are. Only this module reads these environment variables:

    CATSDOGS_DATA        drawn and unpacked datasets, and decisions   (default: ./data)
    CATSDOGS_ARTIFACTS   training runs                                (default: ./artifacts)
    CATSDOGS_CACHE       everything that can be computed again        (default: ./.cache)
    CATSDOGS_STORAGE_GB  limit of the photos from addresses there     (default: 10)

The defaults are inside the project folder, so deleting that folder deletes everything.
"""

import hashlib
import os
import re
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
_STORAGE_GB = 10
# All but the last part of an absolute path, up to a space. Web addresses do not match.
_LEADING_PARTS = re.compile(
    r"""(?<![\w.:/~<…-])/(?:[^/\s'"]+/)*(?=[^/\s'"])|\b[A-Z]:(?:\\[^\\\s'"]+)*\\"""
)


def _folder(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or PROJECT_ROOT / default).expanduser().absolute()


def data_dir() -> Path:
    """Folder of datasets that the app drew, downloaded or unpacked, and of users' decisions."""
    return _folder("CATSDOGS_DATA", "data")


def artifacts_dir() -> Path:
    """Folder of training runs, one folder each."""
    return _folder("CATSDOGS_ARTIFACTS", "artifacts")


def shipped_backbone() -> Path:
    """File of the MobileNetV2 weights that come with the project, for offline machines."""
    return PROJECT_ROOT / "artifacts" / "backbone.weights.h5"


def cache_dir() -> Path:
    """Folder of indexes, pixels, embeddings and exported backbones: safe to delete at any time."""
    return _folder("CATSDOGS_CACHE", ".cache")


def storage_cache_bytes() -> int:
    """Limit of the photos from addresses that stay in the cache."""
    try:
        return int(float(os.environ.get("CATSDOGS_STORAGE_GB") or _STORAGE_GB) * 10**9)
    except ValueError:
        return _STORAGE_GB * 10**9


def review_dir(root: Path) -> Path:
    """Folder of users' decisions about the dataset in ``root``. It is not in the cache."""
    return data_dir() / "reviews" / dataset_key(root)


def dataset_key(root: Path) -> str:
    """Return 16 hex digits that identify the folder ``root`` in file names."""
    return hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]


def shortened(text: str) -> str:
    """Return a message with shortened paths, as a page shows it: they do not reveal the machine.

    A path in one of the app's folders begins with that folder's name. A path in the project folder
    is relative to it, and one in the home folder begins with "~/". Any other path keeps only its
    last part.
    """
    ours = {folder: f"{folder.name}/" for folder in (data_dir(), artifacts_dir(), cache_dir())}
    for folder, name in {**ours, **_short_prefixes()}.items():
        here = re.compile(rf"(?<![\w./~-]){re.escape(str(folder))}[/\\]")
        text = here.sub(name.replace("\\", r"\\"), text)
    return _LEADING_PARTS.sub("…/", text)


def portable(path: str) -> str:
    """Return ``path`` for use in a command that runs in the project folder of any machine."""
    for folder, name in _short_prefixes().items():
        if Path(path).is_relative_to(folder):
            return f"{name}{Path(path).relative_to(folder).as_posix()}"
    return path


def _short_prefixes() -> dict[Path, str]:
    """Return how paths in the project folder and in the home folder begin, by folder."""
    home = Path.home()
    # The home folder of a service is "/", which contains every path.
    return {PROJECT_ROOT: "", **({} if home == Path(home.anchor) else {home: "~/"})}
