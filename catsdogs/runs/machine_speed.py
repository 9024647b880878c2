"""How fast this machine is, measured in a second without TensorFlow."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from catsdogs.images import picture
from catsdogs.images.parallel import map_files

_PRODUCT_SIDE = 1024
_MULTIPLYING_S, _DECODING_S = 0.4, 0.5
_MOST_PHOTOS = 64
_CPU, _BFLOAT16 = Path("/proc/cpuinfo"), {"avx512_bf16", "amx_bf16"}


@dataclass(frozen=True)
class MachineSpeed:
    """``gflops``: billions of operations a second in a product of float32 matrices.

    ``decoded_per_s``: photos of a dataset that are read and decoded in a second. ``has_bfloat16``:
    the processor multiplies in bfloat16, so training does. ``slowdown``: how many times longer work
    takes because of other processes.
    """

    gflops: float
    decoded_per_s: float
    has_bfloat16: bool = False
    slowdown: float = 1.0


def measured(root: Path, photos: Sequence[str], *, side: int) -> MachineSpeed:
    """Measure this machine for about a second, on ``photos``: paths in the dataset ``root``.

    They are decoded to squares of ``side`` pixels. Choose them from all over the dataset.
    """
    slowdown = _slowdown()  # First: the measurement itself is load too.
    decoded_per_s = _decoded_per_s(root, photos[:_MOST_PHOTOS], side)
    return MachineSpeed(_gflops(), decoded_per_s, _has_bfloat16(), slowdown)


def _gflops() -> float:
    """Return the speed of the best of several products: others may use the processor too."""
    one = np.ones((_PRODUCT_SIDE, _PRODUCT_SIDE), np.float32)
    product = np.empty_like(one)
    best_s = min(_repeated(lambda: np.matmul(one, one, out=product), _MULTIPLYING_S))
    return 2 * _PRODUCT_SIDE**3 / best_s / 1e9


def _slowdown() -> float:
    """Return the slowdown if the load of the last minute lasts; 1 where it is unknown."""
    if not hasattr(os, "getloadavg"):  # Windows
        return 1.0
    return 1 + os.getloadavg()[0] / (os.cpu_count() or 1)


def _has_bfloat16() -> bool:
    """Return whether the processor reports this feature, which is known only on Linux."""
    with suppress(OSError):
        return bool(_BFLOAT16.intersection(_CPU.read_text().split()))
    return False


def _decoded_per_s(root: Path, photos: Sequence[str], side: int) -> float:
    """Return photos a second, 0 without photos. Files that do not decode count too."""
    began, done = time.perf_counter(), 0
    for _ in map_files(root, photos, lambda content: picture.load_square(content, side)):
        done += 1
        if time.perf_counter() - began > _DECODING_S:
            break
    return done / (time.perf_counter() - began) if done else 0.0


def _repeated(work: Callable[[], object], for_s: float) -> list[float]:
    """Do ``work`` at least once and until ``for_s`` have passed; return the seconds of each."""
    times: list[float] = []
    began = time.perf_counter()
    while not times or time.perf_counter() - began < for_s:
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return times
