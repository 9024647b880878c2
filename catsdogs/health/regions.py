"""Many vectors in regions, so that each is compared with those near it instead of with all.

A region is the vectors that are nearest to one of some middles, as in an inverted file (Jégou,
Douze and Schmid, 2011). Here the vectors that are looked up are the same as those that are stored:
so each region is read once, together with the vectors near its border.
"""

from collections.abc import Iterator

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from catsdogs.health.sampling import Vectors, blocks, sample, unit

# More find more neighbours and take longer: docs/log.md.
_NEAR = 8
_LEARNED_EACH, _BATCH = 25, 4096
# A crowded region is divided at this many times the mean, which bounds memory and time.
_CROWDED = 4


def regions(vectors: Vectors) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the members of each region, and the vectors that are in it or near it.

    Both are sorted positions in ``vectors``. Each vector is a member of one region, and near it if
    the region's middle is among the ``_NEAR`` middles that are nearest to the vector.
    """
    middles = _middles(vectors)
    near = min(_NEAR, len(middles))
    own = np.empty(len(vectors), dtype=np.int32)
    nearest = np.empty((len(vectors), near), dtype=np.int32)
    nearness = np.empty((len(vectors), near), dtype=np.float32)
    for block in blocks(len(vectors)):
        # Greater where the distance is smaller. Cosines would make middles of much into hubs.
        scores = unit(vectors[block]) @ middles.T - (middles**2).sum(axis=1) / 2
        own[block] = scores.argmax(axis=1)
        nearest[block] = np.argpartition(scores, -near, axis=1)[:, -near:]
        nearness[block] = np.take_along_axis(scores, nearest[block], axis=1)
    order = nearest.ravel().argsort(kind="stable")
    starts = np.searchsorted(nearest.ravel()[order], np.arange(len(middles) + 1))
    most = _CROWDED * nearest.size // len(middles)
    for region in range(len(middles)):
        around = order[starts[region] : starts[region + 1]]
        for part in _parts(around, nearness.ravel()[around], most):
            positions = np.sort(part // near)
            members = positions[own[positions] == region]
            if len(members):
                yield members, positions


def _parts(around: np.ndarray, nearness: np.ndarray, most: int) -> list[np.ndarray]:
    """Divide a crowded region, so that equally near vectors stay together."""
    return np.array_split(around[nearness.argsort()], len(around) // most + 1)


def _middles(vectors: Vectors) -> np.ndarray:
    """Return the middles of as many regions as each has members on average."""
    count = int(np.sqrt(len(vectors)))
    learned = sample(np.arange(len(vectors)), most=_LEARNED_EACH * count)
    # With random first middles, one region holds every cluster that got none, and loses pairs.
    method = MiniBatchKMeans(
        count, init="k-means++", n_init=1, batch_size=_BATCH, max_iter=20, random_state=0
    )
    found: np.ndarray = method.fit(unit(vectors[learned])).cluster_centers_
    return found
