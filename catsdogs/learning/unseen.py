"""The floors for "neither", measured on photos that resemble no reference as closely as usual.

The photos that a model meets are of other animals than its own. Whole clusters of similar vectors
stand for them: the score of a validation photo uses no training photo of its own cluster.
"""

from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL
from catsdogs.inference.rejection import (
    OTHER_THINGS,
    Evidence,
    Rates,
    References,
    floors_of,
    quantized,
    similarities,
    unit,
)
from catsdogs.learning.others import Others, evidence

_FOLDS = 4
_MOST_CLUSTERS, _PHOTOS_EACH, _STEPS = 100, 20, 8
# Standard deviations of the evidence that count as much as one of the similarity.
_WEIGHT = 3.0


@dataclass(frozen=True)
class Known:
    """Vectors (M, D) of training photos, with their paths and labels (M,)."""

    vectors: np.ndarray
    paths: np.ndarray
    labels: np.ndarray

    def first(self, count: int) -> "Known":
        """Return the first ``count`` of them."""
        return Known(self.vectors[:count], self.paths[:count], self.labels[:count])

    def where(self, kept: np.ndarray) -> "Known":
        """Return those at a mask (M,)."""
        return Known(self.vectors[kept], self.paths[kept], self.labels[kept])


def references(
    known: Known,
    held_back: np.ndarray,
    others: Others | None,
    *,
    count: int,
    caution: float,
    seed: int,
) -> References:
    """Return the first ``count`` of ``known`` as references, with floors for unseen clusters.

    ``held_back`` (N, D) are the vectors of validation photos. A ``caution`` of 2 sets the floors so
    that half of the stated share of unseen clusters is refused.
    """
    # Several threads on a busy machine take seven times as long for matrices of this size.
    with threadpool_limits(1):
        known = replace(known, vectors=unit(quantized(known.vectors)))
        held_back = unit(held_back)
        judge = _judge(known, held_back, others, count=count)
        usual = judge.scores(held_back)
        clusters = _clusters(known.vectors[:count], seed=seed)
        unseen = _scores_unseen(judge, known, held_back, usual, clusters, count=count)
        floors = floors_of(np.minimum(usual, unseen), caution=caution)
        floor = floors[DEFAULT_FALSE_REFUSAL]
        rates = Rates(float((usual < floor).mean()), float((unseen < floor).mean()), len(clusters))
        kept = known.first(count)
        return References(
            *(kept.vectors, kept.paths, kept.labels, floors),
            evidence=judge.evidence,
            others=others.source if others else OTHER_THINGS,
            rates=rates if len(clusters) and np.isfinite(floor) else None,
        )


@dataclass(frozen=True)
class _Judge:
    vectors: np.ndarray
    evidence: Evidence | None
    others: np.ndarray | None

    def scores(self, vectors: np.ndarray) -> np.ndarray:
        near = similarities(vectors, self.vectors)
        return near if self.evidence is None else near + self.evidence(vectors)


def _judge(known: Known, held_back: np.ndarray, others: Others | None, *, count: int) -> _Judge:
    kept = known.vectors[:count]
    apart = others.unlike(kept, held_back) if others else None
    if apart is None or not len(apart.vectors):
        return _Judge(kept, None, None)
    fitted = evidence(known.vectors, known.labels, apart.vectors)
    spread = float(similarities(held_back, kept).std()) / max(float(fitted(held_back).std()), 1e-9)
    return _Judge(kept, replace(fitted, weight=_WEIGHT * spread), apart.vectors)


def _scores_unseen(
    judge: _Judge,
    known: Known,
    held_back: np.ndarray,
    usual: np.ndarray,
    clusters: np.ndarray,
    *,
    count: int,
) -> np.ndarray:
    """Return the score (N,) of each validation photo without the training photos of its cluster.

    ``usual`` (N,) are the scores with all training photos.
    """
    scores = usual.copy()
    if not len(clusters):
        return scores
    fold_of = np.random.default_rng(0).permutation(len(clusters)) % _FOLDS
    folds, own = (fold_of[(x @ clusters.T).argmax(axis=1)] for x in (known.vectors, held_back))
    for fold in range(_FOLDS):
        rest = known.where(folds != fold)
        kept = int((folds[:count] != fold).sum())
        if kept and (own == fold).any():
            scores[own == fold] = _without(judge, rest, count=kept).scores(held_back[own == fold])
    return scores


def _without(judge: _Judge, rest: Known, *, count: int) -> _Judge:
    fitted = judge.evidence
    if fitted is not None and judge.others is not None:
        weight = fitted.weight
        fitted = replace(evidence(rest.vectors, rest.labels, judge.others), weight=weight)
    return _Judge(rest.vectors[:count], fitted, judge.others)


def _clusters(vectors: np.ndarray, *, seed: int) -> np.ndarray:
    """Return the centres (C, D) of similar unit vectors (M, D), by spherical k-means; perhaps none.

    Dhillon and Modha, "Concept Decompositions for Large Sparse Text Data Using Clustering" (2001).
    """
    count = min(_MOST_CLUSTERS, len(vectors) // _PHOTOS_EACH)
    if count < _FOLDS:
        return vectors[:0]
    centres = vectors[np.random.default_rng(seed).choice(len(vectors), count, replace=False)]
    for _ in range(_STEPS):
        nearest = (vectors @ centres.T).argmax(axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, vectors)
        is_empty = ~np.isin(np.arange(count), nearest)
        sums[is_empty] = centres[is_empty]
        centres = unit(sums)
    return centres
