"""Tables of the commands on searches."""

from typing import Any

from rich.text import Text

from catsdogs.cli.fitting import Cell, Grid
from catsdogs.cli.tables import Readable, ShellCommand, cell, facts, percent
from catsdogs.runs.run import Run
from catsdogs.runs.search import Search
from catsdogs.text import counted


def trial_line(of: Search, number: int, run: Run) -> str:
    """Return a trial in a line: its number, its values, its state and its metrics."""
    values = ", ".join(f"{name} {_value(getattr(run.config, name))}" for name in of.names)
    found = run.result
    metrics = f", loss {found.val_loss:.4f}, accuracy {percent(found.val_accuracy)}"
    shown = metrics if run.is_usable and not run.state.is_active else ""
    return f"trial {number} of {of.settings.trials}: {values}  {run.state}{shown}"


def search_table(searches: list[dict[str, Any]]) -> Readable:
    """Return a table with a row per search."""
    if not searches:
        return [cell("No searches yet. Start one: python -m catsdogs train --search …")]
    titles = ("Search", "State", "Searched", "Trials>", "Best>", "Expected>")
    rows: list[list[Cell]] = [
        [
            cell(one["search"]),
            cell(one["state"]),
            cell(" ".join(one["searched"])),
            f"{one['ended']}/{one['trials']}",
            _percent(one["best_accuracy"]),
            _percent(one["expected_accuracy"]),
        ]
        for one in searches
    ]
    return [Grid(titles, rows, shorten=("Searched",))]


def search_details(of: Search, document: dict[str, Any]) -> Readable:
    """Return a search: its settings, its trials, the best of them and how good that is."""
    settings, result = of.settings, of.result
    shares = result.importance if result else {}
    important = [f"{name} {share:.0%}" for name, share in shares.items()]
    found = facts(
        {
            "search": of.name,
            "state": document["state"],
            "model": f"{of.base.model}, {of.base.recipe} recipe",
            "searched": " ".join(settings.space),
            "trials": f"{document['ended']} of {settings.trials}, {settings.sampler}"
            + (", pruned" if settings.prune else "")
            + (f", {settings.at_once} at once" if settings.at_once > 1 else "")
            + f", seed {settings.seed}",
            "importance": (
                f"{', '.join(important)}; learned from {counted(result.importance_trials, 'trial')}"
                if result and important
                else None
            ),
        }
    )
    parts: Readable = [found]
    if document["runs"]:
        parts.append(_trials(document, of.names))
    if result is not None:
        parts += [Text(""), Text(f"Best: trial {result.trial}, {result.run}. {result.optimism}")]
        parts += [Text(result.tested)] if result.tested else []
    if document["state"] == "stopped":
        command = f"python -m catsdogs runs search {of.name} --resume"
        parts += [Text(""), Text("To continue it:"), ShellCommand(command)]
    return parts


def _trials(document: dict[str, Any], names: list[str]) -> Grid:
    best = (document["best"] or {}).get("run")
    rows = [
        [
            str(one["trial"]),
            *(_value(one["values"][name]) for name in names),
            cell(one["state"]),
            "–" if one["val_loss"] is None else f"{one['val_loss']:.4f}",
            _percent(one["val_accuracy"]),
            cell(one["run"]),
            "★ best" if one["run"] == best else "",
        ]
        for one in document["runs"]
    ]
    titles = ("Trial>", *(f"{name}>" for name in names), "State", "Val loss>", "Val accuracy>")
    return Grid((*titles, "Run", ""), rows, drop=("State",), shorten=("Run",))


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _percent(share: float | None) -> str:
    return "–" if share is None else percent(share)
