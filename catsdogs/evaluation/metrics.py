"""Labels and P(dog) → every figure a page or a report shows. The formulas are scikit-learn's."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from catsdogs.labels import CAT, CLASS_NAMES, DOG

THRESHOLD = 0.5


@dataclass(frozen=True)
class Evaluation:
    """How right a model is on a set of labelled images.

    ``confusion_matrix`` is [[cat→cat, cat→dog], [dog→cat, dog→dog]]: rows are the truth.
    ``report`` has precision, recall, F1 and support a class, as scikit-learn names them.
    ``roc_auc`` is None when the images are all of one class.
    """

    images: int
    accuracy: float
    log_loss: float
    brier: float
    roc_auc: float | None
    confusion_matrix: list[list[int]]
    report: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON-ready values."""
        return asdict(self)


def evaluate(labels: np.ndarray, p_dog: np.ndarray, threshold: float = THRESHOLD) -> Evaluation:
    """Evaluate probabilities of shape (N,) against labels (N,) of 0 = cat and 1 = dog.

    ``log_loss`` is the mean natural-log cross-entropy, the loss that training minimises.

    Raises:
        ValueError: when there is no image.
    """
    # Here, because the web process reads evaluations and makes none, and starts faster without.
    from sklearn import metrics

    if len(labels) == 0:
        raise ValueError("Expected at least one labelled image. Received: none.")
    predicted = np.where(p_dog >= threshold, DOG, CAT)
    both = len(np.unique(labels)) == 2
    classes = [CAT, DOG]
    return Evaluation(
        images=len(labels),
        accuracy=float(metrics.accuracy_score(labels, predicted)),
        log_loss=float(metrics.log_loss(labels, p_dog.astype(np.float64), labels=classes)),
        brier=float(metrics.brier_score_loss(labels, p_dog, pos_label=DOG)),
        roc_auc=float(metrics.roc_auc_score(labels, p_dog)) if both else None,
        confusion_matrix=metrics.confusion_matrix(labels, predicted, labels=classes).tolist(),
        report=metrics.classification_report(
            labels,
            predicted,
            labels=classes,
            target_names=list(CLASS_NAMES),
            output_dict=True,
            zero_division=0,
        ),
    )
