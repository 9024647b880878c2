"""Which of two runs is better, in a sentence, and what to do next."""

import streamlit as st

from catsdogs.comparison.pair import Pair
from catsdogs.errors import RunError
from catsdogs.evaluation.metrics import DEFAULT_MARGIN
from catsdogs.evaluation.paired import Comparison
from catsdogs.reports import comparison_text
from catsdogs.text import literal
from catsdogs.ui.shared import next_step, run_chips
from catsdogs.ui.shared.markdown import verbatim
from catsdogs.ui.shared.pages import CLASSIFY, TRAIN

MARGIN = "compare_margin"  # in percentage points, in the session


def margin() -> float:
    """Return the difference in accuracy (0 to 1) that does not matter to the user."""
    return float(st.session_state.get(MARGIN, 100 * DEFAULT_MARGIN)) / 100


def show(pair: Pair) -> None:
    """Show which run is better, with the caveats that may change that."""
    if pair.runs["A"].run_id == pair.runs["B"].run_id:
        st.info("Both sides show the same run. Choose another one on one side.")
    try:
        result = pair.compared(margin())
    except RunError as error:
        st.warning(verbatim(error))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _sentence(pair, result)
        _next(pair, comparison_text.better(result))
    for caveat in comparison_text.caveats(pair.named(pair.runs)):
        st.caption(f":orange[:material/warning:] {literal(caveat)}")
    _changed_without_suspects(pair, is_significant=result.is_significant)


def _sentence(pair: Pair, result: Comparison) -> None:
    opening, rest = comparison_text.headline(result, pair.names)
    better = pair.runs[comparison_text.better(result)]
    dot = f"{run_chips.dot(better)} " if result.is_significant else ""
    # Narrow enough that the next step fits beside it on a wide page.
    st.header(f"{dot}{literal(f'{opening} {rest}')}", anchor=False, width=720)


def _changed_without_suspects(pair: Pair, *, is_significant: bool) -> None:
    """Warn when the result changes without suspect labels."""
    without = pair.compared_without_suspects(margin())
    if without and without[1].is_significant is not is_significant:
        sentence = comparison_text.without_suspects(without[1], without[0], pair.names)
        st.warning(f"**The result changes without suspect labels.** {literal(sentence)}")


def _next(pair: Pair, better: str) -> None:
    """Lead to Classify with the better run, or with the other if only that has a model file."""
    letters = sorted(pair.runs, key=lambda letter: letter != better)
    for run in (pair.runs[letter] for letter in letters):
        if run.can_classify:
            label = f"Try {run_chips.name(run)}"
            next_step.show(literal(label), CLASSIFY, key="compare_next", run=run.run_id)
            return
    next_step.show("Train a model", TRAIN, key="compare_next")
