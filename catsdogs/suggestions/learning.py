"""One round: learn from all labels so far, and suggest labels for the photos without one."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from catsdogs.dataset.index import Dataset
from catsdogs.dataset.table_sides import TEST
from catsdogs.errors import DatasetError
from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL, THRESHOLD
from catsdogs.features import embeddings
from catsdogs.images.parallel import Progress
from catsdogs.inference.rejection import NEIGHBOURS, floors_of, similarities, unit
from catsdogs.labels import CAT, DOG, UNLABELLED
from catsdogs.suggestions import history, suggested
from catsdogs.suggestions.suggested import Suggestions, Summary

# Among more photos, the nearest ones are hardly nearer.
_MOST_REFERENCES = 1000


@dataclass(frozen=True)
class _Learned:
    """The probability (N,) of the positive class for N photos, and how good it is.

    ``differs`` (N,) is True for a photo that is like no labelled one.
    """

    p_positive: np.ndarray | None = None
    differs: np.ndarray | None = None
    right: int = 0
    measured: int = 0
    measured_on: str = ""


def learn(
    dataset: Dataset, *, backbone: Callable[[], Path], progress: Progress | None = None
) -> Suggestions:
    """Return, and keep, suggestions for the photos of ``dataset`` that no name labels.

    ``backbone`` returns the LiteRT file of MobileNetV2's base. ``progress`` counts photos: the
    vector of each is computed once.

    Raises:
        DatasetError: if every photo has a label from its name.
        WeightsUnavailable: from ``backbone``.
    """
    pictures = dataset.pictures
    if not suggested.waiting(pictures).any():
        raise DatasetError(
            f"Expected images without a label in {dataset.root}. Received: {len(pictures):,} "
            "images, all labelled by their names. There is nothing to suggest."
        )
    exported = backbone()
    found = embeddings.embed(dataset.root, pictures, backbone=exported, progress=progress)
    started = time.perf_counter()
    readable = np.flatnonzero(found.places[:, 0] >= 0)
    photos = pictures.iloc[readable].reset_index(drop=True)
    vectors = unit(found.take(readable)) if len(readable) else np.zeros((0, 1), np.float32)
    # Several threads wait for each other on matrices as small as these.
    with threadpool_limits(1):
        learned = _learned(photos, vectors)
        table = _table(photos, vectors, learned)
    summary = Summary(
        version=suggested.VERSION,
        answers=int((suggested.waiting(photos) & (photos["label"] != UNLABELLED)).sum()),
        right=learned.right,
        measured=learned.measured,
        measured_on=learned.measured_on,
        backbone=str(exported),
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
    expected = p_positive.copy()
    expected[train] = out_of_fold
    judged, measured_on = _judged(photos, test, train[~np.isnan(out_of_fold)])
    right = int(((expected[judged] >= THRESHOLD) == (labels[judged] == DOG)).sum())
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
    return held_out, suggested.ANSWERS


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
