"""The time of a forward pass, measured so that the models of two runs can be compared.

All models answer about the same pictures in each of many rounds. Their order is random, because a
model can displace the weights of the next one from the processor's cache. Only the time counts for
which the thread had a processor core. Other work still slows the memory for a while, so there are
more rounds if the times vary much.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

# With 40 rounds, the same network differed by up to 20 % beside other work (docs/log.md).
_WARM_UP, FEWEST, MOST, _MORE = 3, 60, 240, 20
_MOST_PASSES = 480  # By all models together, because people wait.
_STEADY = 1.06  # The upper quartile by the lower one, which is 1.02 to 1.05 in a calm phase.
# Where the clock of a thread ticks more slowly, as on Windows, the time on the wall counts.
_COARSE_S = 1e-4
Clock = Callable[[], float]  # Returns seconds.


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


def measured(models: Mapping[str, Model], clock: Clock | None = None) -> dict[str, Latency]:
    """Return the latency of each model on one thread, by its name.

    The pictures are noise, because a model takes the same time for each picture.
    """
    generator, clock = np.random.default_rng(0), clock or _clock()
    sides = {model.side for model in models.values()}
    pictures = {side: generator.integers(0, 256, (side, side, 3), dtype=np.uint8) for side in sides}

    def rounds(count: int) -> list[list[float]]:
        orders = (generator.permutation(list(models)) for _ in range(count))
        return [_round(models, order, pictures, clock) for order in orders]

    rounds(_WARM_UP)
    times = rounds(FEWEST)
    most = min(MOST, _MOST_PASSES // max(1, len(models)))
    while len(times) < most and not _are_steady(times):
        times += rounds(_MORE)
    return {
        name: Latency(*map(float, np.percentile(of_model, (50, 25, 75))))
        for name, of_model in zip(models, np.transpose(times), strict=True)
    }


def _round(
    models: Mapping[str, Model],
    order: Iterable[str],
    pictures: Mapping[int, np.ndarray],
    clock: Clock,
) -> list[float]:
    """Return the milliseconds of each model, asked in this order, in the order of ``models``."""
    taken = {}
    for name in order:
        started = clock()
        models[name](pictures[models[name].side])
        taken[name] = 1000 * (clock() - started)
    return [taken[name] for name in models]


def _are_steady(times: list[list[float]]) -> bool:
    low, high = np.percentile(times, (25, 75), axis=0)
    return bool((high < _STEADY * low).all())


def _clock() -> Clock:
    is_coarse = time.get_clock_info("thread_time").resolution > _COARSE_S
    return time.perf_counter if is_coarse else time.thread_time
