""" "Neither": the distance between a picture and a run's training photos.

A classifier of two classes gives every picture one of them, often with confidence. Other pictures
differ from all training photos: their mean cosine similarity to the three nearest training vectors
is low (``docs/log.md`` lists the alternatives that were tried). Sun et al.,
"Out-of-Distribution Detection with Deep Nearest Neighbors" (2022, arXiv:2204.06507).

If vectors of other things exist for the run's backbone, a linear classifier of three classes (cat,
dog, other) adds its evidence to that similarity. Hendrycks et al., "Deep Anomaly Detection with
Outlier Exposure" (2019, arXiv:1812.04606).
"""

import math
import zlib
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from catsdogs.errors import RunError
from catsdogs.runs import layout
from catsdogs.system import files

# The number of training vectors that a run keeps: more hardly help (docs/log.md).
COUNT = 2000
NEIGHBOURS, SHOWN = 3, 5
# The pictures that the shipped vectors of other things were made of.
OTHER_THINGS = (
    "2,027 pictures of 92 kinds from Caltech-101 (Li et al., 2022, CC BY 4.0, "
    "https://doi.org/10.22002/D1.20086), without wild felines, and 160 drawn pictures: "
    "noise, text, plain and two-coloured backgrounds"
)
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

    A picture whose ``score`` is below a floor is "neither". The score is the similarity plus
    ``against_others``, the weighted evidence for the two classes against other things. ``floors``
    are by share of pets rejected; minus infinity if the run had too few validation photos.
    ``rates`` are None for a run from an older version.
    """

    similarity: float
    nearest: tuple[Neighbour, ...]
    floors: dict[float, float]
    against_others: float = 0.0
    rates: "Rates | None" = None

    @property
    def score(self) -> float:
        """The number that is compared with the floors."""
        return self.similarity + self.against_others

    def is_neither(self, false_refusal: float) -> bool:
        """Return whether the score is below the floor for that share of rejected pets."""
        return self.score < self.floors[false_refusal]


@dataclass(frozen=True)
class Evidence:
    """A linear classifier of unit vectors: cat, dog or another thing.

    ``kernel`` is float32 (D, 3), ``bias`` (3,). ``weight`` is the share of its evidence in a score.
    """

    kernel: np.ndarray
    bias: np.ndarray
    weight: float

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Return the weighted log odds (N,) of the two classes against others, for (N, D)."""
        logits = vectors @ self.kernel + self.bias
        return self.weight * (np.logaddexp(logits[..., 0], logits[..., 1]) - logits[..., 2])


@dataclass(frozen=True)
class Rates:
    """The shares of photos that are refused at the default floor, as measured when it was set.

    ``validation`` is that of photos like the training photos; ``unseen`` that of ``clusters`` of
    similar photos, each without any photo of its own among the references.
    """

    validation: float
    unseen: float
    clusters: int


class References:
    """The vectors of M training photos (M, D), of unit length, and the floors for "neither"."""

    def __init__(
        self,
        vectors: np.ndarray,
        paths: np.ndarray,
        labels: np.ndarray,
        floors: dict[float, float],
        *,
        evidence: Evidence | None = None,
        rates: Rates | None = None,
        others: str = OTHER_THINGS,
    ) -> None:
        self._vectors = unit(quantized(vectors))
        self._paths, self._labels, self.floors = paths, labels, floors
        self.evidence, self.rates = evidence, rates
        # The pictures that the evidence was found with, in words.
        self.others = others

    @classmethod
    def measured(
        cls, vectors: np.ndarray, paths: np.ndarray, labels: np.ndarray, held_back: np.ndarray
    ) -> "References":
        """Return references whose floors are measured on validation vectors (N, D), N at least 1.

        ``vectors`` (M, D), M at least 1, need not be of unit length.
        """
        kept = unit(quantized(vectors))
        return cls(kept, paths, labels, floors_of(similarities(unit(held_back), kept)))

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
                vectors = kept["vectors"]
                return cls(
                    *(vectors, kept["paths"], kept["labels"], floors),
                    evidence=_read_evidence(kept, vectors.shape[1]),
                    rates=_read_rates(kept),
                    others=str(kept["others"]) if "others" in kept else OTHER_THINGS,
                )
        except _DAMAGES as error:
            raise RunError(
                f"Expected the reference vectors of {folder.name}. Received: {error}. Train it "
                "again, or delete it."
            ) from None

    def save(self, folder: Path) -> None:
        """Save them in the run's ``folder``, as int8: 0.8 kB per photo for MobileNetV2."""
        more: Any = {}
        if self.evidence is not None:
            kernel, bias = self.evidence.kernel, self.evidence.bias
            more |= {"kernel": kernel, "bias": bias, "weight": np.array(self.evidence.weight)}
        if self.others != OTHER_THINGS:
            more["others"] = np.array(self.others)
        if self.rates is not None:
            more["rates"] = np.array(astuple(self.rates))
        with files.replacing(folder / layout.REFERENCES) as temporary:
            np.savez_compressed(
                temporary,
                vectors=self.vectors_int8,
                paths=self._paths,
                labels=self._labels,
                shares=np.array(list(self.floors)),
                floors=np.array(list(self.floors.values())),
                **more,
            )

    @property
    def vectors_int8(self) -> np.ndarray:
        """The vectors as int8 (M, D), without their lengths."""
        return quantized(self._vectors)

    @property
    def knows_others(self) -> bool:
        """Whether pictures of other things were used, too."""
        return self.evidence is not None

    def likeness(self, vector: np.ndarray) -> Likeness:
        """Compare a picture's vector (D,) with the references."""
        direction = unit(vector)
        cosines = self._vectors @ direction
        count = min(SHOWN, len(cosines))
        top = np.argpartition(cosines, -count)[-count:]
        top = top[np.argsort(-cosines[top])]
        nearest = (
            Neighbour(str(self._paths[i]), int(self._labels[i]), float(cosines[i])) for i in top
        )
        return Likeness(
            float(cosines[top[:NEIGHBOURS]].mean()),
            tuple(nearest),
            self.floors,
            float(self.evidence(direction)) if self.evidence else 0.0,
            self.rates,
        )


def similarities(vectors: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Return the mean cosine (N,) of unit vectors (N, D) to the nearest references (M, D)."""
    cosines = vectors @ references.T
    count = min(NEIGHBOURS, len(references))
    return np.partition(cosines, -count, axis=1)[:, -count:].mean(axis=1)


def floors_of(scores: np.ndarray, *, caution: float = 1.0) -> dict[float, float]:
    """Return a floor for each of ``FALSE_REFUSALS``, from the scores (N,) of photos of pets.

    A ``caution`` of 2 refuses half of the share of photos like these, where there are enough.
    """
    return {share: _floor(scores, share, caution=caution) for share in FALSE_REFUSALS}


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return float32 vectors of length 1 in the same directions; a vector of zeros stays one."""
    vectors = np.asarray(vectors, dtype=np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def quantized(vectors: np.ndarray) -> np.ndarray:
    """Return int8 (M, D) in almost the same directions: cosines change in the third decimal."""
    vectors = np.asarray(vectors, dtype=np.float32)
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    return np.round(vectors * (127 / np.maximum(largest, 1e-12))).astype(np.int8)


def _read_evidence(kept: Any, size: int) -> Evidence | None:
    if "kernel" not in kept:
        return None
    kernel, bias = kept["kernel"], kept["bias"]
    if kernel.shape != (size, 3) or bias.shape != (3,):
        raise ValueError(f"weights of shape {kernel.shape} for vectors of {size} numbers")
    return Evidence(kernel, bias, kept["weight"].item())


def _read_rates(kept: Any) -> Rates | None:
    if "rates" not in kept:
        return None
    validation, unseen, clusters = kept["rates"].tolist()
    return Rates(validation, unseen, int(clusters))


def _floor(scores: np.ndarray, share: float, *, caution: float) -> float:
    """Return the floor that, on average, at most ``share`` of new photos like these (N,) are below.

    Minus infinity if N is too small. Vovk et al., "Algorithmic Learning in a Random
    World" (2005): a new value is equally likely to have any rank.
    """
    most = int(share * (len(scores) + 1))
    rank = max(int(share / caution * (len(scores) + 1)), min(most, 1))
    return float(np.sort(scores)[rank - 1]) if rank else -math.inf
