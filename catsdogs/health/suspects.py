"""Labels that disagree with a classifier trained on the other photos."""

import numpy as np
import pandas as pd
from cleanlab.rank import get_label_quality_scores
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from catsdogs.health.sampling import MOST, Vectors, sample

FOLDS = 5
# Strong, because with 1,280 numbers per photo the classifier would memorise wrong labels.
_INVERSE_REGULARISATION = 1e-3
_BLOCK = 20_000


def out_of_fold(
    vectors: Vectors, labels: np.ndarray, groups: np.ndarray, *, most: int = MOST
) -> np.ndarray:
    """Return P(dog) of each photo, shape (N,), from a classifier that was not trained on it.

    Photos of one group stay in one fold: a copy with the same wrong label would confirm it. A
    classifier learns from a sample if there are more than ``most`` photos.
    """
    classifier = make_pipeline(
        StandardScaler(), LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=300)
    )
    fold, p_dog = _folds(labels, groups, most), np.empty(len(labels))
    for number in range(FOLDS):
        learned = sample(np.flatnonzero(fold != number), most=most)
        classifier.fit(vectors[learned], labels[learned])
        asked = np.flatnonzero(fold == number)
        for block in np.split(asked, range(_BLOCK, len(asked), _BLOCK)):
            p_dog[block] = classifier.predict_proba(vectors[block])[:, 1]
    return p_dog


def _folds(labels: np.ndarray, groups: np.ndarray, most: int) -> np.ndarray:
    """Return the fold of each photo, with the same share of both classes in each."""
    if len(labels) > most:
        # Chance makes large folds alike, and scikit-learn takes minutes.
        group, _ = pd.factorize(groups)
        return np.random.default_rng(0).integers(FOLDS, size=len(group))[group]
    fold = np.empty(len(labels), dtype=int)
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    for number, (_, asked) in enumerate(splitter.split(labels, labels, groups)):
        fold[asked] = number
    return fold


def label_quality(labels: np.ndarray, p_dog: np.ndarray) -> np.ndarray:
    """Return how well each label fits, 0 to 1, shape (N,): review the lowest first.

    This is cleanlab's self-confidence: the out-of-fold probability of the given label.
    """
    return get_label_quality_scores(labels, np.stack([1 - p_dog, p_dog], axis=1))
