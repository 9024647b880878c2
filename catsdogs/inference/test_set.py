"""A run's locked test set, where its photos are now, and the answers of the run for them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from catsdogs.dataset import index
from catsdogs.errors import ConfigError, DatasetError, RunError, UnreadableImage
from catsdogs.images.parallel import Engine, FromFile, OnThreads, Progress
from catsdogs.inference.elsewhere import Answers, see_by
from catsdogs.inference.panel import Answer, Decision
from catsdogs.labels import NEITHER
from catsdogs.runs import model_files, store
from catsdogs.runs.run import Run
from catsdogs.sources import opening
from catsdogs.text import counted

_SHOWN = 3


@dataclass(frozen=True)
class LockedAnswers:
    """A run's answers for N test photos, with their labels.

    ``p_dog`` has shape (N,). ``refused`` counts the photos that were refused as neither; None if
    the run cannot say "neither". ``unreadable`` has the error of each photo that did not decode.
    """

    labels: np.ndarray
    p_dog: np.ndarray
    refused: int | None
    unreadable: dict[str, UnreadableImage]


def answers(
    run: Run, *, engine: Engine | None = None, progress: Progress | None = None
) -> LockedAnswers:
    """Return the run's answers for its locked test set, by default from this machine.

    Raises:
        ConfigError: for a run without a test set.
        DatasetError: if the photos are no longer those that the run locked away.
        RunError: if a file of the run is missing or damaged, or while it is training.
    """
    root, photos = _photos(run)
    usable = [one for one in store.list_runs()[0] if one.can_classify]
    sources = [(path, FromFile(root / path)) for path in photos["path"]]
    labels, found, unreadable = [], list[Answer](), dict[str, UnreadableImage]()
    seen = see_by(engine or OnThreads(), sources, Answers.of([run], usable))
    for done, (label, one) in enumerate(zip(photos["label"], seen, strict=True), 1):
        if one.error:
            unreadable[one.name] = one.error
        else:
            labels.append(label)
            found.append(one.answers[0])
        if progress:
            progress(done, len(photos))
    if not found:
        raise DatasetError(
            f"Expected test photos that decode. Received: {len(unreadable):,} that do not. Restore "
            "them."
        )
    return LockedAnswers(
        np.array(labels), np.array([one.p_dog for one in found]), _refused(found), unreadable
    )


def _refused(found: list[Answer]) -> int | None:
    if any(one.likeness is None for one in found):
        return None
    return sum(one.label(Decision()) == NEITHER for one in found)


def require(run: Run) -> None:
    """Check that a run has a locked test set and has ended.

    Raises:
        ConfigError: for a run without a test set.
        RunError: while it is training.
    """
    if not run.result.test_images:
        raise ConfigError(
            f"Expected a run with a locked test set. Received: {run.run_id}, which has none. Train "
            "with --test 0.1, or on a dataset with a folder test/; evaluate this run with --data."
        )
    if run.state.is_active:
        raise RunError(
            f"Expected a run that has ended. Received: {run.run_id}, which is {run.state}. Wait "
            "for its end."
        )


def _photos(run: Run) -> tuple[Path, pd.DataFrame]:
    """Return the dataset's folder and the test photos in it: path, label."""
    require(run)
    locked = model_files.read_test_set(run)
    dataset = index.scan(opening.open_source(Path(run.config.data)))
    _require_unchanged(locked, dataset)
    # By content: a file may have been renamed.
    usable = dataset.usable
    places = dict(zip(_labelled(usable), usable["path"], strict=True))
    return dataset.root, locked.assign(path=[places[one] for one in _labelled(locked)])


def _labelled(records: pd.DataFrame) -> list[tuple[str, int]]:
    """Return the digest and the label of each record."""
    return list(zip(records["digest"], records["label"], strict=True))


def _require_unchanged(locked: pd.DataFrame, dataset: index.Dataset) -> None:
    """Check that each photo still exists, is in use, and has the same label.

    Raises:
        DatasetError: with what changed.
    """
    known = set(_labelled(dataset.usable))
    changes: dict[str, list[str]] = {}
    for path, content in zip(locked["path"], _labelled(locked), strict=True):
        if content not in known:
            changes.setdefault(_change(path, content[0], dataset), []).append(path)
    if changes:
        received = "; ".join(
            f"{len(names):,} {change} ({', '.join(names[:_SHOWN])})"
            for change, names in changes.items()
        )
        raise DatasetError(
            f"Expected the {counted(len(locked), 'test photo')} that this run locked away. "
            f"Received: {received}. Restore them, or train a new run."
        )


def _change(path: str, digest: str, dataset: index.Dataset) -> str:
    if (dataset.usable["digest"] == digest).any():
        return "with another label"
    if (dataset.records["digest"] == digest).any():
        return "excluded or without a label"
    return "with other content" if (dataset.records["path"] == path).any() else "missing"
