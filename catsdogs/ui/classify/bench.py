"""The two panes that Home and Classify share: pictures on the left, answers on the right."""

from collections.abc import Callable

import streamlit as st

from catsdogs.dataset import corrections
from catsdogs.runs.run import Run
from catsdogs.ui.classify import answers, inputs, panes, runs
from catsdogs.ui.classify.answers import Answered
from catsdogs.ui.classify.panes import Panes
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.shared import steps
from catsdogs.ui.shared.markdown import verbatim
from catsdogs.ui.shared.steps import Step


def show(
    page: str,
    usable: list[Run],
    *,
    choose: Callable[[list[Run]], Chosen],
    draw: Callable[[list[Answered], Chosen, Panes], None],
) -> Chosen:
    """Draw the panes with the session's pictures; return the runs that answer.

    ``page`` begins the keys of the input's widgets. ``choose`` draws or finds the choice of runs;
    ``draw`` draws the answers.
    """
    left, right = panes.split()
    with right:
        answer, settings = st.container(), st.container()
    with settings:
        chosen = choose(usable)
    with left:
        pictures = inputs.show(page, chosen)
    with answer:
        if not chosen.runs:
            st.warning("Choose at least one run in *Settings* on the Classify page.")
        elif not pictures:
            answers.forget()
            panes.forget()
            st.markdown("**Or try one of these**")
            inputs.show_examples(page)
    if chosen.runs and pictures:
        with answer:
            chosen, panel = runs.loaded(chosen)
            answered = answers.of(pictures, chosen.runs, panel) if panel else []
        if answered:
            draw(answered, chosen, (left, answer))
            steps.mark(Step.USE)
    return chosen


def promise() -> None:
    """Say where pictures are kept, and for how long."""
    st.caption(
        "Pictures stay on this machine, in memory.",
        help="They are forgotten when you clear them, or a minute after you close the tab. Only "
        f"pictures that you mark as wrong are kept, in {verbatim(corrections.folder())}.",
    )
