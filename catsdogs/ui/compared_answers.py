"""What two runs say of the same images, at one threshold for both: matrices, reports, curves."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from catsdogs import comparison_figures, figures
from catsdogs.errors import RunError
from catsdogs.evaluation import intervals, thresholds
from catsdogs.evaluation.comparison import shared
from catsdogs.evaluation.metrics import THRESHOLD, Evaluation, evaluate
from catsdogs.labels import CLASS_NAMES
from catsdogs.runs import store
from catsdogs.runs.store import Run
from catsdogs.ui import compared_photos
from catsdogs.ui.text import literal

_KEY = "compare_threshold"
_LETTERS = ("A", "B")


def show(pair: tuple[Run, Run]) -> None:
    """Show both runs' answers on the images that they share, else each one's on its own."""
    try:
        tables = [store.read_predictions(run) for run in pair]
    except RunError as error:
        st.error(literal(str(error)))
        return
    both = shared(*tables)
    if both.empty:
        st.caption("Each run is shown on its own validation images: they share none.")
        answers = dict(zip(_LETTERS, tables, strict=True))
    else:
        answers = {
            letter: both.rename(columns={f"p_dog_{letter.lower()}": "p_dog"}) for letter in _LETTERS
        }
    if any(table["label"].nunique() < 2 for table in answers.values()):
        st.info("These images are all of one class: there is nothing to weigh up.")
        return
    _moving(pair, answers, both)


# A fragment, so that moving the threshold draws nothing but what moves with it.
@st.fragment
def _moving(pair: tuple[Run, Run], answers: dict[str, pd.DataFrame], both: pd.DataFrame) -> None:
    st.subheader("Answers")
    threshold = _threshold(answers)
    if not both.empty:
        st.caption("Click a cell of a matrix: its images show below.")
    evaluations = {
        letter: evaluate(table["label"].to_numpy(), table["p_dog"].to_numpy(), threshold)
        for letter, table in answers.items()
    }
    for column, letter, run in zip(st.columns(2), _LETTERS, pair, strict=True):
        with column:
            st.markdown(f"**{letter}: {run.config.title}**")
            _matrix(evaluations[letter], letter, has_gallery=not both.empty)
    _curves(answers, threshold, {letter: found.ece for letter, found in evaluations.items()})
    if not both.empty:
        compared_photos.show(pair, both, threshold)


def _threshold(answers: dict[str, pd.DataFrame]) -> float:
    st.session_state.setdefault(_KEY, THRESHOLD)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        threshold = st.slider(
            "Threshold: called a dog from this P(dog) on",
            *(0.0, 1.0),
            step=0.001,
            format="%.3f",
            key=_KEY,
        )
        with st.popover("Set it to …"):
            _presets(answers)
    return threshold


def _presets(answers: dict[str, pd.DataFrame]) -> None:
    letter = st.segmented_control(
        "Of run", _LETTERS, default="A", required=True, key="compare_preset_run"
    )
    table = answers[letter or "A"]
    labels, p_dog = (table[name].to_numpy() for name in ("label", "p_dog"))
    recall = st.number_input(
        "Recall of dogs, %", 1.0, 100.0, 99.0, 0.5, key="compare_recall", format="%.1f"
    )
    offers: dict[str, Callable[[], float]] = {
        "One half": lambda: THRESHOLD,
        "Best F1": partial(thresholds.best_f1, labels, p_dog),
        "Equal error": partial(thresholds.equal_error, labels, p_dog),
        f"Recall of {recall:g} %": partial(thresholds.for_recall, labels, p_dog, recall / 100),
    }
    for number, (title, find) in enumerate(offers.items()):
        key = f"compare_preset_{number}"
        st.button(title, key=key, on_click=_set, args=(find,), width="stretch")


def _set(find: Callable[[], float]) -> None:
    # Exactly, and not in the slider's steps: a model that is sure of itself has its best threshold
    # near an end.
    st.session_state[_KEY] = find()


def _matrix(evaluation: Evaluation, letter: str, *, has_gallery: bool) -> None:
    counts = np.array(evaluation.confusion_matrix)
    right = intervals.share(int(counts.trace()), int(counts.sum()))
    st.metric(
        "Right",
        f"{right.value:.2%}",
        f"95 % interval {right.low:.2%} to {right.high:.2%}",
        delta_color="off",
        delta_arrow="off",
    )
    key = f"compare_matrix_{letter}"
    st.plotly_chart(
        figures.confusion_matrix(counts),
        key=key,
        on_select=partial(_choose_cell, letter, key) if has_gallery else "ignore",
        selection_mode="points",
        config={"displayModeBar": False},
    )
    rows = (*CLASS_NAMES, "macro avg")
    report = pd.DataFrame({name: evaluation.report[name] for name in rows}).T
    share = st.column_config.NumberColumn(format="%.4f")
    st.dataframe(
        report.astype({"support": int}),
        column_config=dict.fromkeys(("precision", "recall", "f1-score"), share),
        key=f"compare_report_{letter}",
    )


def _choose_cell(letter: str, key: str) -> None:
    points = st.session_state[key]["selection"]["points"]
    # A second click on a cell takes the selection back, which is to show the same photos again.
    compared_photos.choose_cell(letter, points[0]["customdata"] if points else None)


def _curves(
    answers: dict[str, pd.DataFrame], threshold: float, errors: dict[str, float | None]
) -> None:
    left, right = st.columns(2)
    left.plotly_chart(comparison_figures.roc(answers, threshold), key="compare_roc")
    right.plotly_chart(comparison_figures.precision_recall(answers, threshold), key="compare_pr")
    left.plotly_chart(comparison_figures.reliability(answers, errors), key="compare_reliability")
    most = max(
        comparison_figures.histogram(table, label).max()
        for table in answers.values()
        for label in range(len(CLASS_NAMES))
    )
    with right:
        for letter, table in answers.items():
            figure = comparison_figures.probabilities(table, threshold, most=int(most))
            figure.update_layout(title=f"{letter}: P(dog)", height=figures.HEIGHT_PX // 2 + 40)
            st.plotly_chart(figure, key=f"compare_probabilities_{letter}")
