"""The map: each photo's vector as a point in the plane, with similar photos close together."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.neighbors import KNeighborsRegressor

# t-SNE takes a minute for 12,000 points and ten seconds for 3,000. The other points are placed
# between their nearest landmarks.
_LANDMARKS, _PERPLEXITY, _COMPONENTS = 3000, 30, 50


def project(vectors: np.ndarray) -> np.ndarray:
    """Return the position of each row of ``vectors``, float32 of shape (N, 2), from -1 to 1.

    t-SNE (van der Maaten and Hinton, 2008) on principal components. Neighbourhoods are meaningful,
    distances across the map are not, so both axes are stretched to the full range.
    """
    components = min(_COMPONENTS, *vectors.shape)
    reduced = PCA(components, random_state=0).fit_transform(vectors)
    count = len(reduced)
    order = np.random.default_rng(0).permutation(count)
    landmarks = np.sort(order[:_LANDMARKS])
    perplexity = min(_PERPLEXITY, (len(landmarks) - 1) / 3)
    placed = TSNE(perplexity=perplexity, random_state=0).fit_transform(reduced[landmarks])
    points = np.empty((count, 2), dtype=np.float32)
    points[landmarks] = placed
    others = np.sort(order[_LANDMARKS:])
    if len(others):
        between = KNeighborsRegressor(3, weights="distance").fit(reduced[landmarks], placed)
        points[others] = between.predict(reduced[others])
    points -= (points.max(axis=0) + points.min(axis=0)) / 2
    return points / np.maximum(np.abs(points).max(axis=0), 1e-6)
