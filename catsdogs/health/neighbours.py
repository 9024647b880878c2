"""The nearest neighbours of each photo by MobileNetV2's vectors, and near duplicates."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from catsdogs.health.regions import regions
from catsdogs.health.sampling import MOST, Vectors, unit
from catsdogs.images.parallel import Progress

NEIGHBOURS = 10
# Two photos are near duplicates if both their vectors and their tiny outlines are similar. Among
# the 72 million pairs of 12,000 real photos, fifteen reach a cosine of 0.85. After re-encoding,
# scaling by 0.8 and cropping by 5 %, 99 of 100 photos keep a cosine of 0.88 and a correlation of
# the outlines of 0.55. ``docs/log.md`` has the table.
_ALIKE_COSINE, _ALIKE_OUTLINE = 0.88, 0.55
_BLOCK = 1000


@dataclass(frozen=True)
class Neighbours:
    """For N photos: positions and cosine similarities of the nearest others, nearest first.

    Both have the shape (N, K). K is ``NEIGHBOURS``, or N - 1 in a smaller dataset.
    """

    positions: np.ndarray
    similarities: np.ndarray
    alike: np.ndarray  # (pairs, 2): photos whose cosine is at least ``_ALIKE_COSINE``


def nearest(
    vectors: Vectors, *, most_exact: int = MOST, progress: Progress | None = None
) -> Neighbours:
    """Return the neighbours of each row of ``vectors``, float32 of shape (N, D), N at least 2.

    Each row is compared with all others. If there are more than ``most_exact``, it is compared with
    those of the same region or near it, which finds almost all of the same neighbours.
    """
    total, done = len(vectors), 0
    count = min(NEIGHBOURS, total - 1)
    positions = np.empty((total, count), dtype=np.int32)
    similarities = np.empty((total, count), dtype=np.float32)
    alike = [np.empty(0, dtype=np.int64)]
    for members, others, cosines in _compared(vectors, count, most_exact):
        cosines[np.arange(len(members)), np.searchsorted(others, members)] = -np.inf
        top = np.argpartition(cosines, -count, axis=1)[:, -count:]
        order = np.argsort(-np.take_along_axis(cosines, top, 1), axis=1)
        top = np.take_along_axis(top, order, 1)
        positions[members] = others[top]
        similarities[members] = np.take_along_axis(cosines, top, 1)
        left, right = np.nonzero(cosines >= _ALIKE_COSINE)
        pairs = np.sort([members[left], others[right]], axis=0)
        alike.append(pairs[0] * total + pairs[1])
        done += len(members)
        if progress:
            progress(done, total)
    # Each pair is found from both of its ends, or from one of them.
    found = np.unique(np.concatenate(alike))
    return Neighbours(positions, similarities, np.stack(np.divmod(found, total), axis=1))


def _compared(
    vectors: Vectors, count: int, most_exact: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield positions, the sorted positions of others, among them these, and all cosines."""
    if len(vectors) > most_exact:
        for members, near in regions(vectors):
            # A tiny region has too few neighbours.
            others = near if len(near) > count else np.union1d(near, np.arange(count + 1))
            directions = unit(vectors[others])
            for part in np.split(members, range(_BLOCK, len(members), _BLOCK)):
                yield part, others, directions[np.searchsorted(others, part)] @ directions.T
        return
    directions, everyone = unit(vectors[:]), np.arange(len(vectors))
    for start in range(0, len(directions), _BLOCK):
        members = everyone[start : start + _BLOCK]
        yield members, everyone, directions[members] @ directions.T


def near_duplicates(neighbours: Neighbours, outlines: Vectors) -> list[np.ndarray]:
    """Return the positions of each group of photos that show the same picture.

    ``outlines`` are uint8 of shape (N, side, side), an array or read when they are needed. A
    mirrored copy counts as another picture: its outline is more similar to the mirrored original.
    """
    pairs = neighbours.alike
    # In blocks, because a thousand similar photos form half a million pairs.
    blocks = np.array_split(pairs, len(pairs) // _BLOCK + 1)
    left, right = np.concatenate([block[_same_picture(block, outlines)] for block in blocks]).T
    size = len(outlines)
    links = coo_array((np.ones(len(left)), (left, right)), shape=(size, size))
    _, group = connected_components(links, directed=False)
    order = np.argsort(group, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    return [members for members in groups if len(members) > 1]


def _same_picture(pairs: np.ndarray, outlines: Vectors) -> np.ndarray:
    left, right = outlines[pairs[:, 0]], outlines[pairs[:, 1]]
    as_is, mirrored = _correlation(left, right), _correlation(left, right[:, :, ::-1])
    return (as_is >= _ALIKE_OUTLINE) & (as_is >= mirrored)


def _correlation(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of each pair of pictures, 0 if one is uniform."""
    pixels = np.prod(left.shape[1:])
    left, right = (side.reshape(-1, pixels).astype(np.float32) for side in (left, right))
    left, right = (side - side.mean(axis=1, keepdims=True) for side in (left, right))
    scale = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return (left * right).sum(axis=1) / np.maximum(scale, 1e-6)
