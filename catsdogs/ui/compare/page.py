"""A comparison from top to bottom: the result, the photos that decide it, all answers, details."""

from collections.abc import Sequence

import streamlit as st

from catsdogs.comparison.pair import Pair
from catsdogs.runs.run import Run
from catsdogs.ui.compare import answers, chosen, deciding, photos, tabs, verdict
from catsdogs.ui.shared import cache, problems


def show(a: Run, b: Run, usable: Sequence[Run]) -> bool:
    """Show the comparison of two runs; return whether there is one.

    When the answers of a run are damaged, show why, and only what needs no answers.
    """
    pair = None
    with problems.shown():
        pair = cache.pair(a, b)
    if pair is None:
        tabs.show_without_answers([a, b], usable)
        return False
    _compared(pair, usable)
    return True


def _compared(pair: Pair, usable: Sequence[Run]) -> None:
    if photos.forget_other_pair(pair):
        deciding.first()
        chosen.forget()
    verdict.show(pair)
    if not pair.both.empty:
        deciding.show(pair)
    if _has_one_class(pair):
        st.info("These photos are all of one class, so there are no curves or matrices.")
        tabs.show_without_answers(list(pair.runs.values()), usable)
    else:
        answers.show(pair, usable)


def _has_one_class(pair: Pair) -> bool:
    return any(table["label"].nunique() < 2 for table in pair.answers.values())
