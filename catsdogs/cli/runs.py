"""Commands on runs: train, list, show, report, remark, stop, resume, extend, verify, delete."""

from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.filesize import decimal

from catsdogs.cli import labelling, out_file, run_tables, searches, tables
from catsdogs.cli.outcome import DONE, FAILED, Outcome, status_with
from catsdogs.cli.progress import progress, say
from catsdogs.cli.run_progress import Report, watching
from catsdogs.comparison.repetition import repetition
from catsdogs.dataset import index
from catsdogs.distributed import ray_engine
from catsdogs.errors import ConfigError, DatasetError, EngineError, RunError
from catsdogs.runs import documents, layout, queue, store
from catsdogs.runs.command import repeating
from catsdogs.runs.config import SETTINGS, RunConfig
from catsdogs.runs.events import State
from catsdogs.runs.run import Run
from catsdogs.sources import opening
from catsdogs.sources.typed import typed_path


def train(
    *,
    data: str,
    classes: str | None,
    own_classes: list[str] | None,
    named: list[str] | None,
    search: list[str] | None,
    trials: int | None,
    sampler: str | None,
    prune: bool,
    search_seed: int | None,
    at_once: int | None,
    on: str,
    address: str | None,
    **settings: Any,
) -> Outcome:
    """Train a model and follow the run to its end; Ctrl-C asks it to stop gracefully.

    ``classes``, ``own_classes`` and ``named`` label folders and names (``cli.labelling``).
    ``settings`` are the other fields of ``RunConfig``, which checks them. With ``search``, they are
    the base of a search (``cli.searches``). ``on`` says where to train (``queue.start``), and
    ``address`` which cluster computes.
    """
    if address is not None:
        _use_cluster(address, on, settings["engine"])
    if search is None:
        searches.require_unused(
            trials=trials, sampler=sampler, prune=prune, search_seed=search_seed, at_once=at_once
        )
    config = RunConfig(data=str(typed_path(data)), **settings)
    # Scan with a progress bar first; the start then finds the scan in the cache.
    with progress("scan") as advance:
        dataset = index.scan(opening.open_source(Path(config.data)), progress=advance)
    labelling.remembered(dataset, classes, named, own_classes)
    if search is not None:
        return searches.start(
            config,
            searched=search,
            trials=trials,
            sampler=sampler,
            prune=prune,
            seed=search_seed,
            at_once=at_once,
            on=on,
        )
    return _followed(queue.start(config, on=on))


def _use_cluster(address: str, on: str, engine: str) -> None:
    if ray_engine.RAY not in (on, engine):
        raise EngineError(
            f"Expected --engine {ray_engine.RAY} or --on {ray_engine.RAY} with --address. "
            "Received: neither, so the run would train on this machine."
        )
    ray_engine.use_address(address)


def list_runs() -> Outcome:
    """List all runs; folders that hold no usable run go to stderr."""
    runs, broken = store.list_runs()
    for error in broken:
        say(str(error))
    return Outcome([documents.brief(run) for run in runs], run_tables.run_table(runs))


def show(*, run: str) -> Outcome:
    """Show a run's settings, state, epochs and result."""
    found = store.find(run)
    return Outcome(documents.details(found), run_tables.run_details(found))


def report(*, run: str, out: Path, force: bool) -> Outcome:
    """Write everything about a run to one HTML page that works offline."""
    # scikit-learn, which the report imports, takes a second.
    from catsdogs.reports import run_report

    if out.suffix.lower() != ".html":
        raise ConfigError(f"Expected a file that ends in .html. Received: {out}.")
    found, target = store.find_usable(run), out.expanduser().absolute()
    out_file.require_new(target, force=force)
    out_file.write(target, run_report.report(found).as_html())
    result = {"run": found.run_id, "out": str(out), "bytes": target.stat().st_size}
    shown = {"run": found.run_id, "file": out, "size": decimal(target.stat().st_size)}
    return Outcome(result, [tables.facts(shown)])


def remark(*, run: str, name: str | None, note: str | None, starred: bool | None) -> Outcome:
    """Give a run a name, a note or a star; leave the others as they are."""
    found = store.find(run)
    remarks = {"name": name, "note": note, "starred": starred}
    given: dict[str, Any] = {key: value for key, value in remarks.items() if value is not None}
    store.remark(found, replace(found.remarks, **given))
    remarked = store.load(found.folder)
    return Outcome(documents.brief(remarked), run_tables.run_details(remarked))


def stop(*, run: str) -> Outcome:
    """Ask a run to stop and wait until it has; Ctrl-C ends it at once."""
    found = store.find(run)
    queue.request_stop(found)
    with watching() as report:
        ended = _stopped(found, report)
    return _ended(ended)


def resume(*, run: str) -> Outcome:
    """Resume a run that was stopped, failed or lost, and follow it to its end."""
    return _followed(queue.resume(store.find(run)))


def extend(*, run: str, epochs: int) -> Outcome:
    """Train a finished run for more epochs, and follow it to its end."""
    return _followed(queue.extend(store.find(run), epochs))


def verify(*, run: str, keep: bool) -> Outcome:
    """Train a run again, and compare the predictions and the model of both."""
    found = store.find_with_model(run)
    _require_repeatable(found)
    dataset = index.scan(opening.open_source(Path(found.config.data)))
    if (received := dataset.fingerprint()) != found.about.dataset.fingerprint:
        raise DatasetError(
            f"Expected the dataset that {found.run_id} was trained on "
            f"({found.about.dataset.fingerprint}). Received: a different one ({received}), because "
            "files or decisions changed. Undo the changes, then verify the run."
        )
    say(f"training {found.run_id} again")
    # "auto" may stand for another value by now.
    resolved = {name: value for name, value in found.view.resolved.items() if name in SETTINGS}
    config = RunConfig.from_json({**found.config.to_json(), **resolved})
    again = queue.start(config)
    try:
        _followed(again)
        again = store.load(again.folder)
        if again.state is not State.FINISHED:
            raise RunError(
                f"Expected the repetition of {found.run_id} to finish. Received: one that is "
                f"{again.state}. Verify the run again."
            )
        made = repetition(found, again)
    finally:
        if not keep and not store.load(again.folder).state.is_active:
            queue.delete(again)
    result = {"run": found.run_id, "again": again.run_id, "identical": made.is_identical}
    result |= {**asdict(made), "kept": keep}
    return Outcome(result, run_tables.verified(result), DONE if made.is_identical else FAILED)


def _require_repeatable(run: Run) -> None:
    if run.is_reference:
        raise RunError(
            f"Expected a run of your own. Received: {run.run_id}, whose model was made smaller "
            f"to come with the project. Train it yourself: {repeating(run.config)}"
        )
    if run.state is not State.FINISHED or run.view.extensions:
        received = "one that was extended" if run.view.extensions else f"one that is {run.state}"
        raise RunError(
            f"Expected a finished run of a single training. Received: {received} ({run.run_id}). "
            "Train it again from its command, and compare both."
        )


def delete(*, run: str) -> Outcome:
    """Delete a run."""
    found = store.find(run)
    queue.delete(found)
    result = {"run": found.run_id, "deleted": True}
    return Outcome(result, [tables.facts({"deleted": found.run_id})])


def _followed(run: Run) -> Outcome:
    """Follow a run to its end: the first Ctrl-C stops it gracefully, the second at once."""
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
            f"of memory or a power cut). See {run.folder / layout.LOG}, then continue with: "
            f"python -m catsdogs runs resume {run.run_id}"
        )
    if run.state is State.FAILED:
        raise RunError(f"{run.run_id} failed: {run.message}")
    if run.message:
        say(run.message)
    metrics = run.classes.document(run.result.to_json())
    result = {"run": run.run_id, "state": str(run.state), **metrics}
    if (split := run.view.split) is not None:
        result["left_out"] = split.left_out
    return Outcome(result, run_tables.ended_run(run), status_with(run.view.skipped))
