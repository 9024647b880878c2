"""How good the suggestions are after how many answers, and when to learn from the answers again."""

from pathlib import Path

import pandas as pd
import streamlit as st

from catsdogs.background import tasks
from catsdogs.charts import suggestions as chart
from catsdogs.charts.style import CONFIG
from catsdogs.dataset import annotations
from catsdogs.evaluation import intervals
from catsdogs.suggestions import history, suggested, task
from catsdogs.suggestions.history import Round
from catsdogs.suggestions.suggested import Suggestions
from catsdogs.text import counted, literal, percent
from catsdogs.ui.shared import cache

_MEASURED_ON = {
    suggested.TEST: "the test side",
    suggested.NAMED: "those that came with a label, each by a classifier without it",
    suggested.ANSWERS: "those that you labelled. You label the most doubtful ones first, so the "
    "others are easier",
}


def learn_if_due(root: Path, known: Suggestions) -> None:
    """Start a round in the background if there are enough answers since the last one."""
    queued = dict(zip(known.table["path"], known.table["digest"], strict=True))
    answers = sum(
        found.action == annotations.RELABEL and queued.get(path) == found.digest
        for path, found in annotations.in_effect(root).items()
    )
    if abs(answers - known.summary.answers) >= suggested.BATCH:
        tasks.start(task.KIND, str(root))


def show(root: Path) -> None:
    """Show how good the suggestions are, and became with the answers."""
    known = cache.suggestions(root)
    if known and known.summary.by:
        st.caption(
            f"{literal(known.summary.by)} suggests until your answers teach a better classifier."
        )
    rounds = history.load(root)
    if not rounds:
        return
    st.caption(_sentence(rounds[-1]))
    if len(rounds) > 1:
        figure = chart.accuracy(pd.DataFrame(map(_measured, rounds)))
        st.plotly_chart(figure, config=CONFIG, key="label_chart")


def _measured(one: Round) -> dict[str, float]:
    found = intervals.share(one.right, one.measured)
    measured = {"accuracy": found.value, "low": found.low, "high": found.high}
    return {"answers": one.answers, **measured}


def _sentence(last: Round) -> str:
    found = intervals.share(last.right, last.measured)
    return (
        f"After {counted(last.answers, 'answer')}, suggestions are right on {percent(found.value)} "
        f"({percent(found.low)} to {percent(found.high)}) of {last.measured:,} photos: "
        f"{_MEASURED_ON[last.measured_on]}. They learn after every {suggested.BATCH} answers."
    )
