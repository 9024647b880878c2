"""The text that people read on stdout; programs ask for JSON instead.

A text is a list of parts: tables, fitted to the terminal, and lines, left whole so that they can be
copied. Names and messages from outside are shown literally: they cannot format or colour anything.
"""

import io
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import isnan
from typing import Any

from msgspec import UNSET
from rich import box
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from catsdogs.dataset.listing import ASIDE
from catsdogs.health.flags import FLAGS
from catsdogs.runs.about import DatasetReference
from catsdogs.runs.events import State
from catsdogs.runs.result import RunResult
from catsdogs.runs.run import Run
from catsdogs.text import duration, printable

Readable = list[Table | Text]
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
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Some terminals, and older Windows pipes, lack some characters.
        sys.stdout.reconfigure(errors="backslashreplace")
    on_terminal = sys.stdout.isatty()
    console = Console(markup=False, emoji=False, highlight=False, force_terminal=on_terminal)
    width = console.width if on_terminal else _NO_WIDTH
    for number, part in enumerate(parts):
        if isinstance(part, Text):
            console.print(part, soft_wrap=True)
        else:
            folds = any(not column.no_wrap for column in part.columns)
            # The terminal wraps tables that cannot fold, so ids can be copied.
            console.width = width if folds else _NO_WIDTH
            if number:
                console.print()
            console.print(part)


def facts(values: Mapping[str, object]) -> Table:
    """Return "name  value" lines; None values are left out."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in values.items():
        if value is not None:
            grid.add_row(name, cell(value))
    return grid


def run_table(runs: list[Run]) -> Readable:
    """Return a table with a row per run."""
    if not runs:
        return [cell("No runs yet. Train one: python -m catsdogs train --help")]
    columns = ("Run", "State", "Model", "Recipe", "Data", "Epochs>", "Accuracy>", "Started")
    table = new_table(*columns)
    for run in runs:
        table.add_row(
            Text("\n").join(map(cell, filter(None, [run.run_id, starred(run)]))),
            Text(run.state, style=_STYLES.get(run.state, "")),
            cell(run.config.model),
            cell(run.config.recipe),
            cell(run.about.dataset.name),
            f"{run.epochs_done}/{run.epochs_planned}",
            f"{run.result.val_accuracy:.2%}" if run.is_usable else "–",
            _started(run),
        )
    return [table]


def starred(run: Run) -> str:
    """Return a run's star, its owner's name for it, and whether it is a reference run."""
    star = "★" if run.remarks.starred else ""
    origin = "(reference)" if run.is_reference else ""
    return " ".join(filter(None, [star, run.remarks.name, origin]))


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
    return [*text, Text("\nTo repeat it:"), cell(run.command)]


def scanned(result: dict[str, Any]) -> Readable:
    """Return the counts and sizes of a dataset."""
    names = ("unlabelled", "excluded", "relabelled", "other_files")
    others = {name.replace("_", " "): f"{result[name]:,}" for name in names if result[name]}
    aside = [f"{n:,} {reason}" for reason, n in result["skipped"].items() if reason in ASIDE]
    counts = facts(
        {
            "images": f"{result['images']:,}: {result['cats']:,} cats, {result['dogs']:,} dogs",
            **others,
            "passed over": ", ".join(aside) or None,
            "width": _range(result["width"]),
            "height": _range(result["height"]),
            "unreadable": f"{len(result['unreadable']):,}",
            "time": _seconds(result["seconds"]),
        }
    )
    closed = [(folder["path"], folder["reason"]) for folder in result["unreadable_folders"]]
    folders = _listed(closed, "Unreadable folder", "Why") if closed else []
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
                **{FLAGS[name].title.lower(): len(found) for name, found in result["odd"].items()},
                "not checked": result["not_checked"] or None,
                "time": _seconds(result["seconds"]),
            }
        ),
        *unreadable_files(result["unreadable"]),
    ]
    if suspects:
        doubts = [(s["path"], s["label"], f"{s['p_label']:.2%}", s["hint"]) for s in suspects]
        text += _listed(doubts, "Suspect label", "Label", "Probability>", "Hint")
    if result["shortcuts"]:
        rows = [
            (s["shortcut"], f"{s['accuracy']:.1%} ± {s['standard_error']:.1%}")
            for s in result["shortcuts"]
        ]
        text += _listed(rows, "Shortcut", "Balanced accuracy with nothing else>")
    return text


def new_table(*columns: str, folds: Sequence[str] = ()) -> Table:
    """Return an empty table; a column that ends in ">" is aligned to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for name in columns:
        title = name.removesuffix(">")
        table.add_column(
            title,
            justify="left" if title == name else "right",
            overflow="fold",
            no_wrap=title not in folds,
        )
    return table


def _listed(rows: Sequence[Sequence[str]], *columns: str) -> Readable:
    table = new_table(*columns, folds=columns)
    for row in rows[:_MOST_ROWS]:
        table.add_row(*map(cell, row))
    more = len(rows) - _MOST_ROWS
    return [table, *([cell(f"and {more:,} more, see --json")] if more > 0 else [])]


def unreadable_files(failed: list[dict[str, str]]) -> Readable:
    """Return a table of files with the reason for each."""
    if not failed:
        return []
    rows = [(entry["path"], entry.get("detail") or entry["reason"]) for entry in failed]
    return _listed(rows, "Unreadable", "Why")


def _epoch_table(run: Run) -> Table:
    table = new_table("Epoch>", "Loss>", "Accuracy>", "Val loss>", "Val accuracy>", "")
    for epoch in run.view.epochs:
        table.add_row(
            str(epoch.epoch),
            f"{epoch.loss:.4f}",
            f"{epoch.accuracy:.2%}",
            f"{epoch.val_loss:.4f}",
            f"{epoch.val_accuracy:.2%}",
            "★ best" if epoch.epoch == run.view.best_epoch else "",
        )
    return table


def _metrics(result: RunResult) -> dict[str, str]:
    """Return the metrics of a run with a model; nothing for one without."""
    if not result.is_model:
        return {}
    seconds = result.seconds
    parts = [f"{name} {_seconds(s)}" for name, s in seconds.items() if s and name != "total"]
    return {
        "accuracy": f"{result.val_accuracy:.2%} of {result.val_images:,} validation images",
        "loss": f"{result.val_loss:.4f}",
        "learned from": f"{result.train_images:,} images",
        "parameters": f"{result.parameters:,}",
        "forward pass": f"{result.latency_ms:.1f} ms an image",
        "model file": _size(result.model_bytes),
        "time": f"{_seconds(result.total_s)}: {', '.join(parts)}",
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


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)


def cell(value: object) -> Text:
    """Return a value as printable text."""
    return Text(printable(str(value)))
