"""The process that carries a search on: ``python -m catsdogs.searching.driver FOLDER``.

It is a task (``catsdogs.background.tasks``) whose subject is the search's name. It outlives the app
and the terminal. Started again after a kill, it continues with the trial it was training.
"""

import signal
import sys
from pathlib import Path
from typing import Any

from catsdogs.background import job, tasks
from catsdogs.background.tasks import Kind, Task
from catsdogs.dataset import index
from catsdogs.distributed import ray_engine
from catsdogs.errors import ConfigError, DatasetError, RunError
from catsdogs.runs import queue, search
from catsdogs.runs.config import RunConfig
from catsdogs.runs.search import Search, SearchSettings
from catsdogs.searching import engine, journal, proposals, space, winner
from catsdogs.searching.proposals import Trial
from catsdogs.searching.trials import Trainer
from catsdogs.sources import opening
from catsdogs.system import locks

KIND = Kind("search", "catsdogs.searching.driver")
TRIALS = "trials"


def create(base: RunConfig, settings: SearchSettings) -> Search:
    """Return the search over runs like ``base``: a new one, or the one with the same settings.

    ``settings`` holds the searched settings as texts; its base and its fingerprint are filled in.

    Raises:
        ConfigError: if the searched settings are not understood or out of range, or more trials are
            to train at once than this machine's workers.
        DatasetError: when the data cannot be opened.
        EngineError: when RAY_ADDRESS is needed and names no cluster.
    """
    searched = space.parsed(settings.space, base)
    trials = proposals.planned_trials(searched, settings)
    if settings.on == ray_engine.LOCAL:
        _require_workers(settings.at_once)
    else:
        ray_engine.required_address()
    dataset = index.scan(opening.open_source(Path(base.data)))
    given = SearchSettings(
        base=base.to_json(),
        space=space.described(searched),
        trials=trials,
        sampler=settings.sampler,
        prune=settings.prune,
        seed=settings.seed,
        at_once=settings.at_once,
        on=settings.on,
        fingerprint=dataset.fingerprint(),
    )
    return search.create(given)


def start(of: Search) -> Task:
    """Start or continue a search in a process of its own, unless it is running.

    Raises:
        OSError: when the process cannot be started.
    """
    return tasks.start(KIND, of.name)


def find(of: Search) -> Task | None:
    """Return the task that carries the search on, or the latest that did."""
    return tasks.find(KIND, of.name)


def carry_on(subject: str, report: tasks.Report, should_stop: tasks.ShouldStop) -> dict[str, Any]:
    """Do the task: carry on the search with the name ``subject``.

    Raises:
        Cancelled: once ``should_stop`` returns True.
        DatasetError: if the photos changed since the search began.
    """
    of = search.load(subject)
    with locks.exclusive(of.folder / search.LOCK, wait=_already_running):
        _require_unchanged(of)
        searched = space.parsed(of.settings.space, of.base)
        ended = journal.read(of)
        total = proposals.planned_trials(searched, of.settings)
        report(TRIALS, len(ended), total)

        def record(trial: Trial) -> None:
            journal.append(of, searched, trial)
            ended.append(trial)
            report(TRIALS, len(ended), total)
            winner.judge(of, searched, ended, is_final=False)

        engine.carry_on(
            searched,
            of.settings,
            ended=tuple(ended),
            epochs=lambda values: space.applied(values, of.base).all_epochs,
            train=Trainer(of, should_stop).train,
            record=record,
        )
        result = winner.judge(of, searched, ended, is_final=True)
    if result is None:
        raise RunError(
            f"Expected a trial with a model. Received: {len(ended)} that all failed. See: python "
            f"-m catsdogs runs search {of.name}"
        )
    return {"run": result.run}


def _require_workers(at_once: int) -> None:
    if at_once > (workers := queue.workers()):
        raise ConfigError(
            f"Expected at most {workers} at once, as CATSDOGS_WORKERS allows. Received: {at_once}. "
            f"Set CATSDOGS_WORKERS={at_once} where the memory is enough for as many runs."
        )


def _require_unchanged(of: Search) -> None:
    found = index.scan(opening.open_source(Path(of.base.data))).fingerprint()
    if found != of.settings.fingerprint:
        raise DatasetError(
            f"Expected the dataset that the search was started on ({of.settings.fingerprint}). "
            f"Received: a different one ({found}), because files or decisions changed. Start a new "
            "search."
        )


def _already_running() -> None:
    raise RunError("Expected a search that nothing carries on. Received: one that is running.")


def main(folder: Path) -> int:
    """Do the task in ``folder``; return the exit status of its process."""
    signal.signal(signal.SIGTERM, lambda *_: job.request_stop(folder))
    return tasks.main(folder, carry_on)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
