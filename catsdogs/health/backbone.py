"""Which MobileNetV2 a check looked through: its findings are no better than that one's eyes."""

from pathlib import Path

from catsdogs import files, paths
from catsdogs.runs.config import IMAGENET, SHIPPED

# The first hex digits of the SHA-256 of the weights that Keras downloads.
IMAGENET_IDENTITY = "71e4c4ec4aa2"


def origin(exported: Path) -> str:
    """Return what an exported backbone was made of: IMAGENET, SHIPPED, or another's identity.

    Its file's name ends in the first 12 hex digits of the SHA-256 of its weights.
    """
    identity = exported.stem.rpartition("-")[2]
    if identity == IMAGENET_IDENTITY:
        return IMAGENET
    shipped = paths.shipped_backbone()
    is_shipped = shipped.is_file() and identity == files.sha256(shipped)[:12]
    return SHIPPED if is_shipped else identity
