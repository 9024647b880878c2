"""The answers of two runs on the same images, at one threshold: matrices, reports, curves."""

from collections.abc import Callable
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from catsdogs.charts import evaluation as evaluation_charts
from catsdogs.charts.style import CONFIG
from catsdogs.comparison.pair import LETTERS, Pair
from catsdogs.evaluation import thresholds
from catsdogs.evaluation.metrics import THRESHOLD, Evaluation
from catsdogs.evaluation.slices import KINDS, SMALL
from catsdogs.reports import comparison_text
from catsdogs.text import literal
from catsdogs.ui.compare import export, photos

_KEY = "compare_threshold"
_ONE_BUTTON = {**CONFIG, "modeBarButtons": [["toImage"]]}


def show(pair: Pair, margin: float) -> None:
    """Show both runs' answers on the images that they share, or else on each run's own images."""
    if pair.both.empty:
        st.caption(comparison_text.OWN_ANSWERS)
    if any(table["label"].nunique() < 2 for table in pair.answers.values()):
        st.info("These images are all of one class: there is nothing to weigh up.")
        return
    _moving(pair, margin)


# A fragment, so that moving the threshold redraws only the parts that depend on it.
@st.fragment
def _moving(pair: Pair, margin: float) -> None:
    st.subheader("Answers", help=comparison_text.ABOUT_CHARTS)
    if not pair.both.empty:
        st.caption(
            f"From here on, all is of the {len(pair.both):,} images that both were measured on. "
            "Click a cell of a matrix: its images show below."
        )
    threshold = _controls(pair, margin)
    evaluations = pair.evaluations(threshold)
    charts = evaluation_charts.at_threshold(pair.answers, evaluations, threshold)
    for column, (letter, run) in zip(st.columns(2), pair.runs.items(), strict=True):
        with column:
            st.markdown(f"**{letter}: {literal(run.name)}**")
            _right(pair, letter, threshold)
            chart = charts[f"Confusion matrix of {letter}"]
            _matrix(chart, letter, has_gallery=not pair.both.empty)
            _report(evaluations[letter], letter)
    if not pair.both.empty:
        photos.link(pair)
    _curves(charts)
    _slices(pair, threshold)
    if not pair.both.empty:
        photos.show(pair, threshold)


def _controls(pair: Pair, margin: float) -> float:
    st.session_state.setdefault(_KEY, THRESHOLD)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        threshold = st.slider(
            "Threshold: called a dog from this P(dog) on",
            min_value=0.0,
            max_value=1.0,
            step=0.001,
            format="%.3f",
            key=_KEY,
            persist_state="session",
            help="Moves all that follows. The verdict and the figures above stay at one half.",
        )
        with st.popover("Set it to …"):
            _presets(pair.answers)
        with st.popover("Export", icon=":material/download:"):
            export.show(pair, threshold=threshold, margin=margin)
    return threshold


def _presets(answers: dict[str, pd.DataFrame]) -> None:
    letter = st.segmented_control(
        "Of run", LETTERS, default="A", required=True, key="compare_preset_run"
    )
    table = answers[letter or "A"]
    labels, p_dog = (table[name].to_numpy() for name in ("label", "p_dog"))
    _preset(0, "One half", lambda: THRESHOLD, "As the verdict has it.")
    best_f1 = partial(thresholds.best_f1, labels, p_dog)
    _preset(1, "Best F1", best_f1, "The best balance of precision and recall for dogs.")
    equal_error = partial(thresholds.equal_error, labels, p_dog)
    _preset(2, "Equal error", equal_error, "Cats and dogs are misjudged equally often.")
    recall = st.number_input(
        "Recall of dogs, %",
        min_value=1.0,
        max_value=100.0,
        value=99.0,
        step=0.5,
        key="compare_recall",
        format="%.1f",
    )
    for_recall = partial(thresholds.for_recall, labels, p_dog, recall / 100)
    why = "So many dogs are called dogs, and as few cats as that allows."
    _preset(3, f"Recall of {recall:g} %", for_recall, why)


def _preset(number: int, title: str, find: Callable[[], float], why: str) -> None:
    key = f"compare_preset_{number}"
    st.button(title, key=key, on_click=_set, args=(find,), width="stretch", help=why)


def _set(find: Callable[[], float]) -> None:
    # Not rounded to the slider's steps: a confident model has its best threshold near an end.
    st.session_state[_KEY] = find()


def _right(pair: Pair, letter: str, threshold: float) -> None:
    right, sound = pair.accuracy(letter, threshold)
    twin = f" · without suspect labels {sound.value:.2%}" if sound else ""
    st.metric(
        "Right",
        f"{right.value:.2%}",
        f"95 % interval {right.low:.2%} to {right.high:.2%}{twin}",
        delta_color="off",
        delta_arrow="off",
    )


def _matrix(figure: go.Figure, letter: str, *, has_gallery: bool) -> None:
    key = f"compare_matrix_{letter}"
    st.plotly_chart(
        figure,
        key=key,
        on_select=partial(_choose_cell, letter, key) if has_gallery else "ignore",
        selection_mode="points",
        config=_ONE_BUTTON,
    )


def _report(evaluation: Evaluation, letter: str) -> None:
    share = st.column_config.NumberColumn(format="%.4f")
    st.dataframe(
        comparison_text.report(evaluation),
        column_config=dict.fromkeys(("precision", "recall", "f1-score"), share),
        key=f"compare_report_{letter}",
    )


def _choose_cell(letter: str, key: str) -> None:
    points = st.session_state[key]["selection"]["points"]
    # A second click on a cell clears the selection; the same photos are shown again.
    if points:
        truth, said = points[0]["customdata"]
        photos.choose_cell(letter, truth, said)
    else:
        photos.choose_last_cell()


def _curves(charts: dict[str, go.Figure]) -> None:
    left, right = st.columns(2)
    _chart(left, charts["ROC"], "roc")
    _chart(right, charts["Precision and recall"], "pr")
    _chart(left, charts["Reliability"], "reliability")
    for letter in LETTERS:
        _chart(right, charts[f"P(dog) of {letter}"], f"probabilities_{letter}")


def _slices(pair: Pair, threshold: float) -> None:
    st.subheader("On which kinds of images")
    if not pair.measured:
        st.caption(
            "Nothing is known of the images' sizes: their dataset is not on this machine, or was "
            "not read yet."
        )
        return
    name = st.segmented_control(
        "Slice by",
        pair.measured,
        default=pair.measured[0],
        required=True,
        format_func=lambda name: KINDS[name].title,
        key="compare_slices",
    )
    figure = evaluation_charts.slices(KINDS[name], pair.slices(name, threshold))
    _chart(st.container(), figure, "slice")
    more = "" if len(pair.measured) == len(KINDS) else " A health check adds light and sharpness."
    st.caption(f"Slices of under {SMALL} images are faint: they say little.{more}")


def _chart(place: DeltaGenerator, figure: go.Figure, name: str) -> None:
    place.plotly_chart(figure, key=f"compare_{name}", config=CONFIG)
