"""The details of a comparison, a subject a tab: only the open tab is computed and sent."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from catsdogs.charts import evaluation as evaluation_charts
from catsdogs.charts import training as training_charts
from catsdogs.charts.style import CONFIG, run_colour
from catsdogs.comparison.pair import Pair
from catsdogs.errors import RunError
from catsdogs.evaluation.metrics import DEFAULT_MARGIN
from catsdogs.labels import DOG
from catsdogs.reports import comparison_text, explanations
from catsdogs.runs.run import Run
from catsdogs.text import literal, printable
from catsdogs.ui.compare import runs, slices
from catsdogs.ui.compare.verdict import MARGIN, margin
from catsdogs.ui.exports import section as exports
from catsdogs.ui.runs import origin, test_set
from catsdogs.ui.shared import cache, problems, run_chips


def show(pair: Pair, usable: Sequence[Run], threshold: float) -> None:
    """Show all tabs."""
    _draw(
        {
            "How sure?": lambda: _how_sure(pair),
            "Curves": lambda: _curves(pair, threshold),
            "Thresholds": lambda: _thresholds(pair, threshold),
            "Calibration": lambda: _calibration(pair, threshold),
            "Kinds of photos": lambda: slices.show(pair, threshold),
            **_of_runs(pair.named(pair.runs), usable),
        }
    )


def show_without_answers(chosen: Sequence[Run], usable: Sequence[Run]) -> None:
    """Show the tabs that need no answers, for runs that cannot be compared."""
    names = run_chips.names({run.run_id: run for run in chosen}.values())
    _draw(_of_runs({names[run.run_id]: run for run in chosen}, usable))


def _of_runs(named: Mapping[str, Run], usable: Sequence[Run]) -> dict[str, Callable[[], None]]:
    tests = {"Test set": lambda: test_set.show(named)} if test_set.has_one(named) else {}
    return {
        **tests,
        "Differences": lambda: _differences(named),
        "Training": lambda: _training(named),
        "Cost": lambda: _cost(named, usable),
        "Download": lambda: exports.show(list(named.values()), key="compare_exports"),
        f"All {len(usable)} runs": lambda: runs.show(list(usable)),
    }


def _draw(tabs: Mapping[str, Callable[[], None]]) -> None:
    containers = st.tabs(list(tabs), key="compare_tab", on_change="rerun")
    for container, draw in zip(containers, tabs.values(), strict=True):
        if container.open:
            with container:
                draw()


def _how_sure(pair: Pair) -> None:
    try:
        result = pair.compared(margin())
    except RunError:
        pass  # Explained above: the runs share no photo.
    else:
        st.markdown(literal(comparison_text.evidence(result, pair.names)))
        _equivalence(pair)
        without = pair.compared_without_suspects(margin())
        notes = (
            [comparison_text.without_suspects(without[1], without[0], pair.names)]
            if without
            else []
        )
        for note in [*notes, *comparison_text.left_out(result, pair.names)]:
            st.caption(literal(note))
    _metrics(pair)


def _equivalence(pair: Pair) -> None:
    points = st.number_input(
        "Negligible gap, points",
        min_value=0.1,
        max_value=20.0,
        value=100 * DEFAULT_MARGIN,
        step=0.1,
        format="%.1f",
        key=MARGIN,
        persist_state="session",
        width=200,
        help="A difference in accuracy that does not matter to you. Two runs are equivalent if a "
        "test rules out a larger one.",
    )
    result = pair.compared(points / 100)
    if comparison_text.is_near_margin(result):
        sentence, numbers = comparison_text.equivalence(result)
        st.markdown(f"{literal(sentence)} {literal(numbers)}")
    else:
        st.caption("The gap is clearly larger, so the runs are not equivalent.")


def _metrics(pair: Pair) -> None:
    """Show the metrics of both runs with their intervals."""
    st.markdown(
        "**Metrics with 95 % intervals**", help=literal(explanations.of_metrics(pair.classes))
    )
    st.caption(f"{comparison_text.OWN_METRICS}.")
    table = comparison_text.metric_table(pair.named(pair.metrics), classes=pair.classes)
    st.dataframe(table, key="compare_figures", alt="Metrics of both runs with 95 % intervals")
    if any(metrics.sound is not None for metrics in pair.metrics.values()):
        st.caption(comparison_text.ABOUT_SUSPECTS)
    elif any(pair.roots.values()):
        st.caption("After a health check, the metrics without suspect labels stand here too.")


def _curves(pair: Pair, threshold: float) -> None:
    st.caption(literal(explanations.of_roc(pair.classes)))
    answers, colours = pair.named(pair.answers), _colours(pair)
    left, right = st.columns(2)
    with left:
        roc = evaluation_charts.roc(answers, threshold, colours, classes=pair.classes)
        _chart(roc, "roc", "ROC curves of both runs")
    with right:
        found = evaluation_charts.precision_recall(
            answers, threshold, colours, classes=pair.classes
        )
        _chart(found, "pr", "Precision over recall of both runs")


def _thresholds(pair: Pair, threshold: float) -> None:
    st.caption("Most photos are near 0 or 1. The line is the threshold.")
    classes, answers = pair.classes, pair.named(pair.answers)
    figures = evaluation_charts.histograms(answers, threshold, classes=classes)
    evaluations = pair.named(pair.evaluations(threshold))
    share = st.column_config.NumberColumn(format="%.4f")
    for letter, column, name in zip(pair.runs, st.columns(2), figures, strict=True):
        with column:
            alt = f"Histogram of P({classes.positive}) of {name}"
            _chart(figures[name], f"probabilities_{letter}", alt)
            st.dataframe(
                comparison_text.report(evaluations[name], classes=classes),
                column_config=dict.fromkeys(("precision", "recall", "f1-score"), share),
                key=f"compare_report_{letter}",
                alt=f"Classification report of {name}",
            )
    st.caption(literal(explanations.of_report(classes)))


def _calibration(pair: Pair, threshold: float) -> None:
    st.caption(literal(explanations.of_reliability(pair.classes)))
    evaluations = pair.named(pair.evaluations(threshold))
    errors = {name: found.ece for name, found in evaluations.items()}
    figure = evaluation_charts.reliability(
        pair.named(pair.answers), errors, _colours(pair), classes=pair.classes
    )
    share = f"Share of {pair.classes.plural(DOG)} over P({pair.classes.positive})"
    _chart(figure, "reliability", f"{share} of both runs")


def _differences(named: Mapping[str, Run]) -> None:
    (name_a, a), (name_b, b) = named.items()
    table = comparison_text.difference_table(a, b, {"A": name_a, "B": name_b})
    if table.empty:
        st.caption("No difference is recorded.")
        return
    st.caption("Settings count as they were in effect. Equal ones are left out.")
    st.dataframe(
        table, hide_index=True, key="compare_differs", alt="The differences between the two runs"
    )


def _training(named: Mapping[str, Run]) -> None:
    views = {name: run.view for name, run in named.items()}
    colours = [run_colour(run) for run in named.values()]
    for column, metric in zip(st.columns(2), training_charts.METRICS, strict=True):
        with column:
            figure = training_charts.compared_curves(views, metric, colours)
            _chart(figure, f"curves_{metric}", f"{metric.capitalize()} of both runs by epoch")


def _cost(named: Mapping[str, Run], usable: Sequence[Run]) -> None:
    latencies = {}
    with problems.shown():
        latencies = cache.latencies(list(named.values()))
    facts = {
        name: comparison_text.facts(run, latencies.get(run.run_id)) for name, run in named.items()
    }
    st.dataframe(
        pd.DataFrame(facts).map(printable), key="compare_facts", alt="Size and cost of both runs"
    )
    if latencies:
        st.caption(comparison_text.ABOUT_LATENCY)
    for name, run in named.items():
        if run.is_reference:
            st.caption(f"**{literal(name)}**: {origin.how_made(run)}")
    runs.cost(usable, [run.run_id for run in named.values()])


def _colours(pair: Pair) -> dict[str, str]:
    return {name: run_colour(run) for name, run in pair.named(pair.runs).items()}


def _chart(figure: go.Figure, name: str, alt: str) -> None:
    st.plotly_chart(figure, key=f"compare_{name}", config=CONFIG, alt=printable(alt))
