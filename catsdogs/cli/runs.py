"""Commands on runs: train, list, show, remark, stop, resume, extend, delete."""

from argparse import Namespace
from contextlib import suppress
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from catsdogs.cli import tables
from catsdogs.cli.outcome import Outcome, status_with
from catsdogs.cli.progress import progress, say
from catsdogs.cli.run_progress import Report, watching
from catsdogs.dataset import index
from catsdogs.errors import RunError
from catsdogs.runs import layout, queue, store
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State, to_json
from catsdogs.runs.run import Remarks, Run
from catsdogs.sources import opening


def train(options: Namespace) -> Outcome:
    """Train a model, following it to its end; Ctrl-C asks it to stop gracefully."""
    settings = {field.name: getattr(options, field.name) for field in fields(RunConfig)}
    settings["data"] = str(options.data.expanduser().absolute())
    config = RunConfig(**settings)
    # Scan with a progress bar first; the start then finds the scan in the cache.
    with progress("scan") as advance:
        index.scan(opening.open_source(Path(config.data)), progress=advance)
    return _followed(queue.start(config))


def list_runs(_: Namespace) -> Outcome:
    """List all runs; folders that hold no usable run go to stderr."""
    runs, broken = store.list_runs()
    for error in broken:
        say(str(error))
    return Outcome([_brief(run) for run in runs], tables.run_table(runs))


def show(options: Namespace) -> Outcome:
    """Show a run's settings, state, epochs and result."""
    run = store.find(options.run)
    epochs = [to_json(epoch) for epoch in run.view.epochs]
    result = {**_brief(run), **run.about.to_json()}
    result |= {"epochs": epochs, "result": run.result.to_json()}
    return Outcome(result, tables.run_details(run))


def remark(options: Namespace) -> Outcome:
    """Give a run a name, a note or a star; what is not given stays."""
    run = store.find(options.run)
    said = {field.name: getattr(options, field.name) for field in fields(Remarks)}
    said = {name: value for name, value in said.items() if value is not None}
    store.remark(run, replace(run.remarks, **said))
    run = store.load(run.folder)
    return Outcome(_brief(run), tables.run_details(run))


def stop(options: Namespace) -> Outcome:
    """Ask a run to stop and wait until it has; Ctrl-C ends it at once."""
    run = store.find(options.run)
    queue.request_stop(run)
    with watching() as report:
        run = _stopped(run, report)
    return _ended(run)


def resume(options: Namespace) -> Outcome:
    """Resume a run that was stopped, failed or lost, and follow it to its end."""
    return _followed(queue.resume(store.find(options.run)))


def extend(options: Namespace) -> Outcome:
    """Train a finished run for more epochs, and follow it to its end."""
    return _followed(queue.extend(store.find(options.run), options.epochs))


def delete(options: Namespace) -> Outcome:
    """Delete a run."""
    run = store.find(options.run)
    queue.delete(run)
    result = {"run": run.run_id, "deleted": True}
    return Outcome(result, [tables.facts({"deleted": run.run_id})])


def _followed(run: Run) -> Outcome:
    """Follow a run to its end. The first Ctrl-C stops it gracefully, the second at once."""
    with watching() as report:
        try:
            run = queue.follow(run, report)
        except KeyboardInterrupt:
            run = _stopped(run, report)
    return _ended(run)


def _stopped(run: Run, report: Report) -> Run:
    """Stop a run gracefully and follow it to its end; on Ctrl-C, end it at once."""
    try:
        with suppress(RunError):  # It has just ended, or was asked to stop already.
            queue.request_stop(run)
        return queue.follow(run, report)
    except KeyboardInterrupt:
        queue.kill(store.load(run.folder))
        run = store.load(run.folder)
        report(run)
        return run


def _ended(run: Run) -> Outcome:
    """Return the outcome of a run that has ended."""
    if run.state is State.LOST:
        raise RunError(
            f"Expected {run.run_id} to end by itself. Received: its process is gone (killed, out "
            f"of memory or a power cut). See {run.folder / layout.LOG}, then go on with: "
            f"python -m catsdogs runs resume {run.run_id}"
        )
    if run.state is State.FAILED:
        raise RunError(f"{run.run_id} failed: {run.message}")
    if run.message:
        say(run.message)
    result = {"run": run.run_id, "state": str(run.state), **run.result.to_json()}
    return Outcome(result, tables.ended_run(run), status_with(run.view.skipped))


def _brief(run: Run) -> dict[str, Any]:
    return {
        "run": run.run_id,
        "state": str(run.state),
        "model": run.config.model,
        "recipe": run.config.recipe,
        "data": run.about.dataset.name,
        "val_accuracy": run.result.val_accuracy if run.is_usable else None,
        "message": run.message or None,
        "reference": run.is_reference,
        "caveat": run.caveat or None,
        **asdict(run.remarks),
    }
