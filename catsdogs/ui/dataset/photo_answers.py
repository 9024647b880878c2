"""The answers of the latest runs about a photo, apart from runs that trained or test on it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from catsdogs.errors import CatsDogsError
from catsdogs.health.snapshot import Snapshot
from catsdogs.images.picture import Picture, read_bytes
from catsdogs.labels import UNLABELLED
from catsdogs.runs import store
from catsdogs.runs.run import Run
from catsdogs.runs.seen_before import TEST, TRAINING, VALIDATION, SeenBefore
from catsdogs.ui.shared import cache, photo_viewer, run_chips
from catsdogs.ui.shared.photo_viewer import Heat, Line

_MOST_RUNS = 4
_UNKNOWN = "It may have trained on this photo."
_HELD_BACK = "It did not train on this photo, but the run that it began from may have."


@dataclass
class Answers:
    """A line and a heat map per run, and the names of runs that do not answer.

    ``learned`` trained on the photo, and ``locked`` have it in their test set.
    """

    lines: list[Line] = field(default_factory=list)
    heats: list[Heat] = field(default_factory=list)
    learned: list[str] = field(default_factory=list)
    locked: list[str] = field(default_factory=list)


def of(snapshot: Snapshot, photo: Mapping[Any, Any]) -> Answers:
    """Return the answers of the latest runs about ``photo``, a row of the snapshot's table."""
    answers = Answers()
    classes = snapshot.dataset.classes
    able = [run for run in store.list_runs()[0] if run.can_classify and run.classes == classes]
    for run in able[:_MOST_RUNS]:
        # A run that cannot answer is left out.
        with suppress(CatsDogsError, OSError):
            before = SeenBefore.of(run)
            side = before.side(photo["digest"])
            if side == TEST:
                answers.locked.append(run_chips.name(run))
            elif side == TRAINING or (not side and _trained_on(run, before, snapshot, photo)):
                answers.learned.append(run_chips.name(run))
            else:
                is_held_back = side == VALIDATION or before.training is not None
                _ask(run, snapshot, photo, answers, is_held_back=is_held_back)
    return answers


def _ask(
    run: Run,
    snapshot: Snapshot,
    photo: Mapping[Any, Any],
    answers: Answers,
    *,
    is_held_back: bool,
) -> None:
    predictor = cache.predictor(run)
    output = predictor(Picture(read_bytes(snapshot.dataset.root / photo["path"])))
    p_dog = predictor.calibrated(output.p_dog)
    label, truth = run.classes.of(p_dog), photo["label"]
    is_right = None if truth == UNLABELLED else label == run.classes.name(truth)
    sure = run.classes.probability(label, p_dog)
    note = _HELD_BACK if run.caveat else ""
    answers.lines.append(Line(run, label, sure, is_right, note if is_held_back else _UNKNOWN))
    answers.heats.append(photo_viewer.heat(run, output.heatmap, label=label))


def _trained_on(run: Run, before: SeenBefore, snapshot: Snapshot, photo: Mapping[Any, Any]) -> bool:
    """Return whether a photo on no known side was certainly a training photo, in older runs."""
    if before.training is not None:
        return False
    is_usable = photo["label"] != UNLABELLED and not photo["excluded"]
    return is_usable and run.about.dataset.fingerprint == snapshot.dataset.fingerprint()
