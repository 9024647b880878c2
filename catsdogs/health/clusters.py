"""Clusters of similar photos, by MobileNetV2's vectors, with the most typical photo of each."""

import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA

# Few enough to read, and large enough that the accuracy on each says something.
_MOST, _PHOTOS_EACH = 12, 50
_COMPONENTS = 50


def clusters(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the cluster of each row of ``vectors``, the largest first, and how typical it is.

    Both have shape (N,): int from 0, -1 where there are too few photos for clusters; and the
    cosine similarity to the middle of the cluster, NaN there.
    """
    count = min(_MOST, len(vectors) // _PHOTOS_EACH)
    if count < 2:
        return np.full(len(vectors), -1), np.full(len(vectors), np.nan)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(min=1e-12)
    reduced = PCA(min(_COMPONENTS, *unit.shape), random_state=0).fit_transform(unit)
    found = MiniBatchKMeans(count, n_init=3, random_state=0).fit_predict(reduced)
    sizes = np.bincount(found, minlength=count)
    rank = np.argsort(np.argsort(-sizes, kind="stable"))
    middles = np.stack([unit[found == of].mean(axis=0) for of in range(count) if sizes[of]])
    number = np.searchsorted(np.flatnonzero(sizes), found)
    middles /= np.linalg.norm(middles, axis=1, keepdims=True).clip(min=1e-12)
    return rank[found], np.einsum("nd,nd->n", unit, middles[number])
