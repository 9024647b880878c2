"""The fastest settings on this machine: measured once, kept in the cache."""

import json
import os
import platform
import time
from collections.abc import Callable

from catsdogs import paths
from catsdogs.learning.frameworks import keras
from catsdogs.learning.frameworks import tensorflow as tf
from catsdogs.system import files

# bfloat16 is about twice as fast as float32 where the processor supports it, and slower elsewhere.
_WORTHWHILE = 1.3
_REPEATS = 5


def fastest_precision() -> str:
    """Return the precision that trains the custom CNN fastest here: "float32" or "bfloat16"."""
    speedup = remembered("bfloat16_speedup", _bfloat16_speedup)
    return "bfloat16" if speedup >= _WORTHWHILE else "float32"


def remembered(name: str, measure: Callable[[], float]) -> float:
    """Return the cached result of ``measure`` on this machine, measuring it if there is none."""
    path, here = paths.cache_dir() / "machine.json", _identity()
    try:
        known = {**json.loads(path.read_text())}
        of_here = {**known.get(here, {})}
    except (OSError, ValueError, TypeError):
        known = of_here = {}
    if not isinstance(of_here.get(name), float):
        of_here = {**of_here, name: round(measure(), 3)}
        files.write_json(path, {**known, here: of_here})
    return of_here[name]


def has_gpu() -> bool:
    """Return whether TensorFlow sees a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def _identity() -> str:
    """Return the hardware and software that a measurement depends on, as a key."""
    gpus = [device.name for device in tf.config.list_physical_devices("GPU")]
    machine = (platform.node(), platform.machine(), os.cpu_count(), *gpus)
    return " ".join(map(str, (*machine, "TensorFlow", tf.__version__)))


def _bfloat16_speedup() -> float:
    return _convolution_seconds("float32") / _convolution_seconds("bfloat16")


def _convolution_seconds(dtype: str) -> float:
    """Return the seconds of the custom CNN's second convolution with its gradients, batch 8."""
    maps = tf.zeros((8, 74, 74, 32), dtype)
    kernel = tf.zeros((3, 3, 32, 64), dtype)

    def forward_and_back() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([maps, kernel])
            out = keras.ops.relu(tf.nn.conv2d(maps, kernel, 1, "VALID"))
        return tape.gradient(out, [maps, kernel])

    compiled = tf.function(forward_and_back)
    compiled()
    times = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        [gradient.numpy() for gradient in compiled()]
        times.append(time.perf_counter() - started)
    return min(times)
