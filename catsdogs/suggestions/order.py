"""The order in which to label photos, so that few labels teach a classifier much.

The first batch has one photo of each cluster. Later batches have the photos whose label is most
uncertain, but different ones: the uncertain photos are clustered, and each cluster gives one.
Zhdanov, "Diverse mini-batch Active Learning" (2019, arXiv:1901.05954). docs/log.md lists what was
tried.
"""

import numpy as np
from sklearn.cluster import KMeans

from catsdogs.inference.rejection import unit
from catsdogs.suggestions.suggested import BATCH

# The most uncertain photos, of which a batch is chosen: this many times its size.
_CANDIDATES = 3
# More photos do not change twenty clusters, and take longer.
_MOST_CLUSTERED = 3000


def of(vectors: np.ndarray, p_positive: np.ndarray | None) -> np.ndarray:
    """Return the positions (N,) of vectors (N, D), those to label first at the beginning.

    ``p_positive`` (N,) are the suggestions; None before there are any.
    """
    if p_positive is None:
        everything = np.arange(len(vectors))
        rng = np.random.default_rng(0)
        drawn = np.sort(rng.permutation(everything)[:_MOST_CLUSTERED])
        return _followed(drawn[_one_of_each(vectors[drawn])], everything)
    by_doubt = np.argsort(np.abs(p_positive - 0.5), kind="stable")
    candidates = by_doubt[: _CANDIDATES * BATCH]
    chosen = candidates[_one_of_each(vectors[candidates])]
    return _followed(by_doubt[np.isin(by_doubt, chosen)], by_doubt)


def _one_of_each(vectors: np.ndarray) -> np.ndarray:
    """Return the position of the most typical photo of each cluster, the largest cluster first."""
    directions = unit(vectors)
    different = len(np.unique(directions, axis=0))
    if different <= BATCH:
        return np.arange(min(BATCH, len(vectors)))
    found = KMeans(BATCH, n_init=3, random_state=0).fit(directions)
    distances = np.linalg.norm(directions - found.cluster_centers_[found.labels_], axis=1)
    members = [np.flatnonzero(found.labels_ == cluster) for cluster in range(BATCH)]
    members.sort(key=len, reverse=True)
    return np.array([rows[np.argmin(distances[rows])] for rows in members if len(rows)])


def _followed(first: np.ndarray, everything: np.ndarray) -> np.ndarray:
    return np.concatenate([first, everything[~np.isin(everything, first)]])
