"""One run from top to bottom: its accuracy first, then what to do with it, then the details."""

import streamlit as st

from catsdogs.runs.doubt import doubt
from catsdogs.runs.events import State
from catsdogs.runs.narration import narrate
from catsdogs.runs.run import Run
from catsdogs.ui.one_run import summary, tabs
from catsdogs.ui.runs import actions, cards, origin, remarks
from catsdogs.ui.shared import next_step, run_chips
from catsdogs.ui.shared.markdown import verbatim
from catsdogs.ui.shared.pages import TRAIN


def show(runs: list[Run]) -> None:
    """Show the run that the user chooses, or that the address names."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        run = cards.choose(runs)
        if not run.is_reference:
            actions.show(run)
        remarks.show(run, key="run_remarks")
    if run.state.is_active:
        st.subheader(
            f"{run_chips.chip(run)}\u2003{verbatim(narrate(run.view, run.config))}", anchor=False
        )
        next_step.show("Watch it learn", TRAIN, key="run_watch", run=run.run_id)
    elif run.state is State.FINISHED and not doubt(run.view, run.config):
        # The sentence on how it ended would only repeat its accuracy.
        st.subheader(run_chips.chip(run), anchor=False)
    else:
        cards.outcome(run)
    if run.is_usable:
        summary.show(run, runs)
    origin.show(run)
    tabs.show(run)
