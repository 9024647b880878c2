"""The queue of runs and their worker processes: start, stop, resume, extend, follow.

A run is a job (``catsdogs.background.job``) that waits for its turn. An event in its folder queues
it. Every page, every command and every worker that ends starts the oldest queued runs. They hold a
file lock while they do so, so that exactly one of several servers and commands starts a run. No
process has to stay alive for the queue.
"""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from importlib.metadata import distributions
from pathlib import Path

from msgspec import UNSET, UnsetType, structs

from catsdogs import paths, people
from catsdogs.background import job
from catsdogs.dataset import annotations, duplicates, index, labelling, unlabelled
from catsdogs.dataset.index import Dataset
from catsdogs.dataset.split import require_splittable
from catsdogs.dataset.summary import summarise
from catsdogs.distributed import ray_engine
from catsdogs.errors import CatsDogsError, ConfigError, RunError
from catsdogs.runs import layout, numbers, previous_model, store, webhook
from catsdogs.runs.about import (
    About,
    DatasetReference,
    Decisions,
    SearchReference,
    this_machine,
)
from catsdogs.runs.command import repeating
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State
from catsdogs.runs.run import Run
from catsdogs.sources import opening
from catsdogs.system import files, hardware, locks, processes

_WORKERS_VARIABLE = "CATSDOGS_WORKERS"
_POLL_S, _QUEUE_POLL_S = 0.2, 1.0
_WORKER, _ON_CLUSTER = "catsdogs.learning.worker", "catsdogs.learning.on_cluster"
_KILLED = "Ended at once on request. Its progress since the last checkpoint is lost."
_UNQUEUED = "Removed from the queue before it started."


def start(
    config: RunConfig, *, search: SearchReference | UnsetType = UNSET, on: str = ray_engine.LOCAL
) -> Run:
    """Check the dataset, make the run's folder and queue it; its worker outlives this process.

    ``search`` is the search that the run belongs to, if any. ``on`` says where it trains, one of
    ``ray_engine.ENGINES``: on this machine, or on one of the cluster that RAY_ADDRESS names.

    Raises:
        EngineError: when RAY_ADDRESS is needed and names no cluster.
        DatasetError: when the data cannot be opened.
        ConfigError: when they cannot be split, or CATSDOGS_WORKERS is not a number of workers.
        NotAllowed: when the person may only look, as for each function that changes a run.
    """
    people.require_editor("train")
    workers()
    place = {"cluster": ray_engine.required_address()} if on == ray_engine.RAY else {}
    given = Path(config.data)
    dataset = index.scan(opening.open_source(given))
    _require_both_sides(dataset, config)
    webhook.check()
    folder = store.create(config, structs.replace(_about(config, given, dataset), search=search))
    try:
        webhook.expect(folder)
        job.report(folder, "queued", **place)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)  # Otherwise it would look like a lost run.
        raise
    start_queued()
    return store.load(folder)


def start_queued() -> None:
    """Start workers for the oldest queued runs, up to the number that may run at one time.

    Runs on a cluster do not count: Ray lets them wait until a machine is free.

    Raises:
        ConfigError: when CATSDOGS_WORKERS is not a number of workers.
    """
    if not any(run.state is State.QUEUED for run in store.list_runs()[0]):
        return
    with _queue():
        runs, _ = store.list_runs()
        active = [run for run in runs if run.state.is_active]
        here = [run for run in active if not run.view.cluster]
        there = [run for run in active if run.view.cluster]
        queued = in_queue(here)
        free = max(0, workers() - len(here) + len(queued))
        for run in [*in_queue(there), *queued[:free]]:
            _launch(run)


def workers() -> int:
    """Return how many runs may train on this machine at one time.

    Raises:
        ConfigError: when CATSDOGS_WORKERS is not a number of workers.
    """
    given = os.environ.get(_WORKERS_VARIABLE) or "1"
    if not given.isdecimal() or not int(given):
        raise ConfigError(
            f"Expected a number of workers in {_WORKERS_VARIABLE}. Received: {given!r}. "
            "Set it to 1 or more, or unset it."
        )
    return int(given)


def in_queue(runs: list[Run]) -> list[Run]:
    """Return the queued ones of ``runs``, the next one first."""
    queued = [run for run in runs if run.state is State.QUEUED]
    return sorted(queued, key=lambda run: run.view.queued_at or 0)


def request_stop(run: Run, reason: str = "") -> None:
    """Ask the worker to end after its current batch and to save its model.

    A run that has not begun leaves the queue. ``reason`` becomes the message of the stopped run.

    Raises:
        RunError: when the run is neither queued nor running.
    """
    people.require_editor("stop a run")
    with _queue():
        run = store.load(run.folder)
        if not run.state.is_active:
            raise RunError(
                f"Expected a run that is queued or running. Received: {run.run_id}, which is "
                f"{run.state}. There is nothing to stop."
            )
        if run.state is State.QUEUED:
            _end(run, _UNQUEUED)
        else:
            job.request_stop(run.folder, reason)


def kill(run: Run) -> None:
    """End the worker at once; a resume continues from its last checkpoint."""
    people.require_editor("stop a run")
    if run.worker is not None:
        processes.kill(run.worker)
    with _queue():
        run = store.load(run.folder)
        if run.state is State.LOST:
            _end(run, _KILLED)
    start_queued()


def resume(run: Run) -> Run:
    """Queue a run that has not finished; it continues from its last checkpoint.

    Raises:
        RunError: when it has finished, or is queued or running.
    """
    return _requeue(run, State.STOPPED, State.FAILED, State.LOST)


def extend(run: Run, epochs: int) -> Run:
    """Queue a finished run for more epochs: one more cycle of its learning-rate schedule.

    Raises:
        ConfigError: when the number of epochs is out of range.
        RunError: when the run has not finished, and for a reference run.
    """
    if not 1 <= epochs <= 1000:
        raise ConfigError(f"Expected epochs: 1 to 1000. Received: {epochs}.")
    return _requeue(run, State.FINISHED, extend=epochs)


def delete(run: Run) -> None:
    """Remove a run's folder.

    Raises:
        RunError: while it is queued or running, and for a reference run.
    """
    people.require_editor("delete a run")
    with _queue():
        run = store.load(run.folder)
        _require_own(run)
        if run.state.is_active:
            raise RunError(
                f"Expected a run that has ended. Received: {run.run_id}, which is {run.state}. "
                "Stop it first."
            )
        numbers.record(run.folder.parent)
        # Renamed first, so that an interrupted deletion never leaves half a run in the list.
        doomed = run.folder.with_name(f".deleted-{run.run_id}")
        run.folder.rename(doomed)
    # Earlier deletions may have been interrupted: remove their remains too.
    for folder in doomed.parent.glob(".deleted-*"):
        shutil.rmtree(folder, ignore_errors=folder != doomed)


def follow(run: Run, report: Callable[[Run], None]) -> Run:
    """Call ``report`` with the run whenever it has new events; return it once it has ended."""
    seen = -1
    while True:
        size = (run.folder / layout.EVENTS).stat().st_size
        run = store.load(run.folder)
        if size != seen:
            report(run)
            seen = size
        if not run.state.is_active:
            return run
        if run.state is State.QUEUED:
            start_queued()
        time.sleep(_QUEUE_POLL_S if run.state is State.QUEUED else _POLL_S)


def _queue() -> AbstractContextManager[None]:
    """Return the lock under which runs are queued, started and ended."""
    folder = paths.artifacts_dir()
    folder.mkdir(parents=True, exist_ok=True)
    return locks.exclusive(folder / ".queue.lock")


def _go_on() -> None:
    # Best effort: the next reader of the queue raises the error.
    with suppress(CatsDogsError, OSError):
        start_queued()


def _launch(run: Run) -> None:
    # On a full disk, a worker could not even report its failure, and would be started forever.
    with files.reserve(run.folder / layout.RESERVE):
        pass
    module = _ON_CLUSTER if run.view.cluster else _WORKER
    job.launch(module, run.folder, log=layout.LOG, on_exit=_go_on)


def _requeue(run: Run, *allowed: State, extend: int = 0) -> Run:
    people.require_editor("train")
    workers()
    with _queue():
        run = store.load(run.folder)
        _require_own(run)
        if run.state not in allowed:
            raise RunError(
                f"Expected a run that is {' or '.join(allowed)}. Received: {run.run_id}, which is "
                f"{run.state}. Extend a finished run; resume one that ended early."
            )
        job.withdraw_stop(run.folder)
        if run.ending is not None:
            # The worker may have been killed between its last event and this.
            previous_model.discard(run.folder)
        webhook.expect(run.folder)
        more = {"extend": extend, "at": run.epochs_done} if extend else {}
        place = {"cluster": known} if (known := run.view.cluster) else {}
        job.report(run.folder, "queued", **more, **place)
    start_queued()
    return store.load(run.folder)


def _require_own(run: Run) -> None:
    if run.is_reference:
        raise RunError(
            f"Expected a run of your own. Received: {run.run_id}, which comes with the project and "
            f"cannot be changed. Train your own copy: {repeating(run.config)}"
        )


def _end(run: Run, message: str) -> None:
    """Report that a run without a process has ended, and restore the model it had before."""
    view = run.view
    result = {"result": view.result.to_json()} if view.result.is_model else {}
    previous_model.put_back(run.folder)
    job.report(run.folder, "stopped", message=message, **result, **run.counts)


def _require_both_sides(dataset: Dataset, config: RunConfig) -> None:
    """Check that there are enough labelled photos of both classes.

    Raises:
        ConfigError: if the dataset is too small.
        DatasetError: if photos lack labels, with the names that could give them some.
    """
    try:
        require_splittable(dataset.usable, config.split_rule, classes=dataset.classes)
    except ConfigError as error:
        raise unlabelled.error(dataset) or error from None


def _about(config: RunConfig, given: Path, dataset: Dataset) -> About:
    """Return the fields of ``config.json`` other than the settings."""
    found, person = summarise(dataset), people.current()
    return About(
        command=repeating(config),
        dataset=DatasetReference(
            name=opening.display_name(given),
            fingerprint=found.fingerprint,
            images=found.images,
            cats=found.cats,
            dogs=found.dogs,
            classes=UNSET if dataset.classes.are_pets else dataset.classes,
        ),
        annotations=Decisions(
            hash=annotations.content_hash(dataset.records),
            excluded=found.excluded,
            relabelled=found.relabelled,
            near_duplicates=duplicates.content_hash(dataset.root),
            label_map=labelling.content_hash(dataset.root) or UNSET,
            corrections=dataset.joined_corrections or UNSET,
        ),
        versions=_packages(),
        started_by=person.name if person.is_known else UNSET,
        git_commit=_git("rev-parse", "HEAD"),
        uncommitted=_has_changes(),
        machine=this_machine(),
    )


def _packages() -> dict[str, str]:
    """Return the version of each installed package, by name."""
    found: dict[str, str] = {}
    for one in distributions():
        # A broken installation leaves entries without a name. Python imports the first of a name.
        if name := one.metadata["Name"]:
            found.setdefault(name.lower(), one.version)
    return found


def _has_changes() -> bool | UnsetType:
    """Return whether the code differs from the commit, where there is one."""
    changes = _git("status", "--porcelain", "--untracked-files=no")
    return UNSET if changes is None else bool(changes)


def _git(*arguments: str) -> str | None:
    return hardware.answer("git", "-C", str(paths.PROJECT_ROOT), *arguments)
