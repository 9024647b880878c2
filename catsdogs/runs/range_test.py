"""The learning-rate range test: rising rates, their losses, and the rate to train with.

Smith (2017, arXiv:1506.01186): train for some batches while the rate rises from far too small to
far too large. The loss stays where it is, then falls, then explodes; a good rate lies where it
falls. ``catsdogs.learning.range_test`` does the training, as a task of kind ``KIND``.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from catsdogs.background.tasks import Kind
from catsdogs.runs.config import RunConfig

KIND = Kind("rates", "catsdogs.learning.range_test")
PHASES = {
    "scan": "Reading the files",
    "decode": "Decoding some of the training photos",
    "embed": "Looking at some of the training photos with MobileNetV2",
    "fit": "Trying one rate after the other",
}
# With half as many steps, suggestions for the custom CNN at six seeds spread twice as far.
STEPS = 200
_LOWEST, _HIGHEST = 1e-7, 10.0
_SMOOTHING = 0.95
# A loss this many times its minimum does not recover.
_EXPLODED = 4
# A valley needs at least this many points and this relative fall.
_SHORTEST, _LEAST_FALL = 10, 0.05


def subject(config: RunConfig) -> str:
    """Return a task's subject: the settings that the test of such a run depends on, as JSON.

    Values that the recipe decides are written out, and settings that the test ignores keep their
    default, so that equal tests have equal subjects.
    """
    tested = replace(
        config,
        epochs=RunConfig.epochs,
        learning_rate=None,
        schedule=None,
        early_stopping=RunConfig.early_stopping,
        fine_tune=RunConfig.fine_tune,
        fine_tune_from=RunConfig.fine_tune_from,
        fine_tune_learning_rate=None,
        engine=RunConfig.engine,
        deterministic=RunConfig.deterministic,
        repeats=None,
        augment=config.augments if config.info.learns_pixels else None,
        dropout=config.dropout_rate,
    )
    return json.dumps(tested.to_json(), sort_keys=True)


def tested_config(subject: str) -> RunConfig:
    """Return the settings in ``subject``, as far as a test depends on them."""
    return RunConfig.from_json(json.loads(subject))


def rising() -> list[float]:
    """Return the rate of each batch of a test, evenly spaced on a logarithmic axis."""
    return np.geomspace(_LOWEST, _HIGHEST, STEPS).tolist()


def smoothed(values: Sequence[float], *, smoothing: float = _SMOOTHING) -> list[float]:
    """Return the exponentially weighted mean that keeps ``smoothing`` (0 to 1) of earlier values.

    Corrected for its start (Kingma and Ba, 2015, section 3).
    """
    return pd.Series(values, dtype=float).ewm(alpha=1 - smoothing).mean().tolist()


def has_exploded(losses: Sequence[float]) -> bool:
    """Tell whether the loss has grown so far that higher rates add nothing."""
    curve = smoothed(losses)
    return curve[-1] > _EXPLODED * min(curve)


def suggested(rates: Sequence[float], curve: Sequence[float]) -> float | None:
    """Return the rate two thirds down the valley of a smoothed ``curve``, None if it has none.

    The valley is the longest falling subsequence of points, so noise does not end it. The idea
    comes from fastai (``valley`` in ``lr_find``). The rate is rounded to two digits; another seed
    already changes the first.
    """
    valley = _longest_fall(curve)
    if len(valley) < _SHORTEST or curve[valley[-1]] > (1 - _LEAST_FALL) * curve[valley[0]]:
        return None
    return float(f"{rates[valley[2 * len(valley) // 3]]:.1e}")


def _longest_fall(curve: Sequence[float]) -> list[int]:
    """Return the positions of the longest strictly falling subsequence."""
    longest: list[list[int]] = []  # the longest fall that ends at each position
    for position, value in enumerate(curve):
        higher = (fall for fall in longest if curve[fall[-1]] > value)
        longest.append([*max(higher, key=len, default=[]), position])
    return max(longest, key=len, default=[])
