"""Clusters of similar photos, by MobileNetV2's vectors, with the most typical photo of each."""

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from catsdogs.health.sampling import Vectors, blocks, reduced, unit

# Few enough to read, and large enough that the accuracy on each says something.
_MOST, _PHOTOS_EACH = 12, 50
_COMPONENTS = 50


def clusters(vectors: Vectors) -> tuple[np.ndarray, np.ndarray]:
    """Return the cluster of each row of ``vectors``, the largest first, and how typical it is.

    Both have shape (N,): int from 0, -1 where there are too few photos for clusters; and the
    cosine similarity to the middle of the cluster, NaN there.
    """
    count = min(_MOST, len(vectors) // _PHOTOS_EACH)
    if count < 2:
        return np.full(len(vectors), -1), np.full(len(vectors), np.nan)
    points = reduced(vectors, _COMPONENTS, as_unit=True)
    found = MiniBatchKMeans(count, n_init=3, random_state=0).fit_predict(points)
    sizes = np.bincount(found, minlength=count)
    rank = np.argsort(np.argsort(-sizes, kind="stable"))
    middles = unit(_sums(vectors, found, count))
    typicality = [
        np.einsum("nd,nd->n", unit(vectors[block]), middles[found[block]])
        for block in blocks(len(vectors))
    ]
    return rank[found], np.concatenate(typicality)


def _sums(vectors: Vectors, found: np.ndarray, count: int) -> np.ndarray:
    """Return the sum of the directions in each cluster, which leads to its middle."""
    sums = np.zeros((count, vectors[:1].shape[1]), dtype=np.float32)
    for block in blocks(len(vectors)):
        directions, of_block = unit(vectors[block]), found[block]
        for of in np.unique(of_block):
            sums[of] += directions[of_block == of].sum(axis=0)
    return sums
