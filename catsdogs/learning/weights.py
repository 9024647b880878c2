"""MobileNetV2's weights: an explicit path, Keras' own cache, a download, or the shipped ones."""

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

from catsdogs import paths
from catsdogs.errors import WeightsUnavailable
from catsdogs.features.backbones import (
    IMAGENET_SHA256,
    SHIPPED,
    WEIGHTS_FILE,
    WEIGHTS_VARIABLE,
    identity,
    keras_home,
    origin,
)
from catsdogs.system import files

_URL = f"https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/{WEIGHTS_FILE}"
_DOWNLOAD_TIMEOUT_S = 10


def find_weights(*, begun_from: str | None = None) -> Path:
    """Return the weights file: ImageNet's, downloaded once (9 MB) if it is missing.

    Without a network, this is the project's own backbone, which was trained on Dogs vs. Cats:
    ``backbones.origin`` distinguishes the two. A resumed run gets the weights that it has
    ``begun_from``.

    Raises:
        WeightsUnavailable: if the configured path does not exist, there are no weights at all, or
            they differ from ``begun_from``.
    """
    shipped = paths.shipped_backbone()
    found = shipped if begun_from == SHIPPED and shipped.is_file() else _find()
    if begun_from not in (None, origin(identity(found))):
        raise WeightsUnavailable(
            f"Expected the weights that this run started from ({begun_from}). Received: "
            f"{origin(identity(found))}, from {found.name}. Make them available again, or start a "
            "new run."
        )
    return found


def _find() -> Path:
    explicit = os.environ.get(WEIGHTS_VARIABLE)
    if explicit:
        return _existing(Path(explicit).expanduser())
    home = keras_home()
    kept = home / "models" / WEIGHTS_FILE
    # Keras would overwrite a file with other content, and delete it if the download fails.
    is_kept = False
    with suppress(PermissionError):  # A folder that may not be read: Keras uses another one.
        is_kept = kept.is_file()
    if is_kept:
        return _imagenet(kept)
    # Here, so that weights on this machine are found without loading TensorFlow.
    from catsdogs.learning.frameworks import keras

    before = socket.getdefaulttimeout()
    # Keras sets no timeout: on a network that drops packets, it would wait forever.
    socket.setdefaulttimeout(_DOWNLOAD_TIMEOUT_S)
    try:
        with suppress(OSError):  # Keras then downloads into /tmp/.keras.
            home.mkdir(parents=True, exist_ok=True)
        return Path(
            keras.utils.get_file(
                WEIGHTS_FILE,
                _URL,
                cache_subdir="models",
                file_hash=IMAGENET_SHA256,
                cache_dir=str(home),
            )
        )
    except Exception as error:  # Keras raises a bare Exception when a download fails.
        return _shipped(error)
    finally:
        socket.setdefaulttimeout(before)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise WeightsUnavailable(
            f"Expected MobileNetV2's weights where {WEIGHTS_VARIABLE} points. Received: {path}, "
            "which is not a file. Correct the variable, or unset it."
        )
    return path


def _imagenet(path: Path) -> Path:
    if files.sha256(path) != IMAGENET_SHA256:
        raise WeightsUnavailable(
            f"Expected ImageNet's weights for MobileNetV2 in {path}. Received: a file with other "
            "content. Move it away so that the weights are downloaded, or set "
            f"{WEIGHTS_VARIABLE} to its path to use it."
        )
    return path


def _shipped(error: Exception) -> Path:
    shipped = paths.shipped_backbone()
    if not shipped.is_file():
        raise WeightsUnavailable(
            f"Expected MobileNetV2's ImageNet weights, or a network to download them. Received: "
            f"{error}. Put {WEIGHTS_FILE} into ~/.keras/models, or set {WEIGHTS_VARIABLE} to its "
            "path."
        ) from None
    print(f"ImageNet's weights are not available ({error}): using {shipped.name}.", file=sys.stderr)
    return shipped
