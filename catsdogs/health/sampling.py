"""Vectors that do not fit into memory: read in blocks, and samples that methods learn from.

A check of up to ``MOST`` photos holds all of their vectors in memory, 256 MB, and learns from all.
"""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

MOST = 50_000
_BLOCK = 10_000


class Vectors(Protocol):
    """Float32 vectors of shape (N, D): an array, or rows that are read when they are asked for."""

    def __len__(self) -> int:
        """Return N."""

    def __getitem__(self, items: slice | np.ndarray, /) -> np.ndarray:
        """Return the vectors at some positions."""


def blocks(count: int, *, most: int = MOST) -> Iterator[slice]:
    """Yield the positions 0 to ``count`` in blocks: all at once up to ``most``."""
    step = count if count <= most else min(_BLOCK, most)
    for start in range(0, count, step or 1):
        yield slice(start, min(start + step, count))


def sample(positions: np.ndarray, *, most: int = MOST) -> np.ndarray:
    """Return all ``positions``, or the same ``most`` random ones each time, in their order."""
    if len(positions) <= most:
        return positions
    return np.sort(np.random.default_rng(0).choice(positions, most, replace=False))


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return the vectors with length 1."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(min=1e-12)


def reduced(
    vectors: Vectors, components: int, *, as_unit: bool = False, most: int = MOST
) -> np.ndarray:
    """Return the principal components of the vectors, or of their directions: shape (N, C).

    They are those of a sample if there are more than ``most`` vectors.
    """

    # Imported here, because the web process only reads findings.
    from sklearn.decomposition import PCA

    def read(items: slice | np.ndarray) -> np.ndarray:
        return unit(vectors[items]) if as_unit else vectors[items]

    count = len(vectors)
    learned = read(sample(np.arange(count), most=most))
    method = PCA(min(components, *learned.shape), random_state=0)
    if count <= most:
        return method.fit_transform(learned)
    method.fit(learned)
    return np.concatenate([method.transform(read(block)) for block in blocks(count, most=most)])
