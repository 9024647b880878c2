"""The settings of the next trial, whether to end a trial early, and which settings matter.

Each proposal depends only on the search's settings, the trial's number and the trials before it
that do not train at the same time. So a search that was killed continues as if it had not been.
Optuna's samplers keep the state of their random numbers in memory; here each trial has a sampler
with a seed of its own.

Optuna is imported where it is used: it takes 30 MB, and pages do not need it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from catsdogs.errors import ConfigError
from catsdogs.runs.search import SearchSettings
from catsdogs.searching.space import Point, Range, Space

if TYPE_CHECKING:
    import optuna

# Two digits fewer than Optuna draws: a person can read and repeat the value.
_DIGITS = 4
# A search of a dozen trials should learn from most of them: Optuna's usual 10 are for hundreds.
_RANDOM_SHARE, _LEAST_RANDOM = 4, 4
# The median needs some trials to compare with, and a trial some epochs to show what it can do.
_PRUNING_FROM, _WARM_UP_SHARE = 4, 3
_LEAST_FOR_IMPORTANCE = 6


class End(StrEnum):
    """How a trial ended. PRUNED: stopped early, because others were better at that epoch."""

    COMPLETE, PRUNED, FAILED = "complete", "pruned", "failed"


@dataclass(frozen=True)
class Trial:
    """A trial that has ended: its searched ``values`` and the validation loss after each epoch.

    ``loss`` is that of the kept epoch; None without a model.
    """

    values: Point
    end: End
    loss: float | None = None
    losses: tuple[float, ...] = ()


def proposed(
    space: Space, settings: SearchSettings, ended: Sequence[Trial], *, number: int
) -> Point:
    """Return the values of the trial with this number, from 1, by those that have ``ended``."""
    position = number - 1
    if settings.sampler == "grid":
        points = grid(space, settings.trials)
        order = np.random.default_rng(settings.seed).permutation(len(points))
        return points[order[position]]
    import optuna

    seed = int(np.random.SeedSequence((settings.seed, position)).generate_state(1)[0])
    sampler: optuna.samplers.BaseSampler
    if settings.sampler == "random":
        sampler = optuna.samplers.RandomSampler(seed=seed)
    else:
        random_trials = max(_LEAST_RANDOM, settings.trials // _RANDOM_SHARE)
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=random_trials)
    study = _study(space, ended, sampler)
    drawn = study.ask(distributions(space)).params
    return {name: _readable(drawn[name], axis) for name, axis in space.items()}


def planned_trials(space: Space, settings: SearchSettings) -> int:
    """Return how many trials the search has: a grid may need fewer than were asked for."""
    if settings.sampler == "grid":
        return len(grid(space, settings.trials))
    return settings.trials


def grid(space: Space, trials: int) -> list[Point]:
    """Return at most ``trials`` points: all values of each list, the same number in each range.

    Raises:
        ConfigError: if that leaves fewer than two values for a range.
    """
    lists = math.prod(len(axis.ends) for axis in space.values() if not isinstance(axis, Range))
    ranges = sum(isinstance(axis, Range) for axis in space.values())
    levels = 2
    while ranges and lists * (levels + 1) ** ranges <= trials:
        levels += 1
    if lists * (levels**ranges) > trials:
        raise ConfigError(
            f"Expected trials: {lists * levels**ranges} or more for a grid over "
            f"{', '.join(space)}. Received: {trials}."
        )
    values = (
        _levels(axis, levels) if isinstance(axis, Range) else axis.ends for axis in space.values()
    )
    return [dict(zip(space, point, strict=True)) for point in product(*values)]


def is_worse(losses: Sequence[float], space: Space, ended: Sequence[Trial], *, epochs: int) -> bool:
    """Return whether a trial with these losses so far should end: Optuna's median rule.

    Its best loss is compared with the median of the trials that ran to their end, at the same
    epoch. The rule begins with the fifth trial, after a third of the ``epochs``, and never ends a
    trial in its last epoch.
    """
    import optuna

    pruner = optuna.pruners.MedianPruner(
        n_startup_trials=_PRUNING_FROM, n_warmup_steps=max(1, epochs // _WARM_UP_SHARE)
    )
    study = _study(space, ended, optuna.samplers.RandomSampler())
    for epoch in range(1, min(len(losses), epochs - 1) + 1):
        so_far = dict(enumerate(losses[:epoch], 1))
        trial = optuna.trial.create_trial(
            state=optuna.trial.TrialState.RUNNING, intermediate_values=so_far
        )
        if pruner.prune(study, trial):
            return True
    return False


def importance(space: Space, ended: Sequence[Trial]) -> tuple[dict[str, float], int]:
    """Return each setting's share of the differences in loss, and the number of trials behind it.

    Nothing from fewer than six trials. The shares are fANOVA's: Hutter, Hoos and Leyton-Brown, "An
    Efficient Approach for Assessing Hyperparameter Importance" (2014). Pruned trials do not count,
    because their losses are those of another number of epochs.
    """
    import optuna

    complete = [trial for trial in ended if trial.end is End.COMPLETE]
    varied = {name for name in space if len({str(one.values[name]) for one in complete}) > 1}
    same = len({trial.loss for trial in complete}) < 2
    if len(complete) < _LEAST_FOR_IMPORTANCE or not varied or same:
        return {}, len(complete)
    study = _study(space, complete, optuna.samplers.RandomSampler())
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items()}, len(complete)


def distributions(space: Space) -> dict[str, "optuna.distributions.BaseDistribution"]:
    """Return the space as Optuna describes it."""
    from optuna import distributions as of

    found: dict[str, of.BaseDistribution] = {}
    for name, axis in space.items():
        if not isinstance(axis, Range):
            found[name] = of.CategoricalDistribution(axis.ends)
        elif axis.is_whole:
            low, high = int(axis.low), int(axis.high)
            found[name] = of.IntDistribution(low, high, log=axis.is_logarithmic)
        else:
            found[name] = of.FloatDistribution(axis.low, axis.high, log=axis.is_logarithmic)
    return found


def as_optuna(trial: Trial, space: Space) -> "optuna.trial.FrozenTrial":
    """Return a trial as Optuna records it."""
    import optuna

    states = optuna.trial.TrialState
    state = {End.COMPLETE: states.COMPLETE, End.PRUNED: states.PRUNED, End.FAILED: states.FAIL}
    return optuna.trial.create_trial(
        state=state[trial.end],
        value=None if trial.end is End.FAILED else trial.loss,
        params=dict(trial.values),
        distributions=distributions(space),
        intermediate_values=dict(enumerate(trial.losses, 1)),
    )


def _study(
    space: Space, ended: Sequence[Trial], sampler: "optuna.samplers.BaseSampler"
) -> "optuna.Study":
    """Return a study in memory that knows the trials that have ended."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=sampler)
    study.add_trials(as_optuna(trial, space) for trial in ended)
    return study


def _levels(axis: Range, count: int) -> list[float]:
    spaced = np.geomspace if axis.is_logarithmic else np.linspace
    values = spaced(axis.low, axis.high, count)
    return list(dict.fromkeys(_readable(float(value), axis) for value in values))


def _readable(value: Any, axis: Any) -> Any:
    if not isinstance(axis, Range):
        return value
    if axis.is_whole:
        return round(value)
    return min(max(float(f"{value:.{_DIGITS}g}"), axis.low), axis.high)
