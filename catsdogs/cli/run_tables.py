"""Tables of the commands on runs."""

from collections.abc import Sequence
from datetime import datetime
from math import isnan
from typing import Any

from msgspec import UnsetType
from rich.filesize import decimal
from rich.text import Text

from catsdogs.cli.fitting import Cell, Grid
from catsdogs.cli.tables import Readable, ShellCommand, cell, facts, percent, plain, readable
from catsdogs.dataset.balance import Balance
from catsdogs.labels import Classes
from catsdogs.runs import effective, looks
from catsdogs.runs.about import DatasetReference
from catsdogs.runs.doubt import doubt
from catsdogs.runs.events import State
from catsdogs.runs.result import RunResult
from catsdogs.runs.run import Run
from catsdogs.text import counted

_STYLES = {
    State.RUNNING: "cyan",
    State.STOPPING: "cyan",
    State.FINISHED: "green",
    State.STOPPED: "yellow",
    State.FAILED: "red",
    State.LOST: "red",
}


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
        rows = [[*row, cell(_starred(run))] for row, run in zip(rows, runs, strict=True)]
    drop = ("Recipe", "Model", "Started", "Data")
    return [Grid(titles, rows, drop=drop, shorten=("Data", "Name"))]


def ended_run(run: Run) -> Readable:
    """Return the outcome of a run that was followed to its end."""
    ended = {"run": run.run_id, "state": run.state, **_metrics(run)}
    return [facts(ended | _doubted(run))]


def verified(result: dict[str, Any]) -> Readable:
    """Return whether a run that was trained again is the same."""
    others, images = result["other_answers"], result["images"]
    answers = (
        "the same in every bit" if not others else f"{others:,} of {images:,} are not the same"
    )
    return [
        Text(
            f"{result['run']} can be repeated exactly."
            if result["identical"]
            else f"{result['run']} was not repeated exactly."
        ),
        facts(
            {
                "answers": f"{images:,}, {answers}" if not others else answers,
                "largest difference": f"{result['largest_difference']:.2g}",
                "model file": "the same" if result["same_model"] else "not the same",
                "differences": ", ".join(result["differs"]) or "none that are recorded",
                "repetition": result["again"] if result["kept"] else "deleted",
            }
        ),
    ]


def run_details(run: Run) -> Readable:
    """Return everything about a run: settings, data, epochs, metrics."""
    config, dataset = run.config, run.about.dataset
    rate = effective.learning_rate(config)
    text: Readable = [
        facts(
            {
                "run": run.run_id,
                "name": _starred(run) or None,
                "note": run.remarks.line or None,
                "state": run.state,
                "message": run.message or None,
                "model": f"{config.model}, {config.recipe} recipe",
                "data": _data(dataset, run.classes),
                "started": _started(run),
                "epochs": f"{run.epochs_done} of {run.epochs_planned}",
                "batch size": config.batch_size,
                "learning rate": f"{rate:g}, {effective.schedule(config)}",
                "class weights": config.class_weights,
                "seed": config.seed,
                **_metrics(run),
                **_doubted(run),
                "folder": run.folder,
            }
        )
    ]
    if run.view.epochs:
        text.append(_epoch_table(run))
    return [*text, Text(""), Text("To repeat it:"), ShellCommand(run.command)]


def _starred(run: Run) -> str:
    """Return a run's star and its owner's name for it."""
    return " ".join(filter(None, ["★" if run.remarks.starred else "", run.remarks.name]))


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


def _doubted(run: Run) -> dict[str, str | None]:
    """Return the reasons to doubt a run's metrics."""
    found = doubt(run.view, run.config)
    return {"warning": plain(str(found)) if found else None, "note that": run.caveat or None}


def _metrics(run: Run) -> dict[str, str | None]:
    """Return the metrics of a run with a model; nothing for one without."""
    result = run.result
    if not result.is_model:
        return {}
    seconds = result.seconds
    parts = [f"{name} {readable(s)}" for name, s in seconds.items() if s and name != "total"]
    return {
        "accuracy": f"{percent(result.val_accuracy)} of {result.val_images:,} validation images",
        "balanced accuracy": _balanced(result),
        "loss": f"{result.val_loss:.4f}",
        "validated on": _classes(result.val_balance),
        "trained on": _classes(result.train_balance) or f"{result.train_images:,} images",
        "left out": _left_out(run),
        "test set": _test_set(run),
        "parameters": f"{result.parameters:,}",
        "forward pass": f"{result.latency_ms:.1f} ms per image",
        "model file": _size(result.model_bytes),
        "time": f"{readable(result.total_s)}: {', '.join(parts)}",
    }


def _left_out(run: Run) -> str | None:
    split = run.view.split
    if split is None or not split.left_out:
        return None
    return f"{counted(split.left_out, 'image')} with a copy on another side of the split"


def _test_set(run: Run) -> str | None:
    if not run.result.test_images:
        return None
    return f"{counted(run.result.test_images, 'image')}, {looks.said(looks.read(run))}"


def _balanced(result: RunResult) -> str | None:
    """Return the mean recall of both classes, and the accuracy of always naming the larger."""
    known, balance = result.val_balanced_accuracy, result.val_balance
    if isinstance(known, UnsetType) or balance is None:
        return None
    return f"{percent(known)}; {plain(balance.baseline_words)}"


def _classes(balance: Balance | None) -> str | None:
    return plain(f"{balance.images:,} images: {balance.words}") if balance else None


def _data(dataset: DatasetReference, classes: Classes) -> str:
    counts = ""
    if not isinstance(dataset.cats, UnsetType) and not isinstance(dataset.dogs, UnsetType):
        numbers = enumerate((dataset.cats, dataset.dogs))
        counts = f" ({', '.join(classes.counted(label, number) for label, number in numbers)})"
    return f"{dataset.name}{counts}"


def _started(run: Run) -> str:
    return f"{datetime.fromisoformat(run.about.created_at):%Y-%m-%d %H:%M}"


def _size(size_bytes: float) -> str:
    return "unknown" if isnan(size_bytes) else decimal(int(size_bytes))
