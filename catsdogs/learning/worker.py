"""The process of one run: ``python -m catsdogs.learning.worker artifacts/<run_id>``.

It reads the run's configuration, reports through its event file, and leaves the model, the
predictions, the evaluation and the model card in the run's folder. Its last event is written when
every other file is in place.
"""

import errno
import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, structs

from catsdogs.background import job
from catsdogs.background.job import Ending
from catsdogs.dataset import index
from catsdogs.errors import CatsDogsError, DatasetError, RunError
from catsdogs.learning import results, usage
from catsdogs.learning.reporting import Reporter, StoppedEarly
from catsdogs.reports.model_card import model_card
from catsdogs.runs import (
    event_file,
    layout,
    looks,
    previous_model,
    queue,
    store,
    webhook,
)
from catsdogs.runs.event_file import Journal
from catsdogs.runs.events import State
from catsdogs.runs.run import Run
from catsdogs.sources import opening
from catsdogs.system import files, locks
from catsdogs.system.processes import Identity

if TYPE_CHECKING:
    from catsdogs.learning.training import Trained

Work = Callable[[Run, Journal], Ending]
# The settings whose "auto" stands for a value of its own in each run.
_RESOLVED = ("weights", "engine", "precision")


def main(folder: Path) -> int:
    """Do the run in ``folder``; return the process' exit status."""
    signal.signal(signal.SIGTERM, lambda *_: job.request_stop(folder))
    try:
        ending = carry_out(folder)
    finally:
        queue.start_queued()
        webhook.call_all()
    return 1 if ending.event == State.FAILED else 0


def carry_out(folder: Path, *, process: Identity | None = None, work: Work | None = None) -> Ending:
    """Do the run in ``folder`` in this process; report its end and return it.

    ``process`` is the run's process if it is not this one. ``work`` is done instead of training.

    Raises:
        RunError: if the run has ended, or another process trains it.
    """
    with locks.exclusive(folder / layout.LOCK, wait=_already_running):
        return _work(_queued(folder), process, work or _run)


def stopped_before_training(run: Run, journal: Journal) -> Ending:
    """Return the end of a run that was stopped before its fit; an older model stays."""
    message, otherwise = "Stopped before training continued.", "There is no model."
    return Ending(State.STOPPED, _with_earlier_model(run, journal, message, otherwise=otherwise))


def _already_running() -> None:
    raise RunError(
        "Expected a run without a worker. Received: one that another worker is training."
    )


def _queued(folder: Path) -> Run:
    run = store.load(folder)
    # Another worker may have ended since the process that started this one checked.
    if run.ending is not None:
        raise RunError("Expected a run that is queued. Received: one that has ended. Resume it.")
    return run


def _work(run: Run, process: Identity | None, do: Work) -> Ending:
    """Do the run and report its end; return it."""
    with event_file.appending(run.folder) as emit:
        journal = event_file.Journal(run.folder, emit)

        def work() -> Ending:
            previous_model.put_back(run.folder)
            return _counted(run, journal, do(run, journal))

        def on_error(error: Exception) -> Ending:
            ending = Ending(State.FAILED, _with_earlier_model(run, journal, _message(error)))
            return _counted(run, journal, ending)

        ending = job.run(run.folder, journal.emit, work, on_error, process=process)
        previous_model.discard(run.folder)
    return ending


def _counted(run: Run, journal: Journal, ending: Ending) -> Ending:
    """Add the epochs of the run to its last event, for readers that read no other."""
    view = journal.view
    planned = view.epochs_planned(run.config.all_epochs)
    return Ending(ending.event, {**ending.fields, "epochs": len(view.epochs), "planned": planned})


def _with_earlier_model(
    run: Run, journal: Journal, message: str, *, otherwise: str = ""
) -> dict[str, Any]:
    """Return the fields of an end without a new model: an older model, if there is one, stays."""
    result = journal.view.result
    if not result.is_model:
        return {"message": f"{message} {otherwise}".strip()}
    previous_model.put_back(run.folder)
    return {"message": f"{message} The run keeps its previous model.", "result": result.to_json()}


def _message(error: Exception) -> str:
    if isinstance(error, CatsDogsError):
        return str(error)
    # Some libraries keep the system's words, but not its number.
    if not any(os.strerror(full) in str(error) for full in (errno.ENOSPC, errno.EDQUOT)):
        return f"{type(error).__name__}: {error}"
    return (
        "Expected room on the disk for the files of the run. Received: none left. Free some space, "
        "then resume the run."
    )


def _run(run: Run, journal: Journal) -> Ending:
    """Train and write everything; return the last event."""
    reporter = Reporter(
        usage.metered(journal.emit),
        should_stop=lambda: job.is_stop_requested(run.folder),
        began=time.perf_counter(),
    )
    dataset = index.scan(opening.open_source(Path(run.config.data)))
    _require_unchanged(dataset, run.about.dataset.fingerprint)
    train = _training()
    try:
        trained = train(run, dataset, reporter)
    except StoppedEarly:
        return stopped_before_training(run, journal)
    if journal.view.result.is_model:
        previous_model.set_aside(run.folder)
    result = results.write(run, dataset, trained, reporter)
    resolved = {name: journal.view.resolved.get(name, UNSET) for name in _RESOLVED}
    seconds = {name: round(value, 2) for name, value in reporter.elapsed().items()}
    result = structs.replace(result, **resolved, seconds=seconds)
    ended = State.STOPPED if trained.cut_short else State.FINISHED
    files.write_text(
        run.folder / layout.MODEL_CARD, model_card(run, ended, result, looks.read(run))
    )
    reason = job.stop_reason(run.folder) if trained.cut_short else ""
    return Ending(ended, {"result": result.to_json()} | ({"message": reason} if reason else {}))


def _training() -> Callable[..., "Trained"]:
    """Return the training; loads TensorFlow, which takes seconds, after the first event."""
    # None of the million objects that come with it is garbage, but searching them takes a quarter
    # of the time. Frozen, they are not searched later either.
    gc.disable()
    from catsdogs.learning.training import train

    gc.freeze()
    gc.enable()
    return train


def _require_unchanged(dataset: index.Dataset, recorded: str) -> None:
    """Check that the photos and the decisions about them are still those that the run recorded.

    Raises:
        DatasetError: when a photo or a decision was added, removed or changed.
    """
    if dataset.fingerprint() != recorded:
        raise DatasetError(
            f"Expected the dataset that the run was started on ({recorded}). Received: a different "
            f"one ({dataset.fingerprint()}), because files or decisions changed. Start a new run."
        )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
