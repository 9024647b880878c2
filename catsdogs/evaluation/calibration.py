"""Temperature scaling: probabilities that match observed frequencies.

Guo et al., "On Calibration of Modern Neural Networks" (2017, arXiv:1706.04599): one number divides
the logit, which changes the confidence but no label.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from catsdogs.evaluation.metrics import expected_calibration_error
from catsdogs.labels import DOG

FOLDS = 5
_BOUNDS, _SPREAD = (0.05, 20.0), 0.5
# A probability of exactly 0 or 1 has no logit.
_EPSILON = 1e-7


@dataclass(frozen=True)
class Calibration:
    """The temperature of a run, and the expected calibration error without and with it.

    Both errors are cross-validated: each fifth of the validation images is scored with a
    temperature fitted on the others.
    """

    temperature: float
    ece_before: float
    ece_after: float

    def to_json(self) -> dict[str, Any]:
        """Return the metrics as JSON-ready values."""
        return asdict(self)


def calibration(labels: np.ndarray, p_dog: np.ndarray, *, seed: int) -> Calibration:
    """Fit a temperature on validation labels (N,) of 0 and 1 and probabilities (N,).

    The temperature is 1, which changes nothing, if scaling does not lower the cross-validated
    calibration error.
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    after = p_dog.astype(float)
    for fold in np.array_split(order, min(FOLDS, len(labels))):
        rest = np.setdiff1d(order, fold)
        after[fold] = calibrated(p_dog[fold], _temperature(labels[rest], p_dog[rest]))
    before_error = expected_calibration_error(labels, p_dog)
    after_error = expected_calibration_error(labels, after)
    if not after_error < before_error:
        return Calibration(1.0, before_error, before_error)
    return Calibration(_temperature(labels, p_dog), before_error, after_error)


def calibrated(p_dog: float | np.ndarray, temperature: float) -> np.ndarray:
    """Return the probability, a number or an array, with its logit divided by ``temperature``."""
    clipped = np.clip(np.asarray(p_dog, dtype=float), _EPSILON, 1 - _EPSILON)
    odds = clipped / (1 - clipped)
    return np.asarray(1 / (1 + np.exp(-np.log(odds) / temperature)))


def _temperature(labels: np.ndarray, p_dog: np.ndarray) -> float:
    """Return the most likely temperature, given a prior of 0 ± ``_SPREAD`` on its logarithm.

    The prior keeps a model that is right on all of a few images from becoming certain.
    """
    # Imported here: it takes half a second, and the Classify page does not need it.
    from scipy.optimize import minimize_scalar

    truth = np.where(labels == DOG, 1, -1)
    clipped = np.clip(p_dog.astype(float), _EPSILON, 1 - _EPSILON)
    margins = truth * np.log(clipped / (1 - clipped))

    def unlikeliness(log_t: float) -> float:
        return float(np.logaddexp(0, -margins / np.exp(log_t)).sum() + (log_t / _SPREAD) ** 2 / 2)

    found = minimize_scalar(unlikeliness, bounds=np.log(_BOUNDS), method="bounded")
    return float(np.exp(found.x))
