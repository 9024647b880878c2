"""The time of a forward pass, measured so that the models of two runs can be compared.

All models answer about the same pictures in each of many rounds. Their order is random, because a
model can displace the weights of the next one from the processor's cache. Only the time counts for
which the thread had a processor core, so other work hardly matters.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

PASSES, _WARM_UP = 40, 3
# Where the clock of a thread ticks more slowly, as on Windows, the time on the wall counts.
_COARSE_S = 1e-4


class Model(Protocol):
    """A model for uint8 images of shape (side, side, 3) that returns its outputs by name."""

    @property
    def side(self) -> int:
        """The width and height of its input, in pixels."""

    def __call__(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """Return the outputs for one image."""


@dataclass(frozen=True)
class Latency:
    """The median time of a forward pass, and the quartiles around it, in milliseconds."""

    median_ms: float
    low_ms: float
    high_ms: float

    def __str__(self) -> str:
        """Return "2.1 ms (2.0 to 2.2)"."""
        return f"{self.median_ms:.1f} ms ({self.low_ms:.1f} to {self.high_ms:.1f})"


def measured(models: Mapping[str, Model]) -> dict[str, Latency]:
    """Return the latency of each model on one thread, by its name.

    The pictures are noise, because a model takes the same time for each picture.
    """
    generator = np.random.default_rng(0)
    sides = {model.side for model in models.values()}
    pictures = {side: generator.integers(0, 256, (side, side, 3), dtype=np.uint8) for side in sides}
    clock = _clock()
    taken: dict[str, list[float]] = {name: [] for name in models}
    for number in range(_WARM_UP + PASSES):
        for name in generator.permutation(list(models)):
            model = models[name]
            started = clock()
            model(pictures[model.side])
            if number >= _WARM_UP:
                taken[name].append(1000 * (clock() - started))
    quartiles = {name: np.percentile(times, (50, 25, 75)) for name, times in taken.items()}
    return {name: Latency(*map(float, three)) for name, three in quartiles.items()}


def _clock() -> Callable[[], float]:
    is_coarse = time.get_clock_info("thread_time").resolution > _COARSE_S
    return time.perf_counter if is_coarse else time.thread_time
