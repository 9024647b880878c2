"""MobileNetV2's ImageNet weights: an explicit path, Keras' own cache, or a download."""

import hashlib
import os
from pathlib import Path

import keras

from catsdogs.errors import WeightsUnavailable

VARIABLE = "CATSDOGS_MOBILENET_WEIGHTS"
FILE_NAME = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
_URL = f"https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/{FILE_NAME}"


def find_weights() -> Path:
    """Return the weights file, downloading it (9 MB, once) when it is nowhere on this machine.

    Raises:
        WeightsUnavailable: when the path that was set does not exist, or the download fails.
    """
    explicit = os.environ.get(VARIABLE)
    if explicit:
        return _existing(Path(explicit).expanduser())
    try:
        return Path(keras.utils.get_file(FILE_NAME, _URL, cache_subdir="models"))
    except Exception as error:  # Keras raises a bare Exception when a download fails.
        raise WeightsUnavailable(
            f"Expected MobileNetV2's ImageNet weights, or a network to download them. Received: "
            f"{error}. Put {FILE_NAME} into ~/.keras/models, or set {VARIABLE} to its path."
        ) from None


def identity(weights: Path) -> str:
    """Return 12 hex digits that tell this weights file from any other, by its content."""
    with weights.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:12]


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise WeightsUnavailable(
            f"Expected MobileNetV2's weights where {VARIABLE} points. Received: {path}, which is "
            "no file. Correct the variable, or unset it."
        )
    return path
