"""The text that people read on stdout; programs ask for JSON instead.

A text is a list of parts, each fitted to the terminal. Names and messages from outside are shown
literally: they cannot format or colour anything.
"""

import io
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isnan
from typing import Any

from msgspec import UNSET
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from catsdogs.cli.fitting import Cell, Grid, columns, command_lines, fitted, wrapped
from catsdogs.dataset.listing import ASIDE
from catsdogs.health.flags import FLAGS
from catsdogs.runs.about import DatasetReference
from catsdogs.runs.events import State
from catsdogs.runs.result import RunResult
from catsdogs.runs.run import Run
from catsdogs.text import duration, printable


@dataclass(frozen=True)
class ShellCommand:
    """A command that people copy into a terminal."""

    text: str


# Facts, a table, a sentence, or a command.
Readable = list[Table | Grid | Text | ShellCommand]
# A pipe has no width, so nothing is wrapped or cut.
_NO_WIDTH = 100_000
_MOST_ROWS = 20
_STYLES = {
    State.RUNNING: "cyan",
    State.STOPPING: "cyan",
    State.FINISHED: "green",
    State.STOPPED: "yellow",
    State.FAILED: "red",
    State.LOST: "red",
}


def show(parts: Readable) -> None:
    """Print a text on stdout."""
    width = columns(sys.stdout)
    console = Console(
        markup=False,
        emoji=False,
        highlight=False,
        force_terminal=sys.stdout.isatty(),
        width=width or _NO_WIDTH,
    )
    with console.capture() as captured:
        for number, part in enumerate(parts):
            if number and isinstance(part, Table | Grid):
                console.print()
            console.print(_drawn(part, width), soft_wrap=isinstance(part, Text | ShellCommand))
    # Tables are padded with spaces up to their width.
    write("".join(f"{line.rstrip()}\n" for line in captured.get().split("\n")[:-1]))


def write(text: str) -> None:
    """Write to stdout, whatever characters it lacks, and even if its reader has gone."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Some terminals, and older Windows pipes, lack some characters.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        # The reader closed the pipe. Python still flushes at exit, so give it somewhere to write.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _drawn(part: Table | Grid | Text | ShellCommand, width: int | None) -> Table | Text:
    if isinstance(part, Grid):
        return fitted(part, width)
    if isinstance(part, ShellCommand):
        return Text(command_lines(printable(part.text), width))
    return Text(wrapped(part.plain, width)) if isinstance(part, Text) else part


def facts(values: Mapping[str, object]) -> Table:
    """Return "name  value" lines; None values are left out."""
    grid = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in values.items():
        if value is not None:
            grid.add_row(name, cell(value))
    return grid


def percent(share: float, digits: int = 2) -> str:
    """Return a share of 1 as "98.84 %"."""
    return f"{share * 100:.{digits}f} %"


def run_table(runs: list[Run]) -> Readable:
    """Return a table with a row per run."""
    if not runs:
        return [cell("No runs yet. Train one: python -m catsdogs train --help")]
    titles: Sequence[str] = (
        "Run",
        "State",
        "Model",
        "Recipe",
        "Data",
        "Epochs>",
        "Accuracy>",
        "Started",
    )
    rows = [_run_row(run) for run in runs]
    if any(run.remarks.starred or run.remarks.name for run in runs):
        titles = (*titles, "Name")
        rows = [[*row, cell(starred(run))] for row, run in zip(rows, runs, strict=True)]
    drop = ("Recipe", "Model", "Started", "Data")
    return [Grid(titles, rows, drop=drop, shorten=("Data", "Name"))]


def _run_row(run: Run) -> list[Cell]:
    return [
        cell(run.run_id),
        Text(run.state, style=_STYLES.get(run.state, "")),
        cell(run.config.model),
        cell(run.config.recipe),
        cell(run.about.dataset.name),
        f"{run.epochs_done}/{run.epochs_planned}",
        percent(run.result.val_accuracy) if run.is_usable else "–",
        _started(run),
    ]


def starred(run: Run) -> str:
    """Return a run's star and its owner's name for it."""
    return " ".join(filter(None, ["★" if run.remarks.starred else "", run.remarks.name]))


def ended_run(run: Run) -> Readable:
    """Return the outcome of a run that was followed to its end."""
    caveat = {"note that": run.caveat or None}
    return [facts({"run": run.run_id, "state": run.state, **_metrics(run.result), **caveat})]


def run_details(run: Run) -> Readable:
    """Return everything about a run: settings, data, epochs, metrics."""
    config, dataset = run.config, run.about.dataset
    text: Readable = [
        facts(
            {
                "run": run.run_id,
                "name": starred(run) or None,
                "note": run.remarks.line or None,
                "state": run.state,
                "message": run.message or None,
                "model": f"{config.model}, {config.recipe} recipe",
                "data": _data(dataset),
                "started": _started(run),
                "epochs": f"{run.epochs_done} of {run.epochs_planned}",
                "batch size": config.batch_size,
                "learning rate": f"{config.peak_learning_rate:g}, {config.learning_rate_schedule}",
                "seed": config.seed,
                **_metrics(run.result),
                "note that": run.caveat or None,
                "folder": run.folder,
            }
        )
    ]
    if run.view.epochs:
        text.append(_epoch_table(run))
    return [*text, Text(""), Text("To repeat it:"), ShellCommand(run.command)]


def scanned(result: dict[str, Any]) -> Readable:
    """Return the counts and sizes of a dataset."""
    names = ("unlabelled", "excluded", "relabelled", "other_files")
    others = {name.replace("_", " "): f"{result[name]:,}" for name in names if result[name]}
    aside = [f"{n:,} {reason}" for reason, n in result["skipped"].items() if reason in ASIDE]
    counts = facts(
        {
            "images": f"{result['images']:,}: {result['cats']:,} cats, {result['dogs']:,} dogs",
            **others,
            "ignored": ", ".join(aside) or None,
            "width": _range(result["width"]),
            "height": _range(result["height"]),
            "unreadable": f"{len(result['unreadable']):,}",
            "time": readable(result["seconds"]),
        }
    )
    closed = [(folder["path"], folder["reason"]) for folder in result["unreadable_folders"]]
    folders = _with_reasons("Unreadable folder", closed)
    return [counts, *folders, *unreadable_files(result["unreadable"])]


def checked(result: dict[str, Any]) -> Readable:
    """Return the findings of a check, the worst first; JSON has all of them."""
    exact, near = result["exact_duplicates"], result["near_duplicates"]
    suspects, outliers = result["suspect_labels"], result["outliers"]
    text: Readable = [
        facts(
            {
                "images": f"{result['images']:,}",
                "unreadable": f"{len(result['unreadable']):,}",
                "exact duplicates": _groups(exact),
                "near duplicates": _groups(near),
                "suspect labels": f"{len(suspects):,}",
                "outliers": f"{len(outliers):,}",
                **{_flag(name): f"{len(found):,}" for name, found in result["odd"].items()},
                "not checked": result["not_checked"] or None,
                "time": readable(result["seconds"]),
            }
        ),
        *unreadable_files(result["unreadable"]),
    ]
    if suspects:
        doubts = [(s["path"], s["label"], percent(s["p_label"]), s["hint"]) for s in suspects]
        titles = ("Suspect label", "Label", "Probability>", "Hint")
        text += _listed(titles, doubts, shorten=titles[:1], wrap=titles[-1:])
    if result["shortcuts"]:
        rows = [
            (s["shortcut"], f"{percent(s['accuracy'], 1)} ± {percent(s['standard_error'], 1)}")
            for s in result["shortcuts"]
        ]
        text += _listed(("Shortcut", "Balanced accuracy with nothing else>"), rows)
    return text


def _flag(name: str) -> str:
    """Return a flag's title as facts are named: without a capital, unless it is an acronym."""
    title = FLAGS[name].title
    return title if title[:2].isupper() else f"{title[0].lower()}{title[1:]}"


def _listed(titles: Sequence[str], rows: Sequence[Sequence[str]], **fit: Sequence[str]) -> Readable:
    more = len(rows) - _MOST_ROWS
    return [
        Grid(titles, rows[:_MOST_ROWS], **fit),
        *([Text(f"and {more:,} more; --json lists them all")] if more > 0 else []),
    ]


def unreadable_files(failed: list[dict[str, str]]) -> Readable:
    """Return a table of files with the reason for each."""
    rows = [(entry["path"], entry.get("detail") or entry["reason"]) for entry in failed]
    return _with_reasons("Unreadable", rows)


def _with_reasons(title: str, rows: Sequence[tuple[str, str]]) -> Readable:
    return _listed((title, "Why"), rows, shorten=(title,), wrap=("Why",)) if rows else []


def _epoch_table(run: Run) -> Grid:
    rows = [
        (
            str(epoch.epoch),
            f"{epoch.loss:.4f}",
            percent(epoch.accuracy),
            f"{epoch.val_loss:.4f}",
            percent(epoch.val_accuracy),
            "★ best" if epoch.epoch == run.view.best_epoch else "",
        )
        for epoch in run.view.epochs
    ]
    return Grid(("Epoch>", "Loss>", "Accuracy>", "Val loss>", "Val accuracy>", ""), rows)


def _metrics(result: RunResult) -> dict[str, str]:
    """Return the metrics of a run with a model; nothing for one without."""
    if not result.is_model:
        return {}
    seconds = result.seconds
    parts = [f"{name} {readable(s)}" for name, s in seconds.items() if s and name != "total"]
    return {
        "accuracy": f"{percent(result.val_accuracy)} of {result.val_images:,} validation images",
        "loss": f"{result.val_loss:.4f}",
        "trained on": f"{result.train_images:,} images",
        "parameters": f"{result.parameters:,}",
        "forward pass": f"{result.latency_ms:.1f} ms per image",
        "model file": _size(result.model_bytes),
        "time": f"{readable(result.total_s)}: {', '.join(parts)}",
    }


def _data(dataset: DatasetReference) -> str:
    is_counted = dataset.cats is not UNSET and dataset.dogs is not UNSET
    counts = f" ({dataset.cats:,} cats, {dataset.dogs:,} dogs)" if is_counted else ""
    return f"{dataset.name}{counts}"


def _started(run: Run) -> str:
    return f"{datetime.fromisoformat(run.about.created_at):%Y-%m-%d %H:%M}"


def _range(sizes: Mapping[str, float] | None) -> str | None:
    if sizes is None:
        return None
    return f"{sizes['min']:,} to {sizes['max']:,} px, median {sizes['median']:,.0f} px"


def _groups(groups: Sequence[Sequence[str]]) -> str:
    return f"{sum(map(len, groups)):,} files, in groups: {len(groups):,}" if groups else "0"


def _size(size_bytes: float) -> str:
    return "unknown" if isnan(size_bytes) else decimal(int(size_bytes))


def readable(seconds: float) -> str:
    """Return a duration: 3.2 s, 42 s, 3 min."""
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)


def cell(value: object) -> Text:
    """Return a value as printable text."""
    return Text(printable(str(value)))
