"""Where things are. The only module that knows, and the only one that reads these variables:

    CATSDOGS_DATA        datasets made or unpacked, and decisions   (default: ./data)
    CATSDOGS_ARTIFACTS   training runs                              (default: ./artifacts)
    CATSDOGS_CACHE       everything that can be computed again      (default: ./.cache)

The defaults lie in the project folder, so that deleting the folder deletes everything.
"""

import hashlib
import os
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent


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
