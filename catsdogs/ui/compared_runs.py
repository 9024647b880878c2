"""All trained runs in one table, what a seed alone changes, and what accuracy costs."""

import statistics
from collections import defaultdict
from dataclasses import replace

import pandas as pd
import streamlit as st

from catsdogs import comparison_figures
from catsdogs.evaluation import intervals
from catsdogs.evaluation.intervals import Interval
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State
from catsdogs.runs.store import Run
from catsdogs.ui.text import literal, printable


def show(runs: list[Run]) -> None:
    """Show the table, and below it the chart, closed at first: two runs are the page's matter."""
    with st.expander(f"All {len(runs)} trained runs", icon=":material/table_rows:"):
        table = _table(runs)
        _dataframe(table)
        for line in _spread(runs):
            st.markdown(line)
        st.plotly_chart(comparison_figures.cost(table), key="compare_cost")


def accuracy(run: Run) -> Interval:
    """Return a run's accuracy on its own validation images, with Wilson's interval."""
    images = run.result["val_images"]
    return intervals.share(round(run.result["val_accuracy"] * images), images)


def _table(runs: list[Run]) -> pd.DataFrame:
    rows = []
    for run in runs:
        found, result = accuracy(run), run.result
        rows.append(
            {
                "run": run.title,
                "dataset": printable(run.about["dataset"]["name"]),
                "fingerprint": run.about["dataset"]["fingerprint"],
                "accuracy": found.value,
                "low": found.low,
                "high": found.high,
                "loss": result["val_loss"],
                "images": result["val_images"],
                "parameters": result["parameters"],
                "megabytes": result["model_bytes"] / 1e6,
                "milliseconds": result["latency_ms"],
                "seconds": result["seconds"]["total"],
            }
        )
    return pd.DataFrame(rows)


def _dataframe(table: pd.DataFrame) -> None:
    number = st.column_config.NumberColumn
    st.dataframe(
        table,
        column_config={
            "run": st.column_config.TextColumn("Run", pinned=True),
            "dataset": "Dataset",
            "fingerprint": "Fingerprint",
            "accuracy": number("Accuracy", format="percent"),
            "low": number("95 % from", format="percent"),
            "high": number("to", format="percent"),
            "loss": number("Loss", format="%.4f"),
            "images": number("Validation images", format="localized"),
            "parameters": number("Parameters", format="localized"),
            "megabytes": number("Model, MB", format="%.1f"),
            "milliseconds": number("ms an image", format="%.1f"),
            "seconds": number("Training, s", format="%.0f"),
        },
        hide_index=True,
        key="compare_runs",
    )


def _spread(runs: list[Run]) -> list[str]:
    """Return a line for each group of runs that differ in nothing but their seed."""
    groups: dict[tuple[RunConfig, str, int], list[Run]] = defaultdict(list)
    for run in runs:
        if run.state is State.FINISHED:
            fingerprint = run.about["dataset"]["fingerprint"]
            groups[replace(run.config, seed=0), fingerprint, run.epochs_done].append(run)
    lines = []
    for group in groups.values():
        if len({run.config.seed for run in group}) < 2:
            continue
        found = [accuracy(run).value for run in group]
        seeds = ", ".join(
            str(run.config.seed) for run in sorted(group, key=lambda r: r.config.seed)
        )
        lines.append(
            f"**{literal(group[0].config.title)}**, seeds {seeds}: "
            f"{statistics.mean(found):.2%} ± {statistics.stdev(found):.2%} "
            "(mean and standard deviation)"
        )
    return lines
