"""The stages of a run, one for each network it fits, and their learning rates."""

import math
from dataclasses import dataclass

from catsdogs.learning.frameworks import keras, ops
from catsdogs.runs import effective
from catsdogs.runs.config import RunConfig
from catsdogs.runs.run import Run

_WARM_UP_SHARE = 0.05
FIT, FINE_TUNE = "fit", "fine-tune"


@dataclass(frozen=True)
class Stage:
    """The epochs of a run in which one network is fitted.

    ``cycles`` are (first epoch, epochs), counted from 0 over the whole run: the stage's own, then
    one for each extension.
    """

    name: str
    cycles: tuple[tuple[int, int], ...]
    learning_rate: float
    is_last: bool = True

    @property
    def begin(self) -> int:
        """The first epoch, from 0."""
        return self.cycles[0][0]

    @property
    def end(self) -> int:
        """The epoch after the last."""
        return sum(self.cycles[-1])


def stages(run: Run) -> list[Stage]:
    """Return the stages of ``run``: the network or its head, then optional fine-tuning."""
    config, extensions = run.config, run.view.extensions
    first, rate = (0, config.epochs), effective.learning_rate(config)
    if not config.fine_tune:
        return [Stage(FIT, (first, *extensions), rate)]
    second = (config.epochs, config.fine_tune)
    return [
        Stage(FIT, (first,), rate, is_last=False),
        Stage(FINE_TUNE, (second, *extensions), effective.fine_tuning_rate(config)),
    ]


def learning_rate(
    config: RunConfig, stage: Stage, steps: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Return the constant rate, or the cycles of warm-up and cosine: the stage's and extensions'.

    ``steps`` is the number of batches in an epoch.
    """
    if effective.schedule(config) == "constant":
        return stage.learning_rate
    cycles = [((begin - stage.begin) * steps, length * steps) for begin, length in stage.cycles]
    return WarmRestarts(stage.learning_rate, cycles)


class WarmRestarts(keras.optimizers.schedules.LearningRateSchedule):
    """Cycles (first step, steps), each a short linear rise to ``peak`` and half a cosine to zero.

    Loshchilov and Hutter, "SGDR" (2017, arXiv:1608.03983), with the rise added.
    """

    def __init__(self, peak: float, cycles: list[tuple[int, int]]) -> None:
        self.peak, self.cycles = peak, cycles

    def __call__(self, step: keras.KerasTensor) -> keras.KerasTensor:
        """Return the rate at ``step``, a scalar tensor counted from the first cycle on."""
        step = ops.cast(step, "float32")
        rate = ops.zeros(())
        for begin, length in self.cycles:
            rate = ops.where(step >= begin, self._within_cycle(step - begin, length), rate)
        return rate

    def get_config(self) -> dict[str, object]:
        """Return the constructor's arguments."""
        return {"peak": self.peak, "cycles": self.cycles}

    def _within_cycle(self, step: keras.KerasTensor, length: int) -> keras.KerasTensor:
        warm_up = round(_WARM_UP_SHARE * length)
        share = ops.clip((step - warm_up) / max(length - warm_up, 1), 0.0, 1.0)
        falling = self.peak * 0.5 * (1 + ops.cos(math.pi * share))
        return ops.where(step < warm_up, self.peak * step / max(warm_up, 1), falling)
