"""A run's answers: its metrics, its confusion matrix, and the photos of a cell."""

import pandas as pd
import streamlit as st

from catsdogs.comparison.own_answers import OwnAnswers
from catsdogs.labels import CLASS_NAMES
from catsdogs.reports import comparison_text, run_text
from catsdogs.runs.run import Run
from catsdogs.ui.runs import answered_photos
from catsdogs.ui.shared import cache, run_chips
from catsdogs.ui.shared.matrix import confusion_matrix

_CHOSEN, _PHOTOS, _OF = "run_answers_chosen", "run_answers", "run_answers_of"
_MISTAKES = "All mistakes"


def show(run: Run) -> None:
    """Show the metrics and the matrix; a click on a cell shows its photos."""
    answers = cache.own_answers(run)
    if st.session_state.get(_OF, run.run_id) != run.run_id:
        _choose(_MISTAKES)
    st.session_state[_OF] = run.run_id
    left, right = st.columns(2, gap="medium")
    with left:
        _metrics(answers)
    if answers.has_both_classes:
        with right:
            _matrix(run, answers)
    _photos(run, answers)


def _metrics(answers: OwnAnswers) -> None:
    st.markdown("**Metrics with 95 % intervals**", help=comparison_text.ABOUT_METRICS)
    table = run_text.metrics(answers.metrics)
    st.dataframe(table, key="run_metrics", alt="Metrics of the run with 95 % intervals")


def _matrix(run: Run, answers: OwnAnswers) -> None:
    cells = {_title(*cell): cell for cell in _cells()}
    st.markdown("**Confusion matrix**", help="Click a cell to see its photos.")
    confusion_matrix(
        answers.evaluation.confusion_matrix,
        name=run_chips.name(run),
        key="run_matrix",
        chosen=cells.get(st.session_state.get(_CHOSEN, _MISTAKES)),
        on_choose=lambda truth, said: _choose(_title(truth, said)),
    )


def _photos(run: Run, answers: OwnAnswers) -> None:
    found: dict[str, pd.DataFrame] = {_MISTAKES: answers.mistakes}
    found |= {_title(*cell): answers.cell(*cell) for cell in _cells()}
    st.session_state.setdefault(_CHOSEN, _MISTAKES)
    chosen = st.selectbox(
        "Photos of",
        list(found),
        format_func=lambda title: f"{title} · {len(found[title]):,}",
        key=_CHOSEN,
        on_change=lambda: answered_photos.forget(_PHOTOS),
        width=320,
    )
    answered_photos.show(run, answers.located, found[chosen], key=_PHOTOS)


def _choose(title: str) -> None:
    st.session_state[_CHOSEN] = title
    answered_photos.forget(_PHOTOS)


def _cells() -> list[tuple[str, str]]:
    return [(truth, said) for truth in CLASS_NAMES for said in CLASS_NAMES]


def _title(truth: str, said: str) -> str:
    return f"{truth}s called {said}".capitalize()
