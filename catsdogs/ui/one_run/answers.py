"""A run's answers: its metrics, its confusion matrix, and the photos of a cell."""

from itertools import product

import pandas as pd
import streamlit as st

from catsdogs.comparison.own_answers import OwnAnswers
from catsdogs.labels import Classes
from catsdogs.reports import explanations, run_text
from catsdogs.runs.run import Run
from catsdogs.text import capital, literal
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
    st.markdown(
        "**Metrics with 95 % intervals**", help=literal(explanations.of_metrics(answers.classes))
    )
    table = run_text.metrics(answers.metrics, classes=answers.classes)
    st.dataframe(table, key="run_metrics", alt="Metrics of the run with 95 % intervals")


def _matrix(run: Run, answers: OwnAnswers) -> None:
    cells = _cells(answers.classes)
    st.markdown("**Confusion matrix**", help="Click a cell to see its photos.")
    confusion_matrix(
        answers.evaluation.confusion_matrix,
        classes=answers.classes,
        name=run_chips.name(run),
        key="run_matrix",
        chosen=cells.get(st.session_state.get(_CHOSEN, _MISTAKES)),
        on_choose=lambda truth, said: _choose(_title(truth, said, answers.classes)),
    )


def _photos(run: Run, answers: OwnAnswers) -> None:
    found: dict[str, pd.DataFrame] = {_MISTAKES: answers.mistakes}
    cells = _cells(answers.classes)
    found |= {title: answers.cell(*cell) for title, cell in cells.items()}
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


def _cells(classes: Classes) -> dict[str, tuple[str, str]]:
    """Return the truth and the answer of each cell, by its title."""
    cells = product(classes.names, repeat=2)
    return {_title(truth, said, classes): (truth, said) for truth, said in cells}


def _title(truth: str, said: str, classes: Classes) -> str:
    return capital(f"{classes.plural(classes.label(truth))} called {said}")
