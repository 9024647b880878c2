"""What people read on stdout where a program would ask for JSON.

A text is a list of parts: tables, which are fitted to the terminal, and lines, which are not broken
so that they can be copied. Whatever comes from outside is shown as it is: it neither formats nor
colours anything.
"""

import io
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from catsdogs.health.flags import FLAGS
from catsdogs.labels import CLASS_NAMES
from catsdogs.runs.events import State
from catsdogs.runs.store import Run
from catsdogs.text import duration, printable

Readable = list[Table | Text]
# A pipe has no width; nothing is broken or cut for it.
_NO_WIDTH = 100_000
_MOST_ROWS = 20
_CHANCE = 0.05
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
        # Not every terminal, and no old Windows pipe, has a character for everything.
        sys.stdout.reconfigure(errors="backslashreplace")
    on_terminal = sys.stdout.isatty()
    console = Console(markup=False, emoji=False, highlight=False, force_terminal=on_terminal)
    width = console.width if on_terminal else _NO_WIDTH
    for number, part in enumerate(parts):
        if isinstance(part, Text):
            console.print(part, soft_wrap=True)
        else:
            folds = any(not column.no_wrap for column in part.columns)
            # Lines of a table that cannot fold are broken by the terminal: ids can be copied.
            console.width = width if folds else _NO_WIDTH
            if number:
                console.print()
            console.print(part)


def facts(values: Mapping[str, object]) -> Table:
    """Return "name  value" lines; what is None is left out."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in values.items():
        if value is not None:
            grid.add_row(name, _text(value))
    return grid


def run_table(runs: list[Run]) -> Readable:
    """Return a line a run."""
    if not runs:
        return [_text("No runs yet. Train one: python -m catsdogs train --help")]
    columns = ("Run", "State", "Model", "Recipe", "Data", "Epochs>", "Accuracy>", "Started")
    table = _table(*columns)
    for run in runs:
        table.add_row(
            _text(run.run_id),
            Text(run.state, style=_STYLES.get(run.state, "")),
            _text(run.config.model),
            _text(run.config.recipe),
            _text(run.about["dataset"]["name"]),
            f"{run.epochs_done}/{run.epochs_planned}",
            f"{run.result['val_accuracy']:.2%}" if run.result else "–",
            _started(run),
        )
    return [table]


def ended_run(run: Run) -> Readable:
    """Return how a run that was followed to its end did."""
    return [facts({"run": run.run_id, "state": run.state, **_figures(run.result)})]


def run_details(run: Run) -> Readable:
    """Return everything about a run: settings, data, epochs, figures."""
    config, dataset = run.config, run.about["dataset"]
    text: Readable = [
        facts(
            {
                "run": run.run_id,
                "state": run.state,
                "message": run.message or None,
                "model": f"{config.model}, {config.recipe} recipe",
                "data": _data(dataset),
                "started": _started(run),
                "epochs": f"{run.epochs_done} of {run.epochs_planned}",
                "batch size": config.batch_size,
                "learning rate": f"{config.peak_learning_rate:g}, {config.learning_rate_schedule}",
                "seed": config.seed,
                **_figures(run.result),
                "folder": run.folder,
            }
        )
    ]
    if run.view.epochs:
        text.append(_epoch_table(run))
    return [*text, Text("\nTo repeat it:"), _text(config.command())]


def scanned(result: dict[str, Any]) -> Readable:
    """Return what is in a dataset."""
    names = ("unlabelled", "excluded", "relabelled", "other_files")
    others = {name.replace("_", " "): f"{result[name]:,}" for name in names if result[name]}
    counts = facts(
        {
            "images": f"{result['images']:,}: {result['cats']:,} cats, {result['dogs']:,} dogs",
            **others,
            "width": _range(result["width"]),
            "height": _range(result["height"]),
            "unreadable": f"{len(result['unreadable']):,}",
            "time": _seconds(result["seconds"]),
        }
    )
    return [counts, *_unreadable(result["unreadable"])]


def checked(result: dict[str, Any]) -> Readable:
    """Return what is wrong with a dataset, the worst first; JSON has all of it."""
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
        *_unreadable(result["unreadable"]),
    ]
    if suspects:
        doubts = [(s["path"], s["label"], f"{s['p_label']:.2%}", s["hint"]) for s in suspects]
        text += _listed(doubts, "Suspect label", "Label", "Probability>", "Hint")
    if result["shortcuts"]:
        learned = [
            (s["shortcut"], f"{s['accuracy']:.1%} ± {s['standard_error']:.1%}")
            for s in result["shortcuts"]
        ]
        text += _listed(learned, "Shortcut", "Balanced accuracy with nothing else>")
    return text


def evaluated(result: dict[str, Any]) -> Readable:
    """Return the figures of a run on a dataset, its confusion matrix and its report."""
    auc = result["roc_auc"]
    figures = facts(
        {
            "run": result["run"],
            "images": f"{result['images']:,}",
            "accuracy": f"{result['accuracy']:.2%}",
            "log loss": f"{result['log_loss']:.4f}",
            "Brier score": f"{result['brier']:.4f}",
            "ROC AUC": None if auc is None else f"{auc:.4f}",
        }
    )
    columns = ("Precision>", "Recall>", "F1>")
    matrix = _table("Truly", *(f"Called {name}>" for name in CLASS_NAMES), *columns)
    for name, row in zip(CLASS_NAMES, result["confusion_matrix"], strict=True):
        report = result["report"][name]
        shares = (report[key] for key in ("precision", "recall", "f1-score"))
        matrix.add_row(name, *(f"{n:,}" for n in row), *(f"{share:.2%}" for share in shares))
    return [figures, matrix, *_unreadable(result["unreadable"])]


def compared(result: dict[str, Any]) -> Readable:
    """Return who is right where, and whether the difference could be chance."""
    difference, p = result["difference"], result["mcnemar_p"]
    low, high = (f"{difference[end] * 100:+.2f}" for end in ("low", "high"))
    verdict = "could be chance" if p >= _CHANCE else "is hardly chance"
    figures = facts(
        {
            "A": f"{result['a']}: {result['accuracy_a']:.2%} right",
            "B": f"{result['b']}: {result['accuracy_b']:.2%} right",
            "images": f"{result['images']:,}, which neither was trained on",
            "A − B": f"{difference['value'] * 100:+.2f} points (95% interval: {low} to {high})",
            "McNemar's test": f"p = {p:.3g}: the difference {verdict}",
        }
    )
    table = _table("", "B right>", "B wrong>")
    table.add_row("A right", f"{result['both_right']:,}", f"{result['a_right_b_wrong']:,}")
    table.add_row("A wrong", f"{result['b_right_a_wrong']:,}", f"{result['both_wrong']:,}")
    return [figures, table]


def classified(answers: list[dict[str, Any]]) -> Readable:
    """Return a line an answer; a file that could not be read says why."""
    table = _table("File", "Says", "P(dog)>", "Time>", "Run", folds=("File",))
    failed = []
    for answer in answers:
        if answer["error"]:
            failed.append({"path": answer["file"], "detail": answer["error"]["message"]})
        for result in answer["results"]:
            table.add_row(
                _text(answer["file"]),
                result["label"],
                f"{result['p_dog']:.2%}",
                f"{result['latency_ms']:.1f} ms",
                _text(result["run"]),
            )
    return [*([table] if table.row_count else []), *_unreadable(failed)]


def _table(*columns: str, folds: Sequence[str] = ()) -> Table:
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
    table = _table(*columns, folds=columns)
    for row in rows[:_MOST_ROWS]:
        table.add_row(*map(_text, row))
    more = len(rows) - _MOST_ROWS
    return [table, *([_text(f"and {more:,} more, see --json")] if more > 0 else [])]


def _unreadable(failed: list[dict[str, str]]) -> Readable:
    if not failed:
        return []
    rows = [(entry["path"], entry.get("detail") or entry["reason"]) for entry in failed]
    return _listed(rows, "Unreadable", "Why")


def _epoch_table(run: Run) -> Table:
    table = _table("Epoch>", "Loss>", "Accuracy>", "Val loss>", "Val accuracy>", "")
    for epoch in run.view.epochs:
        table.add_row(
            str(epoch["epoch"]),
            f"{epoch['loss']:.4f}",
            f"{epoch['accuracy']:.2%}",
            f"{epoch['val_loss']:.4f}",
            f"{epoch['val_accuracy']:.2%}",
            "★ best" if epoch["epoch"] == run.view.best_epoch else "",
        )
    return table


def _figures(result: dict[str, Any]) -> dict[str, str]:
    """Return what a run with a model is like; nothing of one without."""
    if not result:
        return {}
    seconds = result["seconds"]
    parts = [f"{name} {_seconds(s)}" for name, s in seconds.items() if s and name != "total"]
    return {
        "accuracy": f"{result['val_accuracy']:.2%} of {result['val_images']:,} validation images",
        "loss": f"{result['val_loss']:.4f}",
        "learned from": f"{result['train_images']:,} images",
        "parameters": f"{result['parameters']:,}",
        "forward pass": f"{result['latency_ms']:.1f} ms an image",
        "model file": decimal(result["model_bytes"]),
        "time": f"{_seconds(seconds['total'])}: {', '.join(parts)}",
    }


def _data(dataset: Mapping[str, Any]) -> str:
    counted = all(name in dataset for name in ("cats", "dogs"))
    counts = f" ({dataset['cats']:,} cats, {dataset['dogs']:,} dogs)" if counted else ""
    return f"{dataset['name']}{counts}"


def _started(run: Run) -> str:
    return f"{datetime.fromisoformat(run.about['created_at']):%Y-%m-%d %H:%M}"


def _range(sizes: Mapping[str, float] | None) -> str | None:
    if sizes is None:
        return None
    return f"{sizes['min']:,} to {sizes['max']:,} px, median {sizes['median']:,.0f} px"


def _groups(groups: Sequence[Sequence[str]]) -> str:
    return f"{sum(map(len, groups)):,} files, in groups: {len(groups):,}" if groups else "0"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)


def _text(value: object) -> Text:
    return Text(printable(str(value)))
