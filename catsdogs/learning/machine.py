"""The fastest settings on this machine: measured once, kept in the cache."""

import json
import os
import platform
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from catsdogs import paths
from catsdogs.learning.frameworks import keras
from catsdogs.learning.frameworks import tensorflow as tf
from catsdogs.system import files
from catsdogs.system.locks import exclusive

# bfloat16 is about twice as fast as float32 where the processor supports it, and slower elsewhere.
_WORTHWHILE = 1.3
_REPEATS = 5
# NVIDIA's compute capability of the first GPUs whose tensor cores take bfloat16 (Ampere).
_BFLOAT16_CAPABILITY = (8, 0)


@dataclass(frozen=True)
class Choice:
    """The value that "auto" chooses on this machine, and the reason in words."""

    value: str
    why: str


def fastest_precision() -> str:
    """Return the precision that trains the custom CNN fastest here: "float32" or "bfloat16"."""
    return chosen_precision().value


def chosen_precision() -> Choice:
    """Return the fastest precision here with the reason: by GPU, or measured on the processor."""
    if has_gpu():
        return precision_on_gpus(compute_capabilities())
    speedup = remembered("bfloat16_speedup", _bfloat16_speedup)
    value = "bfloat16" if speedup >= _WORTHWHILE else "float32"
    return Choice(
        value,
        f"bfloat16 measured {speedup:.2f} × as fast as float32 on this processor; it is used "
        f"from {_WORTHWHILE} × on",
    )


def precision_on_gpus(capabilities: list[tuple[int, int]]) -> Choice:
    """Return the precision for GPUs with these compute capabilities; (0, 0) where not known."""
    weakest = min(capabilities, default=(0, 0))
    version = ".".join(map(str, weakest)) if weakest > (0, 0) else "that is not known"
    needed = ".".join(map(str, _BFLOAT16_CAPABILITY))
    value = "bfloat16" if weakest >= _BFLOAT16_CAPABILITY else "float32"
    return Choice(
        value, f"the GPU has compute capability {version}; bfloat16 is fast from {needed} on"
    )


def compute_capabilities() -> list[tuple[int, int]]:
    """Return the compute capability of each GPU that TensorFlow sees; (0, 0) where not known."""
    details = map(tf.config.experimental.get_device_details, tf.config.list_physical_devices("GPU"))
    return [one.get("compute_capability", (0, 0)) for one in details]


def remembered(name: str, measure: Callable[[], float]) -> float:
    """Return the cached result of ``measure`` on this machine, measuring it if there is none.

    Only one process measures at a time: two would slow each other down, and each would use a
    result of its own.
    """
    if (known := recalled(name)) is not None:
        return known
    with ExitStack() as stack:
        # Best effort: without the lock or the file, each process measures for itself.
        with suppress(OSError):
            paths.cache_dir().mkdir(parents=True, exist_ok=True)
            stack.enter_context(exclusive(paths.cache_dir() / ".machine.json.lock"))
        if (known := recalled(name)) is not None:
            return known
        measured = round(measure(), 3)
        others, here = _known(), _identity()
        with suppress(OSError):
            files.write_json(_memory(), {**others, here: {**others.get(here, {}), name: measured}})
        return measured


def recalled(name: str) -> float | None:
    """Return the cached result of a measurement on this machine; None before it was made."""
    measured = _known().get(_identity(), {}).get(name)
    return measured if isinstance(measured, float) else None


def _memory() -> Path:
    return paths.cache_dir() / "machine.json"


def _known() -> dict[str, dict[str, float]]:
    """Return all measurements, by machine; none from a missing or damaged file."""
    try:
        known = json.loads(_memory().read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    found = known.items() if isinstance(known, dict) else ()
    return {machine: values for machine, values in found if isinstance(values, dict)}


def has_gpu() -> bool:
    """Return whether TensorFlow sees a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def gpu_names() -> list[str]:
    """Return the names of the GPUs that TensorFlow sees."""
    gpus = tf.config.list_physical_devices("GPU")
    details = map(tf.config.experimental.get_device_details, gpus)
    return [one.get("device_name", gpu.name) for gpu, one in zip(gpus, details, strict=True)]


def _identity() -> str:
    """Return the hardware and software that a measurement depends on, as a key."""
    gpus = [device.name for device in tf.config.list_physical_devices("GPU")]
    machine = (platform.node(), platform.machine(), os.cpu_count(), *gpus)
    return " ".join(map(str, (*machine, "TensorFlow", tf.__version__)))


def _bfloat16_speedup() -> float:
    """Return how much faster the custom CNN's second convolution is with its gradients, batch 8.

    Both are timed alternately, so that other work slows both down.
    """
    exact, mixed = _convolution("float32"), _convolution("bfloat16")
    rounds = [(_seconds(exact), _seconds(mixed)) for _ in range(_REPEATS + 1)]
    fastest = [min(times) for times in zip(*rounds[1:], strict=True)]  # The first one compiles.
    return fastest[0] / fastest[1]


def _convolution(dtype: str) -> Callable[[], list[tf.Tensor]]:
    maps = tf.zeros((8, 74, 74, 32), dtype)
    kernel = tf.zeros((3, 3, 32, 64), dtype)

    def forward_and_back() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([maps, kernel])
            out = keras.ops.relu(tf.nn.conv2d(maps, kernel, 1, "VALID"))
        return tape.gradient(out, [maps, kernel])

    compiled: Callable[[], list[tf.Tensor]] = tf.function(forward_and_back)
    return compiled


def _seconds(compute: Callable[[], list[tf.Tensor]]) -> float:
    started = time.perf_counter()
    for gradient in compute():
        gradient.numpy()
    return time.perf_counter() - started
