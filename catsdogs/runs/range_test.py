"""The learning-rate range test: rising rates, their losses, and the rate to train with.

Smith (2017, arXiv:1506.01186): train for some batches while the rate rises from far too small to
far too large. The loss stays where it is, then falls, then explodes; a good rate lies where the
fall slows. ``catsdogs.learning.range_test`` does the training, as a task of kind ``KIND``.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from catsdogs.background.tasks import Kind
from catsdogs.runs import effective
from catsdogs.runs.config import RunConfig

KIND = Kind("rates", "catsdogs.learning.range_test")
PHASES = {
    "scan": "Reading the files",
    "decode": "Decoding some of the training photos",
    "embed": "Looking at some of the training photos with MobileNetV2",
    "fit": "Trying one rate after the other",
}
# Batches of 32 take the custom CNN about 20 s.
STEPS = 200
_LOWEST, _HIGHEST = 1e-6, 1.0
_SMOOTHING = 0.95
# The standard deviation of the centred mean's weights, in batches: a fifth of a decade.
_WIDTH = 0.2 * STEPS / 6
# A loss this many times its minimum does not recover.
_EXPLODED = 4
# The share of the rates before which nothing is learned, and the share of the fall after which it
# slows.
_FLAT_SHARE, _SLOWS_AT = 0.15, 0.8
# A fall counts with this share of the loss, and with so many standard errors of the mean: the
# lowest of 200 noisy points is already three or four below the others.
_LEAST_FALL, _CLEAR = 0.05, 10


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
        centre_crop=None,
        weight_decay=RunConfig.weight_decay,
        mirrored_view=RunConfig.mirrored_view,
        fine_tune_learning_rate=None,
        engine=RunConfig.engine,
        deterministic=RunConfig.deterministic,
        repeats=None,
        augment=effective.augments(config) if config.info.learns_pixels else None,
        dropout=effective.dropout(config),
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


def centred(losses: Sequence[float]) -> list[float]:
    """Return the mean of ``losses`` around each batch, with the weights of a normal distribution.

    It does not lag, unlike a mean of the batches so far. Rates rise by 7 % with each batch, so a
    mean that lags by 20 batches suggests a rate that is four times too high.
    """
    values, weights = np.asarray(losses, dtype=float), _weights(len(losses))
    return (weights @ values).tolist()


def suggested(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """Return the rate at which the fall of the loss slows, None without a clear fall.

    This is the upper bound of Smith (2017, section 3.3), and the peak of a schedule that decays: a
    larger rate adds little, and the lowest point is close to the explosion. It counts from the loss
    at the lowest rates to the lowest mean. Rounded to two digits; another seed already changes the
    first.
    """
    flat = int(_FLAT_SHARE * STEPS)
    if len(losses) <= flat:
        return None
    start, curve = float(np.mean(losses[:flat])), np.asarray(centred(losses))[flat:]
    fall = start - curve.min()
    if fall < max(_LEAST_FALL * start, _CLEAR * _standard_error(losses, flat)):
        return None
    slows = int(np.argmax(curve <= start - _SLOWS_AT * fall))
    return float(f"{rates[flat + slows]:.1e}")


def _weights(count: int) -> np.ndarray:
    """Return the weights of each mean in its row, (N, N); each row sums to 1."""
    batches = np.arange(count)
    weights = np.exp(-0.5 * ((batches[:, None] - batches) / _WIDTH) ** 2)
    return weights / weights.sum(axis=1, keepdims=True)


def _standard_error(losses: Sequence[float], flat: int) -> float:
    """Return the standard error of a centred mean less the mean of the first ``flat`` losses.

    Successive losses differ by noise alone, so their differences have twice its variance (von
    Neumann, 1941). The median keeps the explosion out of it.
    """
    noise = np.median(np.abs(np.diff(losses))) / (0.6745 * np.sqrt(2))
    batches = 2 * np.sqrt(np.pi) * _WIDTH  # as many equal weights would average as well
    return float(noise * np.sqrt(1 / batches + 1 / flat))
