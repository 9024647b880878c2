"""One round: learn from all labels so far, and suggest labels for the photos without one."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from catsdogs.dataset import annotations
from catsdogs.dataset.index import Dataset
from catsdogs.dataset.table_sides import TEST
from catsdogs.errors import DatasetError
from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL, THRESHOLD, log_losses
from catsdogs.features import embeddings
from catsdogs.images.parallel import Progress
from catsdogs.inference.rejection import NEIGHBOURS, floors_of, similarities, unit
from catsdogs.labels import CAT, DOG, UNLABELLED
from catsdogs.runs.run import Run
from catsdogs.suggestions import by_run, history, suggested
from catsdogs.suggestions.suggested import Suggestions, Summary

Report = Callable[[str, int, int], None]  # phase, done, total
# Among more photos, the nearest ones are hardly nearer.
_MOST_REFERENCES = 1000


@dataclass(frozen=True)
class _Learned:
    """The probability (N,) of the positive class for N photos, and how good it is.

    That of a labelled photo is from a classifier that did not learn from it. ``differs`` (N,) is
    True for a photo that is like no labelled one. ``by`` names the run that answered, if one did.
    """

    p_positive: np.ndarray | None = None
    differs: np.ndarray | None = None
    right: int = 0
    measured: int = 0
    measured_on: str = ""
    by: str = ""


def learn(
    dataset: Dataset,
    *,
    backbone: Callable[[], Path],
    run: Run | None = None,
    report: Report = lambda *_: None,
) -> Suggestions:
    """Return, and keep, suggestions for the photos of ``dataset`` that no name labels.

    ``backbone`` returns the LiteRT file of MobileNetV2's base. ``run`` suggests until the answers
    teach a better classifier. ``report(phase, done, total)`` counts photos: the vector of each and
    the run's answer are computed once.

    Raises:
        DatasetError: if every photo has a label from its name.
        RunError: if a file of the run is missing or damaged.
        WeightsUnavailable: from ``backbone``.
    """
    pictures = dataset.pictures
    if not suggested.waiting(pictures).any():
        raise DatasetError(
            f"Expected images without a label in {dataset.root}. Received: {len(pictures):,} "
            "images, all labelled by their names. There is nothing to suggest."
        )
    exported = backbone()
    found = embeddings.embed(
        dataset.root, pictures, backbone=exported, progress=partial(report, "embed")
    )
    readable = np.flatnonzero(found.places[:, 0] >= 0)
    photos = pictures.iloc[readable].reset_index(drop=True)
    photos["accepted"] = photos["path"].isin(annotations.accepted(dataset.root))
    vectors = unit(found.take(readable)) if len(readable) else np.zeros((0, 1), np.float32)
    told = _by_run(dataset.root, photos, run, partial(report, "answer")) if run else None
    started = time.perf_counter()
    # Several threads wait for each other on matrices as small as these.
    with threadpool_limits(1):
        learned = _better(photos, _learned(photos, vectors), told)
        table = _table(photos, vectors, learned)
    summary = Summary(
        version=suggested.VERSION,
        answers=len(_by_hand(photos)),
        right=learned.right,
        measured=learned.measured,
        measured_on=learned.measured_on,
        by=learned.by,
        seconds=round(time.perf_counter() - started, 2),
    )
    result = Suggestions(table, summary)
    suggested.save(dataset.root, result)
    history.add(dataset.root, summary)
    return result


def _learned(photos: pd.DataFrame, vectors: np.ndarray) -> _Learned:
    # Imported here and below because scikit-learn takes seconds to import, and the web process only
    # reads suggestions.
    from catsdogs.suggestions import head

    is_labelled = ((photos["label"] != UNLABELLED) & ~photos["excluded"]).to_numpy()
    is_test = is_labelled & (photos["given"] == TEST).to_numpy()
    is_test &= (photos["named_label"] != UNLABELLED).to_numpy()
    train, test = np.flatnonzero(is_labelled & ~is_test), np.flatnonzero(is_test)
    labels = photos["label"].to_numpy()
    if not _has_both(labels[train]):
        return _Learned()
    found, out_of_fold = head.fit(vectors[train], labels[train], photos["group"].to_numpy()[train])
    p_positive = found(vectors)
    held_out = ~np.isnan(out_of_fold)
    p_positive[train[held_out]] = out_of_fold[held_out]
    judged, measured_on = _judged(photos, test, train[held_out])
    right = _right(p_positive[judged], labels[judged])
    one_each = train[~photos["group"].iloc[train].duplicated().to_numpy()]
    differs = _differ(vectors, vectors[one_each])
    return _Learned(p_positive, differs, right, len(judged), measured_on)


def _judged(photos: pd.DataFrame, test: np.ndarray, held_out: np.ndarray) -> tuple[np.ndarray, str]:
    """Return the positions of the photos that the suggestions are measured on, and which they are.

    They should stay the same from round to round: those of the test side, or else those that came
    with a label. Only without both, those that the user labelled.
    """
    named = held_out[photos["named_label"].to_numpy()[held_out] != UNLABELLED]
    labels = photos["label"].to_numpy()
    for positions, name in ((test, suggested.TEST), (named, suggested.NAMED)):
        if _has_both(labels[positions]):
            return positions, name
    return np.intersect1d(held_out, _answered(photos)), suggested.ANSWERS


def _by_run(root: Path, photos: pd.DataFrame, run: Run, progress: Progress) -> _Learned:
    """Return the answers of ``run`` for the photos of the queue, measured on the user's answers."""
    waiting = np.flatnonzero(suggested.waiting(photos))
    found = by_run.answers(root, photos.iloc[waiting], run, progress=progress)
    answered = np.flatnonzero(found.places[:, 0] >= 0)
    if not len(answered):
        return _Learned()
    rows = found.take(answered)
    p_positive, differs = np.full(len(photos), np.nan), np.zeros(len(photos), bool)
    p_positive[waiting[answered]], differs[waiting[answered]] = rows[:, 0], rows[:, 1] > 0
    judged = _answered(photos)
    right = _right(p_positive[judged], photos["label"].to_numpy()[judged])
    return _Learned(p_positive, differs, right, len(judged), suggested.ANSWERS, by=run.short_name)


def _better(photos: pd.DataFrame, taught: _Learned, told: _Learned | None) -> _Learned:
    """Return the suggestions of the run, or those that labels taught if they fit answers better."""
    if told is None or told.p_positive is None:
        return taught
    judged = _answered(photos)
    if taught.p_positive is None or len(judged) < suggested.BATCH:
        return told
    labels = photos["label"].to_numpy()[judged]
    taught_loss = log_losses(labels, taught.p_positive[judged]).mean()
    return taught if taught_loss < log_losses(labels, told.p_positive[judged]).mean() else told


def _by_hand(photos: pd.DataFrame) -> np.ndarray:
    """Return the positions of the photos of the queue that the user labelled."""
    is_labelled = (photos["label"] != UNLABELLED) & ~photos["excluded"]
    return np.flatnonzero(suggested.waiting(photos) & is_labelled)


def _answered(photos: pd.DataFrame) -> np.ndarray:
    """Return those of ``_by_hand`` that judge: accepted suggestions would agree with themselves."""
    by_hand = _by_hand(photos)
    return by_hand[~photos["accepted"].to_numpy()[by_hand]]


def _right(p_positive: np.ndarray, labels: np.ndarray) -> int:
    return int(((p_positive >= THRESHOLD) == (labels == DOG)).sum())


def _has_both(labels: np.ndarray) -> bool:
    return {CAT, DOG} <= set(labels.tolist())


def _differ(vectors: np.ndarray, labelled: np.ndarray) -> np.ndarray:
    """Return (N,) which unit vectors (N, D) are like none of the labelled ones (M, D).

    They are less similar to them than all but a hundredth of these are to each other. None differs
    while there are fewer than a hundred.
    """
    drawn = np.random.default_rng(0).permutation(len(labelled))[:_MOST_REFERENCES]
    references = labelled[drawn]
    cosines = references @ references.T
    np.fill_diagonal(cosines, -np.inf)
    among = np.sort(cosines, axis=1)[:, -NEIGHBOURS:].mean(axis=1)
    return similarities(vectors, references) < floors_of(among)[DEFAULT_FALSE_REFUSAL]


def _table(photos: pd.DataFrame, vectors: np.ndarray, learned: _Learned) -> pd.DataFrame:
    """Return the table of ``Suggestions``."""
    from catsdogs.suggestions import order

    waiting = suggested.waiting(photos).to_numpy()
    is_free = ((photos["label"] == UNLABELLED) & ~photos["excluded"]).to_numpy()
    differs = np.zeros(len(photos), bool) if learned.differs is None else learned.differs
    p_positive = np.full(len(photos), np.nan)
    if learned.p_positive is not None:
        p_positive = learned.p_positive
    to_order = np.flatnonzero(waiting & is_free & ~differs)
    known = None if learned.p_positive is None else p_positive[to_order]
    ordered = to_order[order.of(vectors[to_order], known)]
    others = np.flatnonzero(waiting & ~(is_free & ~differs))
    rows = np.concatenate([ordered, others])
    return pd.DataFrame(
        {
            "path": photos["path"].to_numpy()[rows],
            "digest": photos["digest"].to_numpy()[rows],
            "p_positive": p_positive[rows].astype(np.float32),
            "neither": differs[rows],
        }
    )
