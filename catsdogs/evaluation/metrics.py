"""Labels and P(dog) → the metrics that pages and reports show. The formulas are scikit-learn's."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from catsdogs.labels import CAT, DOG, PETS, Classes

THRESHOLD = 0.5
# The default share of pets that may be rejected as "neither".
DEFAULT_FALSE_REFUSAL = 0.01
# The conventional level: a smaller p-value is significant.
SIGNIFICANT = 0.05
# By default, accuracies that differ by less are equivalent.
DEFAULT_MARGIN = 0.01
CALIBRATION_BINS = 10


@dataclass(frozen=True)
class Evaluation:
    """The metrics of a model on a set of labelled images.

    ``confusion_matrix`` is [[cat→cat, cat→dog], [dog→cat, dog→dog]]: rows are the truth.
    ``report`` has precision, recall, F1 and support of each class, as scikit-learn names them.
    ``roc_auc`` and ``average_precision`` (the area under the precision-recall curve, for dogs) are
    None when the images are all of one class. ``ece`` is the expected calibration error of P(dog).
    ``balanced_accuracy`` is the mean recall of the two classes, None for images of one class.
    ``majority_baseline`` is the accuracy of always naming the larger class.
    """

    images: int
    accuracy: float
    log_loss: float
    brier: float
    roc_auc: float | None
    confusion_matrix: list[list[int]]
    report: dict[str, Any]
    average_precision: float | None = None
    ece: float | None = None
    balanced_accuracy: float | None = None
    majority_baseline: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the metrics as JSON-ready values."""
        return asdict(self)


def evaluate(
    labels: np.ndarray,
    p_dog: np.ndarray,
    threshold: float = THRESHOLD,
    *,
    classes: Classes = PETS,
) -> Evaluation:
    """Evaluate probabilities of shape (N,) against labels (N,) of 0 = cat and 1 = dog.

    ``classes`` name the rows of the report if they are others. ``log_loss`` is the mean natural-log
    cross-entropy, the loss that training minimises.

    Raises:
        ValueError: if there are no images.
    """
    # Imported here: it takes a second, and most commands and pages do not need it.
    from sklearn import metrics

    if len(labels) == 0:
        raise ValueError("Expected at least one labelled image. Received: none.")
    predicted = np.where(p_dog >= threshold, DOG, CAT)
    both = len(np.unique(labels)) == 2
    known = [CAT, DOG]
    matrix = confusion_matrix(labels, p_dog, threshold)
    return Evaluation(
        images=len(labels),
        accuracy=float(metrics.accuracy_score(labels, predicted)),
        log_loss=float(metrics.log_loss(labels, p_dog.astype(np.float64), labels=known)),
        brier=float(metrics.brier_score_loss(labels, p_dog, pos_label=DOG)),
        roc_auc=float(metrics.roc_auc_score(labels, p_dog)) if both else None,
        confusion_matrix=matrix.tolist(),
        report=metrics.classification_report(
            labels,
            predicted,
            labels=known,
            target_names=list(classes.names),
            output_dict=True,
            zero_division=0,
        ),
        average_precision=float(metrics.average_precision_score(labels, p_dog)) if both else None,
        ece=expected_calibration_error(labels, p_dog),
        balanced_accuracy=balanced_accuracy(matrix),
        majority_baseline=majority_baseline(matrix),
    )


def log_losses(labels: np.ndarray, p_dog: np.ndarray) -> np.ndarray:
    """Return the natural-log cross-entropy of each image, for labels (N,) and P(dog) (…, N)."""
    said = np.where(labels == DOG, p_dog, 1 - p_dog.astype(np.float64))
    return -np.log(np.maximum(said, np.finfo(np.float64).eps))  # As scikit-learn bounds it.


def confusion_matrix(labels: np.ndarray, p_dog: np.ndarray, threshold: float) -> np.ndarray:
    """Return the counts of images (2, 2): rows are the truth, columns the answers."""
    predicted = np.where(p_dog >= threshold, DOG, CAT)
    return np.bincount(2 * labels.astype(int) + predicted, minlength=4).reshape(2, 2)


def balanced_accuracy(matrix: np.ndarray) -> float | None:
    """Return the mean recall of a confusion matrix (2, 2); None for images of one class.

    Brodersen et al., "The Balanced Accuracy and Its Posterior Distribution" (2010).
    """
    of_class = matrix.sum(axis=1)
    return float((matrix.diagonal() / of_class).mean()) if of_class.all() else None


def majority_baseline(matrix: np.ndarray) -> float:
    """Return the accuracy of always naming the larger class, given a confusion matrix."""
    return float(matrix.sum(axis=1).max() / matrix.sum())


def expected_calibration_error(labels: np.ndarray, p_dog: np.ndarray) -> float:
    """Return the mean distance of P(dog) from the share of dogs, over ten bins of P(dog).

    Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning" (2015).
    """
    from sklearn.calibration import calibration_curve

    dogs, said = calibration_curve(labels, p_dog, n_bins=CALIBRATION_BINS, pos_label=DOG)
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    counts = np.bincount(np.searchsorted(edges[1:-1], p_dog))  # The same bins: (low, high].
    return float(np.average(np.abs(dogs - said), weights=counts[counts > 0]))
