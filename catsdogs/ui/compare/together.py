"""Three to six runs together: in a sentence, in tables, and in one chart of each kind."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from catsdogs.charts import cost as cost_chart
from catsdogs.charts import evaluation as evaluation_charts
from catsdogs.charts.style import CONFIG, run_colour
from catsdogs.comparison.several import LEAST, MOST, Several
from catsdogs.evaluation.metrics import THRESHOLD
from catsdogs.inference.latency import Latency
from catsdogs.reports import comparison_text, several_text
from catsdogs.runs.run import Run
from catsdogs.text import literal, printable
from catsdogs.ui.shared import cache, problems

_CHARTS = "compare_together_charts"


def show(named: Mapping[str, Run]) -> None:
    """Compare the runs, by name; say how many are needed if they are too few."""
    if len(named) < LEAST:
        st.caption(f"Choose {LEAST} to {MOST} runs to see verdicts and charts for all of them.")
        return
    with problems.shown():
        several = cache.several(list(named.values()))
        _compared(several, {run.run_id: name for name, run in named.items()})


def _compared(several: Several, names: Mapping[str, str]) -> None:
    st.markdown(f"**{literal(several_text.headline(several, names))}**")
    latencies: Mapping[str, Latency] = {}
    with problems.shown():
        latencies = cache.latencies(list(several.runs.values()))
    table = several_text.metric_table(several, names, latencies)
    _table(table, "metrics", "Metrics of the chosen runs on the photos that all of them share")
    if latencies:
        st.caption(comparison_text.ABOUT_LATENCY)
    st.markdown("**Each pair**", help=several_text.ABOUT_PAIRS)
    _table(several_text.pair_table(several, names), "pairs", "A verdict for each pair of runs")
    _charts(several, names, latencies)


def _charts(several: Several, names: Mapping[str, str], latencies: Mapping[str, Latency]) -> None:
    """Show the charts; they are drawn once, because moving the threshold does not change them."""
    drawn, *by, charts = st.session_state.get(_CHARTS, (None, None, None, {}))
    if drawn is not several or by != [names, latencies]:
        charts = _drawn(several, names, latencies)
        st.session_state[_CHARTS] = several, names, latencies, charts
    for number, (name, figure) in enumerate(charts.items()):
        if number % 2 == 0:
            columns = st.columns(2)
        with columns[number % 2]:
            st.plotly_chart(
                figure,
                key=f"compare_together_chart_{number}",
                config=CONFIG,
                alt=f"{name} of the chosen runs",
            )


def _drawn(
    several: Several, names: Mapping[str, str], latencies: Mapping[str, Latency]
) -> dict[str, go.Figure]:
    colours = {names[run_id]: run_colour(run) for run_id, run in several.runs.items()}
    answers = {names[run_id]: table for run_id, table in several.answers.items()}
    accuracies = {names[run_id]: found for run_id, found in several.accuracies.items()}
    errors = {names[run_id]: found.ece for run_id, found in several.evaluations.items()}
    charts = {
        "Accuracy": evaluation_charts.accuracies(accuracies, colours),
        "Reliability": evaluation_charts.reliability(
            answers, errors, colours, classes=several.classes
        ),
    }
    if latencies:
        charts["Accuracy and speed"] = cost_chart.cost(_costs(several, names, latencies))
    if evaluation_charts.has_both_classes(answers):
        charts["ROC"] = evaluation_charts.roc(answers, THRESHOLD, colours, classes=several.classes)
    return charts


def _costs(
    several: Several, names: Mapping[str, str], latencies: Mapping[str, Latency]
) -> pd.DataFrame:
    """Return what ``charts.cost.cost`` draws, for the runs that have a model."""
    accuracies = several.accuracies
    rows = [
        {
            "run": names[run_id],
            "label": names[run_id],
            "colour": run_colour(run),
            "dataset": printable(run.about.dataset.name),
            "fingerprint": run.about.dataset.fingerprint,
            "accuracy": accuracies[run_id].value,
            "low": accuracies[run_id].low,
            "high": accuracies[run_id].high,
            "milliseconds": latencies[run_id].median_ms,
            "megabytes": run.result.model_bytes / 1e6,
        }
        for run_id, run in several.runs.items()
        if run_id in latencies
    ]
    return pd.DataFrame(rows)


def _table(table: object, name: str, alt: str) -> None:
    st.dataframe(table, hide_index=True, key=f"compare_together_{name}", alt=alt)
