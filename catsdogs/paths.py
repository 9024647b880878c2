"""Where things are. The only module that knows, and the only one that reads these variables:

    CATSDOGS_DATA        datasets made or unpacked, and decisions   (default: ./data)
    CATSDOGS_ARTIFACTS   training runs                              (default: ./artifacts)
    CATSDOGS_CACHE       everything that can be computed again      (default: ./.cache)

The defaults lie in the project folder, so that deleting the folder deletes everything.
"""

import hashlib
import os
import re
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
# All but the last part of an absolute path, up to a blank; not of a web address.
_LEADING_PARTS = re.compile(
    r"""(?<![\w.:/~<…-])/(?:[^/\s'"]+/)*(?=[^/\s'"])|\b[A-Z]:(?:\\[^\\\s'"]+)*\\"""
)


def _folder(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or PROJECT_ROOT / default).expanduser().absolute()


def data_dir() -> Path:
    """Datasets that the app drew, downloaded or unpacked, and what people decided about any."""
    return _folder("CATSDOGS_DATA", "data")


def artifacts_dir() -> Path:
    """One folder a run."""
    return _folder("CATSDOGS_ARTIFACTS", "artifacts")


def shipped_backbone() -> Path:
    """MobileNetV2's weights that come with the project, for machines without a network."""
    return PROJECT_ROOT / "artifacts" / "backbone.weights.h5"


def cache_dir() -> Path:
    """Indexes, pixels, embeddings, exported backbones: safe to delete at any time."""
    return _folder("CATSDOGS_CACHE", ".cache")


def review_dir(root: Path) -> Path:
    """What people decided about the dataset in ``root``: theirs, and so not in the cache."""
    return data_dir() / "reviews" / dataset_key(root)


def dataset_key(root: Path) -> str:
    """Return 16 hex digits that stand for the folder ``root`` in file names."""
    return hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]


def shortened(text: str) -> str:
    """Return a message as a page shows it: its paths say nothing of where this machine keeps them.

    Those in the app's folders begin with the folder's name, those in the project or the home folder
    there; of others, what leads to the last part is left out.
    """
    ours = {folder: f"{folder.name}/" for folder in (data_dir(), artifacts_dir(), cache_dir())}
    for folder, name in {**ours, **_near()}.items():
        here = re.compile(rf"(?<![\w./~-]){re.escape(str(folder))}[/\\]")
        text = here.sub(name.replace("\\", r"\\"), text)
    return _LEADING_PARTS.sub("…/", text)


def portable(path: str) -> str:
    """Return ``path`` as a command in the project folder takes it, on this machine and others."""
    for folder, name in _near().items():
        if Path(path).is_relative_to(folder):
            return f"{name}{Path(path).relative_to(folder).as_posix()}"
    return path


def _near() -> dict[Path, str]:
    """Return what paths in the project and the home folder begin with."""
    home = Path.home()
    # Services are at home in "/", below which everything is.
    return {PROJECT_ROOT: "", **({} if home == Path(home.anchor) else {home: "~/"})}
