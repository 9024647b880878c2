"""The details of a run, a subject a tab: only the open tab is computed and sent."""

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from catsdogs.charts import evaluation as evaluation_charts
from catsdogs.charts import training as training_charts
from catsdogs.charts.style import CONFIG, run_colour
from catsdogs.evaluation.metrics import THRESHOLD
from catsdogs.labels import DOG
from catsdogs.reports import explanations, run_text
from catsdogs.runs.run import Run
from catsdogs.text import literal, printable
from catsdogs.ui.exports import section as exports
from catsdogs.ui.one_run import about, answers, slices
from catsdogs.ui.runs import test_set
from catsdogs.ui.shared import cache, problems, run_chips


def show(run: Run) -> None:
    """Show all tabs that the run has something for."""
    found: dict[str, Callable[[Run], None]] = {}
    if run.view.batches:
        found["Curves"] = _curves
    if run.is_usable:
        found |= {"Answers": answers.show, "Calibration": _calibration}
        found["Kinds of photos"] = slices.show
    if run.result.test_images:
        found["Test set"] = lambda run: test_set.show({run_chips.name(run): run})
    found["About"] = about.show
    if run.is_usable:
        found["Model card"] = about.card
    if run.can_classify:
        found["Download"] = lambda run: exports.show([run], key="run_exports")
    containers = st.tabs(list(found), key="run_tab", on_change="rerun")
    for container, draw in zip(containers, found.values(), strict=True):
        if container.open:
            with container, problems.shown():
                draw(run)


def _curves(run: Run) -> None:
    view, name = run.view, run_chips.name(run)
    curves = training_charts.training_curves({name: view}, [run_colour(run)])
    _chart(curves, "curves", f"Loss and accuracy of {name} by epoch")
    st.caption("Thick line: validation photos · grey: training photos · ★: best epoch")
    usage = training_charts.usage_chart(view)
    if usage is None:
        st.caption(run_text.NO_USAGE)
    else:
        _chart(usage, "usage", f"Processor and memory that {name} used over time")


def _calibration(run: Run) -> None:
    found, name = cache.own_answers(run), run_chips.name(run)
    classes = run.classes
    st.caption(literal(explanations.of_reliability(classes)))
    tables, errors = {name: found.table}, {name: found.evaluation.ece}
    colours = {name: run_colour(run)}
    figure = evaluation_charts.reliability(tables, errors, colours, classes=classes)
    probability = f"P({classes.positive})"
    left, right = st.columns(2)
    with left:
        _chart(
            figure, "reliability", f"Share of {classes.plural(DOG)} over {probability} of {name}"
        )
    with right:
        histogram = evaluation_charts.histograms(tables, THRESHOLD, classes=classes)[name]
        _chart(histogram, "histogram", f"Histogram of {probability} of {name}")


def _chart(figure: go.Figure, name: str, alt: str) -> None:
    st.plotly_chart(figure, key=f"run_{name}", config=CONFIG, alt=printable(alt))
