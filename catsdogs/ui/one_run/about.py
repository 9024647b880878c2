"""Where a run comes from, its settings, its machine, how to verify it, and its model card."""

import re

import streamlit as st

from catsdogs.reports import model_card, run_text
from catsdogs.runs import in_words, looks
from catsdogs.runs.events import State
from catsdogs.runs.run import Run
from catsdogs.text import literal, printable
from catsdogs.ui.runs import log

_HEADING = re.compile(r"^(?=#)", re.MULTILINE)


def show(run: Run) -> None:
    """Show the run's origin, settings and machine, and the commands that repeat and verify it."""
    st.markdown("\n".join(f"- {literal(sentence)}" for sentence in in_words.lineage(run)))
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Settings, as they were in effect**")
        st.table(run_text.settings(run).map(literal), hide_header=True, alt="Settings of the run")
    with right:
        st.markdown("**Data, size and machine**")
        st.table(run_text.about(run).map(literal), hide_header=True, alt="Facts about the run")
    if run.state is State.FINISHED and not run.is_reference and not run.view.extensions:
        st.caption(
            "This command trains the run again, and says whether the predictions and the model "
            "are the same in every bit."
        )
        st.code(f"python -m catsdogs runs verify {printable(run.run_id)}", language="bash")
    log.show(run, run.view, key="run_log")


def card(run: Run) -> None:
    """Show the model card."""
    text = model_card.model_card(run, str(run.state), run.result, looks.read(run))
    # Below the headings of the page.
    st.markdown(_HEADING.sub("##", text))
