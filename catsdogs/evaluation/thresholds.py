"""Curves over the threshold on P(dog), their areas, and recommended thresholds.

The curves are scikit-learn's. Labels are (N,) of 0 = cat and 1 = dog, of both classes.
"""

from dataclasses import dataclass

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve

from catsdogs.evaluation.metrics import CALIBRATION_BINS
from catsdogs.labels import DOG


@dataclass(frozen=True)
class Curve:
    """Points (K,) of a curve, the threshold of each, and the area under it.

    An image is called dog when its P(dog) is at least the threshold.
    """

    x: np.ndarray
    y: np.ndarray
    thresholds: np.ndarray
    area: float

    def at(self, threshold: float) -> tuple[float, float]:
        """Return the point of the curve (x, y) at ``threshold``."""
        reached = np.flatnonzero(self.thresholds >= threshold)
        # The lowest threshold that is not below: it calls the same images dog.
        point = reached[np.argmin(self.thresholds[reached])]
        return float(self.x[point]), float(self.y[point])


def roc(labels: np.ndarray, p_dog: np.ndarray) -> Curve:
    """Return the share of dogs that are called dog (y) over the share of cats that are (x)."""
    x, y, thresholds = metrics.roc_curve(labels, p_dog, pos_label=DOG, drop_intermediate=False)
    return Curve(x, y, thresholds, float(metrics.roc_auc_score(labels, p_dog)))


def precision_recall(labels: np.ndarray, p_dog: np.ndarray) -> Curve:
    """Return precision (y) over recall (x) for dogs; the area is the average precision."""
    y, x, thresholds = metrics.precision_recall_curve(labels, p_dog, pos_label=DOG)
    area = float(metrics.average_precision_score(labels, p_dog))
    # The last point has recall 0: no image is called dog.
    return Curve(x, y, np.append(thresholds, np.inf), area)


def calibration(labels: np.ndarray, p_dog: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean P(dog) (x) and the share of dogs (y) of each bin of P(dog) that has images."""
    dogs, said = calibration_curve(labels, p_dog, n_bins=CALIBRATION_BINS, pos_label=DOG)
    return said, dogs


def best_f1(labels: np.ndarray, p_dog: np.ndarray) -> float:
    """Return the threshold with the highest F1 for dogs."""
    curve = precision_recall(labels, p_dog)
    f1 = 2 * curve.x * curve.y / np.maximum(curve.x + curve.y, np.finfo(float).eps)
    return float(curve.thresholds[np.argmax(f1)])


def equal_error(labels: np.ndarray, p_dog: np.ndarray) -> float:
    """Return the threshold at which cats and dogs have about the same error rate."""
    curve = roc(labels, p_dog)
    finite = np.isfinite(curve.thresholds)
    gaps = np.abs(curve.x - (1 - curve.y))[finite]
    return float(curve.thresholds[finite][np.argmin(gaps)])


def for_recall(labels: np.ndarray, p_dog: np.ndarray, recall: float) -> float:
    """Return the highest threshold at which at least the share ``recall`` of dogs is called dog."""
    curve = precision_recall(labels, p_dog)
    return float(curve.thresholds[curve.x >= recall].max())
