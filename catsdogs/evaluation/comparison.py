"""Two runs on the same images: who is right where, and could the difference be chance?"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from catsdogs.errors import RunError
from catsdogs.evaluation.metrics import THRESHOLD

_RESAMPLES = 9999
_CONFIDENCE = 0.95
# Bounds the bootstrap's memory: this many resamples of all images at a time.
_BATCH = 500


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """Runs A and B on the ``images`` that are in both validation sets.

    ``difference`` is accuracy A − accuracy B (paired percentile bootstrap). ``mcnemar_p`` is the
    exact two-sided p-value of McNemar's test on the images that just one run gets right.
    """

    images: int
    accuracy_a: float
    accuracy_b: float
    difference: Interval
    mcnemar_p: float
    both_right: int
    a_right_b_wrong: int
    b_right_a_wrong: int
    both_wrong: int

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON-ready values."""
        return asdict(self)


def compare(a: pd.DataFrame, b: pd.DataFrame, *, seed: int = 0) -> Comparison:
    """Compare two tables of validation predictions (``path``, ``label``, ``p_dog``, ``digest``).

    Only images with the same path, content and label in both count, so neither run is judged on
    a photo that the other was trained on.

    Raises:
        RunError: when the two validation sets share no image.
    """
    both = a.merge(b, on=["path", "digest", "label"], suffixes=("_a", "_b"))
    if both.empty:
        raise RunError(
            "Expected two runs that share validation images. Received: two with none in common. "
            "Compare runs trained on the same dataset, with the same seed and validation share."
        )
    right_a = ((both["p_dog_a"] >= THRESHOLD) == (both["label"] == 1)).to_numpy()
    right_b = ((both["p_dog_b"] >= THRESHOLD) == (both["label"] == 1)).to_numpy()
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    return Comparison(
        images=len(both),
        accuracy_a=float(right_a.mean()),
        accuracy_b=float(right_b.mean()),
        difference=_difference(right_a, right_b, seed),
        mcnemar_p=_mcnemar(only_a, only_b),
        both_right=int((right_a & right_b).sum()),
        a_right_b_wrong=only_a,
        b_right_a_wrong=only_b,
        both_wrong=int((~right_a & ~right_b).sum()),
    )


def _mcnemar(only_a: int, only_b: int) -> float:
    """Exact McNemar: under "no difference", each flip is a fair coin."""
    flips = only_a + only_b
    return float(stats.binomtest(only_a, flips, 0.5).pvalue) if flips else 1.0


def _difference(right_a: np.ndarray, right_b: np.ndarray, seed: int) -> Interval:
    gains = right_a.astype(np.float64) - right_b
    if (gains == gains[0]).all():
        # Every resample is the same, and SciPy warns about a degenerate distribution.
        return Interval(gains[0], gains[0], gains[0])
    interval = stats.bootstrap(
        (gains,),
        np.mean,
        n_resamples=_RESAMPLES,
        batch=_BATCH,
        confidence_level=_CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(gains.mean()), float(interval.low), float(interval.high))
