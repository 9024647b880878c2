"""All trained runs: a table, the spread between seeds, several together, accuracy against cost."""

import statistics
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import pandas as pd
import streamlit as st

from catsdogs.charts import cost as cost_chart
from catsdogs.charts import training as training_charts
from catsdogs.charts.style import CONFIG, run_colour
from catsdogs.comparison.several import MOST
from catsdogs.evaluation import intervals
from catsdogs.evaluation.intervals import Interval
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State
from catsdogs.runs.run import Run
from catsdogs.text import literal, printable
from catsdogs.ui.compare import together
from catsdogs.ui.runs import origin
from catsdogs.ui.shared import run_chips

_CURVES = "curves"  # in the address


def show(runs: list[Run]) -> None:
    """Show the runs that the user's search finds, and the curves of the chosen ones."""
    found = _found(runs)
    if not found:
        st.caption("No run matches.")
        return
    _dataframe(_table(found))
    origin.legend(found)
    for line in seed_spread(found):
        st.markdown(line)
    _together(runs)


def cost(runs: Sequence[Run], named: Collection[str]) -> None:
    """Show the accuracy of all runs against the time for a photo, with the names of some."""
    table = _table(runs)
    table = table.assign(label=table["run"].where(table["run_id"].isin(named), ""))
    weighed = table.dropna(subset=["megabytes", "milliseconds"])
    alt = "Accuracy of all runs over milliseconds per photo"
    st.plotly_chart(cost_chart.cost(weighed), key="compare_cost", config=CONFIG, alt=alt)


def seed_spread(runs: list[Run]) -> list[str]:
    """Return a line of Markdown for each group of runs that differ only in their seed."""
    groups: dict[tuple[RunConfig, str, int, str], list[Run]] = defaultdict(list)
    for run in runs:
        if run.state is State.FINISHED:
            fingerprint = run.about.dataset.fingerprint
            recipe = replace(run.config, seed=0), fingerprint, run.epochs_done, run.began_from
            groups[recipe].append(run)
    # Only the newest of several runs with one seed counts: the others repeat it.
    groups_by_seed = (
        {run.config.seed: run for run in reversed(group)} for group in groups.values()
    )
    return [_spread(by_seed) for by_seed in groups_by_seed if len(by_seed) > 1]


def _spread(by_seed: dict[int, Run]) -> str:
    """Return the mean and the standard deviation of the accuracy of runs, by seed."""
    accuracies = [_accuracy(run).value for run in by_seed.values()]
    seeds = ", ".join(map(str, sorted(by_seed)))
    a_run = next(iter(by_seed.values()))
    return (
        f"**{literal(a_run.config.title)}**, seeds {seeds}: "
        f"{statistics.mean(accuracies):.2%} ± {statistics.stdev(accuracies):.2%} "
        f"(mean and standard deviation{', optimistic' if a_run.caveat else ''})"
    )


def _found(runs: list[Run]) -> list[Run]:
    """Return the runs that the user's search finds."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Find", key="compare_find", placeholder="Name, dataset or note", width=280
        )
        starred = st.toggle("Only starred", key="compare_starred")
    words = text.casefold().split()
    return [
        run
        for run in runs
        if (run.remarks.starred or not starred)
        and all(word in _searched(run).casefold() for word in words)
    ]


def _searched(run: Run) -> str:
    dataset = run.about.dataset
    return f"{run.title} {run.config.title} {run.run_id} {dataset.name} {run.remarks.note}"


def _together(runs: list[Run]) -> None:
    """Compare the chosen runs, and overlay their curves."""
    ids, labels = {run.run_id: run for run in runs}, run_chips.names(runs)
    wanted = st.session_state.get("compare_curves_of", st.query_params.get_all(_CURVES))
    known = [run_id for run_id in wanted if run_id in ids][:MOST]
    # Set in every script run: otherwise the browser keeps the old name of a renamed run.
    st.session_state["compare_curves_of"] = known
    chosen = st.multiselect(
        f"Compare up to {MOST} runs",
        list(ids),
        format_func=lambda run_id: labels[run_id],
        max_selections=MOST,
        placeholder="Choose runs",
        key="compare_curves_of",
    )
    st.query_params[_CURVES] = chosen
    if chosen:
        together.show({labels[run_id]: ids[run_id] for run_id in chosen})
        views = {labels[run_id]: ids[run_id].view for run_id in chosen}
        colours = [run_colour(ids[run_id]) for run_id in chosen]
        for column, metric in zip(st.columns(2), training_charts.METRICS, strict=True):
            column.plotly_chart(
                training_charts.compared_curves(views, metric, colours),
                key=f"compare_many_{metric}",
                config=CONFIG,
                alt=f"{metric.capitalize()} of the chosen runs by epoch",
            )


def _accuracy(run: Run) -> Interval:
    """Return a run's accuracy on its own validation images, with Wilson's interval."""
    images = run.result.val_images
    return intervals.share(round(run.result.val_accuracy * images), images)


def _table(runs: Sequence[Run]) -> pd.DataFrame:
    rows = [_row(run) for run in runs]
    return pd.DataFrame(rows).sort_values("accuracy", ascending=False, kind="stable")


def _row(run: Run) -> dict[str, object]:
    accuracy, result = _accuracy(run), run.result
    return {
        "run": f"{run_chips.name(run)}{' · optimistic' if run.caveat else ''}",
        "run_id": run.run_id,
        "colour": run_colour(run),
        "model": run.config.title,
        "seed": run.config.seed,
        "created": datetime.fromisoformat(run.about.created_at),
        "accuracy": accuracy.value,
        "low": accuracy.low,
        "high": accuracy.high,
        "loss": result.val_loss,
        "images": result.val_images,
        "parameters": result.parameters,
        "megabytes": result.model_bytes / 1e6,
        "milliseconds": result.latency_ms,
        "seconds": result.total_s,
        "dataset": printable(run.about.dataset.name),
        "fingerprint": run.about.dataset.fingerprint,
        "note": run.remarks.line,
    }


def _dataframe(table: pd.DataFrame) -> None:
    number, share = st.column_config.NumberColumn, ["accuracy", "low", "high"]
    st.dataframe(
        table.assign(**{name: 100 * table[name] for name in share}),
        column_config={
            "run": "Run",
            "run_id": None,
            "colour": None,
            "model": "Model",
            "seed": "Seed",
            "created": st.column_config.DatetimeColumn("Started", format="D MMM HH:mm"),
            "accuracy": number("Accuracy", format="%.2f %%"),
            "low": number("95 % from", format="%.2f %%"),
            "high": number("to", format="%.2f %%"),
            "loss": number("Loss", format="%.4f"),
            "images": number("Validation photos", format="localized"),
            "parameters": number("Parameters", format="localized"),
            "megabytes": number("Model, MB", format="%.1f"),
            "milliseconds": number("ms per photo", format="%.1f"),
            "seconds": number("Training, s", format="%.0f"),
            "dataset": "Dataset",
            "fingerprint": st.column_config.TextColumn(
                "Fingerprint", help="The same for runs on the same photos with the same labels."
            ),
            "note": "Note",
        },
        hide_index=True,
        key="compare_runs",
        alt="All trained runs",
    )
