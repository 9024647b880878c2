"""Searches on the command line: ``train --search``, ``runs searches``, ``runs search``."""

import time
from typing import Any

from msgspec import to_builtins

from catsdogs.background import tasks
from catsdogs.background.tasks import Task, TaskState
from catsdogs.cli import search_tables
from catsdogs.cli.outcome import Outcome
from catsdogs.cli.progress import say
from catsdogs.errors import CatsDogsError, ConfigError, RunError
from catsdogs.runs import search, store
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State
from catsdogs.runs.run import Run
from catsdogs.runs.search import Search, SearchSettings
from catsdogs.searching import driver

_POLL_S = 0.3


def start(
    base: RunConfig,
    *,
    searched: list[str],
    trials: int | None,
    sampler: str | None,
    prune: bool,
    seed: int | None,
    at_once: int | None,
    on: str,
) -> Outcome:
    """Start a search, or continue the one with the same settings, and follow it to its end."""
    given: dict[str, Any] = {"trials": trials, "sampler": sampler, "seed": seed, "at_once": at_once}
    settings = SearchSettings(
        base=base.to_json(),
        space=tuple(searched),
        prune=prune,
        on=on,
        **{name: value for name, value in given.items() if value is not None},
    )
    return _followed(driver.create(base, settings))


def require_unused(**options: object) -> None:
    """Refuse the options of a search where there is none.

    Raises:
        ConfigError: naming the first one that is given.
    """
    for name, value in options.items():
        if value:
            raise ConfigError(
                f"Expected --{name.replace('_', '-')} together with --search. Received: no "
                "--search. Add it, such as --search rate=1e-4..1e-2."
            )


def list_searches() -> Outcome:
    """List all searches; folders that hold no usable one go to stderr."""
    found, broken = search.list_searches()
    for error in broken:
        say(str(error))
    runs = store.list_runs()[0]
    result = [{"search": one.name, "state": _state(one), **_brief(one, runs)} for one in found]
    return Outcome(result, search_tables.search_table(result))


def show(*, search_name: str, resume: bool) -> Outcome:
    """Show a search, or continue it and follow it to its end."""
    found = search.find(search_name)
    return _followed(found) if resume else _shown(found)


def _followed(of: Search) -> Outcome:
    """Carry a search on and follow it to its end; Ctrl-C stops it after the current batch."""
    say(f"search {of.name}")
    if of.is_complete:
        return _shown(search.load(of.name))
    task = driver.start(of)
    reported = _report(of, set())
    while task.is_running:
        try:
            time.sleep(_POLL_S)
        except KeyboardInterrupt:
            say("stopping the search: the current run keeps its model …")
            tasks.cancel(task)
        reported = _report(of, reported)
        task = driver.find(of) or task
    _report(of, reported)
    _require_done(of, task)
    return _shown(search.load(of.name))


def _require_done(of: Search, task: Task) -> None:
    if task.state is not TaskState.DONE:
        raise RunError(
            f"{task.message} To continue: python -m catsdogs runs search {of.name} --resume"
        )


def _report(of: Search, reported: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Print each new state of a trial; return the states that were printed so far."""
    try:
        trials = of.trials(store.list_runs()[0])
    except CatsDogsError:
        return reported
    for number, run in trials.items():
        key = (number, run.state)
        # A run that is about to be queued looks lost for a moment.
        if key not in reported and run.state is not State.LOST:
            say(search_tables.trial_line(of, number, run))
        reported = reported | {key}
    return reported


def _shown(of: Search) -> Outcome:
    runs = of.trials(store.list_runs()[0])
    result: dict[str, Any] = {
        "search": of.name,
        "state": _state(of),
        **_brief(of, list(runs.values())),
        "settings": to_builtins(of.settings),
        "runs": [_trial(number, run, of.names) for number, run in runs.items()],
        "best": of.result and to_builtins(of.result),
    }
    if of.result:
        result["optimism"], result["tested"] = of.result.optimism, of.result.tested or None
    return Outcome(result, search_tables.search_details(of, result))


def _trial(number: int, run: Run, names: list[str]) -> dict[str, Any]:
    return {
        "trial": number,
        "run": run.run_id,
        "state": str(run.state),
        "message": run.message or None,
        "values": {name: getattr(run.config, name) for name in names},
        "val_loss": run.result.val_loss if run.is_usable else None,
        "val_accuracy": run.result.val_accuracy if run.is_usable else None,
    }


def _brief(of: Search, runs: list[Run]) -> dict[str, Any]:
    ended = [run for run in of.trials(runs).values() if not run.state.is_active]
    return {
        "model": of.base.model,
        "searched": list(of.settings.space),
        "ended": len(ended),
        "trials": of.settings.trials,
        "best_run": of.result and of.result.run,
        "best_accuracy": of.result and of.result.accuracy,
        "expected_accuracy": of.result and of.result.expected_accuracy,
    }


def _state(of: Search) -> str:
    """Return "finished", "running", or "stopped" for one that can be continued."""
    task = driver.find(of)
    if of.is_complete:
        return "finished"
    return "running" if task and task.is_running else "stopped"
