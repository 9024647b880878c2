"""Vectors of pictures that show other things, and a classifier that tells them from a run's photos.

The project ships vectors, never pictures. They belong to one backbone: the file's name has the
identity of its weights.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from scipy.optimize import minimize

from catsdogs import paths
from catsdogs.inference.rejection import OTHER_THINGS, Evidence, similarities, unit

# A kind of picture is left out if a larger share of it resembles the run's photos.
_MOST_ALIKE = 0.3
# A picture resembles them if it is more similar than this share of the validation photos.
_ALIKE = 0.1
# Stopping early regularises: more iterations find fewer other pictures (docs/log.md).
_ITERATIONS = 15
# The strength of the squared penalty on the weights.
_DECAY = 2e-5


@dataclass(frozen=True)
class Others:
    """Unit vectors (K, D) of pictures of other things, and the ``kinds`` (K,) that they show.

    ``source`` says in words which pictures they are.
    """

    vectors: np.ndarray
    kinds: np.ndarray
    source: str = OTHER_THINGS

    @classmethod
    def of(cls, weights: str) -> "Others | None":
        """Return those that the project ships for the backbone with this identity, if any."""
        try:
            with file(weights).open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
                return cls(unit(kept["vectors"]), kept["kinds"])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None

    def unlike(self, references: np.ndarray, held_back: np.ndarray) -> "Others":
        """Return those of kinds that do not resemble the run's own photos.

        A run on aeroplanes must not learn that aeroplanes are other things. ``references`` (M, D)
        and ``held_back`` (N, D) are unit vectors of its training and validation photos.
        """
        limit = np.quantile(similarities(held_back, references), _ALIKE)
        is_alike = similarities(self.vectors, references) > limit
        kinds, index = np.unique(self.kinds, return_inverse=True)
        share = np.bincount(index, weights=is_alike) / np.bincount(index, minlength=len(kinds))
        kept = share[index] <= _MOST_ALIKE
        return replace(self, vectors=self.vectors[kept], kinds=self.kinds[kept])

    def followed_by(self, more: "Others") -> "Others":
        """Return these and more of them."""
        return Others(
            np.concatenate([self.vectors, more.vectors]),
            np.concatenate([self.kinds, more.kinds]),
            f"{self.source}, and {more.source}",
        )


def file(weights: str) -> Path:
    """Return the path of the vectors for the backbone whose weights have this identity."""
    return paths.shipped_backbone().parent / f"others-{weights}.npz"


def evidence(vectors: np.ndarray, labels: np.ndarray, others: np.ndarray) -> Evidence:
    """Fit a linear classifier of three classes, which count the same; its weight is 1.

    ``vectors`` (M, D) with ``labels`` (M,) of 0 and 1, and ``others`` (K, D), have unit length.
    """
    rows = np.concatenate([vectors, others])
    classes = np.concatenate([labels, np.full(len(others), 2)]).astype(int)
    counts = np.maximum(np.bincount(classes, minlength=3), 1)
    share = (1 / (3 * counts[classes])).astype(np.float32)[:, np.newaxis]
    truth = np.eye(3, dtype=np.float32)[classes]
    size = rows.shape[1]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        kernel, bias = _parts(flat, size)
        logits = rows @ kernel + bias
        logits -= logits.max(axis=1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        slopes = share * (np.exp(log_p) - truth)
        gradient = np.append(rows.T @ slopes + _DECAY * kernel, slopes.sum(axis=0)[np.newaxis], 0)
        penalty = _DECAY / 2 * float((kernel**2).sum())
        return penalty - float((share * truth * log_p).sum()), gradient.ravel().astype(float)

    start = np.zeros((size + 1) * 3)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS})
    return Evidence(*_parts(found.x, size), weight=1.0)


def _parts(flat: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    table = flat.astype(np.float32).reshape(size + 1, 3)
    return table[:-1], table[-1]
