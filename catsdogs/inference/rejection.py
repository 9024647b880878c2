""" "Neither": the distance between a picture and a run's training photos.

A classifier of two classes gives every picture one of them, often with confidence. Other pictures
differ from all training photos: their mean cosine similarity to the three nearest training vectors
is low (``docs/log.md`` lists the alternatives that were tried). Sun et al.,
"Out-of-Distribution Detection with Deep Nearest Neighbors" (2022, arXiv:2204.06507).
"""

import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from catsdogs.errors import RunError
from catsdogs.runs import layout
from catsdogs.system import files

# The number of training vectors that a run keeps: more hardly help (docs/log.md).
COUNT = 2000
NEIGHBOURS, SHOWN = 3, 5
# The shares of pets that may be rejected: each has a floor.
FALSE_REFUSALS = (0.001, 0.005, 0.01, 0.02, 0.05)
# The errors that NumPy and zipfile raise for a damaged file.
_DAMAGES = (OSError, ValueError, KeyError, EOFError, RuntimeError, BadZipFile, zlib.error)


@dataclass(frozen=True)
class Neighbour:
    """A training photo: its path in the dataset, its label, its cosine similarity."""

    path: str
    label: int
    similarity: float


@dataclass(frozen=True)
class Likeness:
    """The similarity of a picture to the training photos, and the ``nearest`` of them.

    A picture below a floor is "neither". ``floors`` are by share of pets rejected; minus infinity
    if the run had too few validation photos.
    """

    similarity: float
    nearest: tuple[Neighbour, ...]
    floors: dict[float, float]

    def is_neither(self, false_refusal: float) -> bool:
        """Return whether the similarity is below the floor for that share of rejected pets."""
        return self.similarity < self.floors[false_refusal]


class References:
    """The vectors of M training photos (M, D), of unit length, and the floors for "neither"."""

    def __init__(
        self, vectors: np.ndarray, paths: np.ndarray, labels: np.ndarray, floors: dict[float, float]
    ) -> None:
        self._vectors = _unit(_quantized(vectors))
        self._paths, self._labels, self._floors = paths, labels, floors

    @classmethod
    def measured(
        cls, vectors: np.ndarray, paths: np.ndarray, labels: np.ndarray, held_back: np.ndarray
    ) -> "References":
        """Return references whose floors are measured on validation vectors (N, D), N at least 1.

        ``vectors`` (M, D), M at least 1, need not be of unit length.
        """
        kept = _unit(_quantized(vectors))
        cosines = _unit(held_back) @ kept.T
        count = min(NEIGHBOURS, len(kept))
        similarities = np.partition(cosines, -count, axis=1)[:, -count:].mean(axis=1)
        floors = {share: _floor(similarities, share) for share in FALSE_REFUSALS}
        return cls(kept, paths, labels, floors)

    @classmethod
    def read(cls, folder: Path) -> "References | None":
        """Return those of the run in ``folder``; None for a run from an older version.

        Raises:
            RunError: if the file is damaged.
        """
        path = folder / layout.REFERENCES
        if not path.is_file():
            return None
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
                floors = dict(zip(kept["shares"].tolist(), kept["floors"].tolist(), strict=True))
                return cls(kept["vectors"], kept["paths"], kept["labels"], floors)
        except _DAMAGES as error:
            raise RunError(
                f"Expected the reference vectors of {folder.name}. Received: {error}. Train it "
                "again, or delete it."
            ) from None

    def save(self, folder: Path) -> None:
        """Save them in the run's ``folder``, as int8: 0.8 kB per photo for MobileNetV2."""
        with files.replacing(folder / layout.REFERENCES) as temporary:
            np.savez_compressed(
                temporary,
                vectors=_quantized(self._vectors),
                paths=self._paths,
                labels=self._labels,
                shares=np.array(list(self._floors)),
                floors=np.array(list(self._floors.values())),
            )

    def likeness(self, vector: np.ndarray) -> Likeness:
        """Compare a picture's vector (D,) with the references."""
        cosines = self._vectors @ _unit(vector)
        count = min(SHOWN, len(cosines))
        top = np.argpartition(cosines, -count)[-count:]
        top = top[np.argsort(-cosines[top])]
        nearest = (
            Neighbour(str(self._paths[i]), int(self._labels[i]), float(cosines[i])) for i in top
        )
        return Likeness(float(cosines[top[:NEIGHBOURS]].mean()), tuple(nearest), self._floors)


def _floor(similarities: np.ndarray, share: float) -> float:
    """Return the floor that, on average, at most ``share`` of new photos like these (N,) are below.

    Minus infinity if N is too small. Vovk et al., "Algorithmic Learning in a Random
    World" (2005): a new value is equally likely to have any rank.
    """
    rank = int(share * (len(similarities) + 1))
    return float(np.sort(similarities)[rank - 1]) if rank else -math.inf


def _quantized(vectors: np.ndarray) -> np.ndarray:
    """Return int8 (M, D) in almost the same directions: cosines change in the third decimal."""
    vectors = np.asarray(vectors, dtype=np.float32)
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    return np.round(vectors * (127 / np.maximum(largest, 1e-12))).astype(np.int8)


def _unit(vectors: np.ndarray) -> np.ndarray:
    vectors = np.asarray(vectors, dtype=np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
