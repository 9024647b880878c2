"""A linear classifier of vectors, with calibrated probabilities: trained in a second."""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

from catsdogs.evaluation.calibration import calibrated, calibration
from catsdogs.inference.rejection import unit

FOLDS = 5
# The best of three values, with few labels and with many (docs/log.md).
_INVERSE_REGULARISATION = 10.0
# More photos hardly change the temperature, and take longer.
_MOST_CROSS_VALIDATED = 2000


@dataclass(frozen=True)
class Head:
    """Logistic regression on unit vectors: ``kernel`` (D,), ``bias``, and a temperature."""

    kernel: np.ndarray
    bias: float
    temperature: float

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Return the probability of the positive class (N,) for vectors (N, D)."""
        logits = unit(vectors) @ self.kernel + self.bias
        return calibrated(1 / (1 + np.exp(-logits.astype(float))), self.temperature)


def fit(vectors: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> tuple[Head, np.ndarray]:
    """Train a head on vectors (N, D) with labels (N,) of 0 and 1, both present.

    Also return the calibrated probability (N,) of each photo from a head that was not trained on
    it, or on another photo of its group. It is NaN for photos beyond the first 2,000 of a random
    order, and for all photos if a class has fewer than five groups; the temperature is then 1.
    """
    directions = unit(vectors)
    found = _classifier().fit(directions, labels)
    out_of_fold = np.full(len(labels), np.nan)
    temperature = 1.0
    if _smallest_class(labels, groups) >= FOLDS:
        drawn = np.random.default_rng(0).permutation(len(labels))[:_MOST_CROSS_VALIDATED]
        raw = cross_val_predict(
            _classifier(),
            directions[drawn],
            labels[drawn],
            groups=groups[drawn],
            cv=StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0),
            method="predict_proba",
        )[:, 1]
        temperature = calibration(labels[drawn], raw, seed=0).temperature
        out_of_fold[drawn] = calibrated(raw, temperature)
    return Head(found.coef_[0], float(found.intercept_[0]), temperature), out_of_fold


def _classifier() -> LogisticRegression:
    return LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=300)


def _smallest_class(labels: np.ndarray, groups: np.ndarray) -> int:
    return min(len(np.unique(groups[labels == label])) for label in (0, 1))
