"""Labels that disagree with a classifier trained on the other photos."""

import numpy as np
from cleanlab.rank import get_label_quality_scores
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOLDS = 5
# Strong, because with 1,280 numbers per photo the classifier would memorise wrong labels.
_INVERSE_REGULARISATION = 1e-3


def out_of_fold(vectors: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return P(dog) of each photo, shape (N,), from a classifier that was not trained on it.

    Photos of one group stay in one fold: a copy with the same wrong label would confirm it.
    """
    classifier = make_pipeline(
        StandardScaler(), LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=300)
    )
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    found = cross_val_predict(
        classifier, vectors, labels, groups=groups, cv=folds, method="predict_proba"
    )
    return found[:, 1]


def label_quality(labels: np.ndarray, p_dog: np.ndarray) -> np.ndarray:
    """Return how well each label fits, 0 to 1, shape (N,): review the lowest first.

    This is cleanlab's self-confidence: the out-of-fold probability of the given label.
    """
    return get_label_quality_scores(labels, np.stack([1 - p_dog, p_dog], axis=1))
