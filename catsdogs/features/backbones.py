"""The origin of a MobileNetV2, identified by the content of its weights file."""

import os
from pathlib import Path

from catsdogs import paths
from catsdogs.system import files

IMAGENET, SHIPPED = "imagenet", "shipped"
# The checksum of the file that Keras downloads.
IMAGENET_SHA256 = "71e4c4ec4aa24c9c951b9265d6de42e1336dcf614c2214fa6a989208615e232c"
WEIGHTS_FILE = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
WEIGHTS_VARIABLE = "CATSDOGS_MOBILENET_WEIGHTS"  # the path of other weights
_DIGITS = 12


def keras_home() -> Path:
    """Return the folder in which Keras keeps downloaded weights and its settings."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()


def identity(weights: Path) -> str:
    """Return 12 hex digits that identify a weights file by its content."""
    return files.sha256(weights)[:_DIGITS]


def origin(name: str) -> str:
    """Return the origin of an identity: IMAGENET, SHIPPED, or the identity of any other file."""
    if name == IMAGENET_SHA256[:_DIGITS]:
        return IMAGENET
    shipped = paths.shipped_backbone()
    return SHIPPED if shipped.is_file() and name == identity(shipped) else name


def export_of(weights: Path) -> Path:
    """Return where the cache keeps the LiteRT file of a backbone, whether or not it exists."""
    return paths.cache_dir() / "backbones" / f"mobilenet_v2-{identity(weights)}.tflite"


def origin_of_export(exported: Path) -> str:
    """Return the origin of a backbone's LiteRT file. Its name ends with the weights' identity."""
    return origin(exported.stem.rpartition("-")[2])
