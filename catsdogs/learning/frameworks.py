"""TensorFlow and Keras with this project's settings, whatever the settings of other projects.

Keras reads its settings when it is first imported, and TensorFlow imports it: from ``keras.json``
in ``KERAS_HOME`` or ``~/.keras``, and from variables such as ``KERAS_BACKEND``. Another project may
have asked for ``channels_first``, float16 or PyTorch there; the networks here work with none of
them. So this module imports both libraries first, and the others import them from here.

``KERAS_HOME`` still decides where ImageNet's weights are: see ``weights.py``.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["keras", "layers", "ops", "tensorflow"]

# There is no file below the null device, so Keras reads no settings and writes none.
_OURS = {"KERAS_HOME": os.devnull, "KERAS_BACKEND": "tensorflow"}
_LEGACY = "TF_USE_LEGACY_KERAS"


@contextmanager
def _own_environment() -> Iterator[None]:
    """Replace all variables that configure Keras for a while."""
    theirs = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("KERAS_") or name == _LEGACY
    }
    for name in theirs:
        del os.environ[name]
    os.environ.update(_OURS)
    # It stays: TensorFlow reads it later. Otherwise it reserves the whole memory of each GPU.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    try:
        yield
    finally:
        for name in _OURS:
            del os.environ[name]
        os.environ.update(theirs)


with _own_environment():
    import keras
    import tensorflow
    from keras import layers, ops
