"""The maps: each photo's vector as a point in the plane, with similar photos close together."""

import contextlib
import hashlib
import io
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from sklearn.manifold import TSNE
from sklearn.neighbors import KNeighborsRegressor

from catsdogs import paths
from catsdogs.health.sampling import Vectors, blocks, reduced
from catsdogs.images.parallel import Progress
from catsdogs.system import files

# t-SNE takes 11 seconds for 3,000 points and a minute more for 12,500 (docs/log.md), and a check
# waits for it. Further points are placed between their nearest landmarks.
_LANDMARKS, _PERPLEXITY, _COMPONENTS = 3000, 30, 50
_ITERATIONS = 1000
_VERSION = 2
_ITERATION = re.compile(r"Iteration (\d+)")


def project(
    vectors: Vectors, names: Iterable[str], *, progress: Progress | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of t-SNE and of PCA, from -1 to 1, each float32 of shape (N, 2).

    They are computed once for the same ``names``, which identify the ``vectors`` (N, D): the next
    call reads them from the cache.
    """
    key = hashlib.sha256("\n".join([str(_VERSION), *names]).encode()).hexdigest()[:16]
    file = paths.cache_dir() / "maps" / f"{key}.npy"
    stored = _read(file, len(vectors))
    if stored is None:
        stored = np.stack(_computed(vectors, progress))
        with files.replacing(file) as temporary:
            np.save(temporary, stored, allow_pickle=False)
    return stored[0], stored[1]


def _read(file: Path, count: int) -> np.ndarray | None:
    try:
        found = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found if found.shape == (2, count, 2) else None


def _computed(vectors: Vectors, progress: Progress | None) -> tuple[np.ndarray, np.ndarray]:
    components = reduced(vectors, _COMPONENTS)
    return _stretched(_tsne(components, progress)), _stretched(components[:, :2])


def _tsne(components: np.ndarray, progress: Progress | None) -> np.ndarray:
    """Return the points of t-SNE (van der Maaten and Hinton, 2008) on principal components."""
    count = len(components)
    order = np.random.default_rng(0).permutation(count)
    landmarks, others = np.sort(order[:_LANDMARKS]), np.sort(order[_LANDMARKS:])
    perplexity = min(_PERPLEXITY, (len(landmarks) - 1) / 3)
    method = TSNE(perplexity=perplexity, max_iter=_ITERATIONS, random_state=0, verbose=2)
    with contextlib.redirect_stdout(_Iterations(progress)):
        placed = method.fit_transform(components[landmarks])
    points = np.empty((count, 2), dtype=np.float32)
    points[landmarks] = placed
    if len(others):
        between = KNeighborsRegressor(3, weights="distance").fit(components[landmarks], placed)
        for block in blocks(len(others)):
            points[others[block]] = between.predict(components[others[block]])
    return points


def _stretched(points: np.ndarray) -> np.ndarray:
    """Return ``points`` on the full range of both axes.

    Neighbourhoods are meaningful, distances across a map are not.
    """
    points = points - (points.max(axis=0) + points.min(axis=0)) / 2
    return (points / np.maximum(np.abs(points).max(axis=0), 1e-6)).astype(np.float32)


class _Iterations(io.TextIOBase):
    """Takes the messages of t-SNE, which has no other way to report its progress."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def write(self, text: str) -> int:
        found = _ITERATION.search(text)
        if found and self._progress:
            self._progress(int(found[1]), _ITERATIONS)
        return len(text)
