"""The validation photos that a run gets wrong."""

import streamlit as st

from catsdogs.runs.run import Run
from catsdogs.ui.runs import answered_photos
from catsdogs.ui.shared import cache, problems

_OF, _PHOTOS = "train_mistakes_of", "train_mistakes"


def count(run: Run) -> int:
    """Return how many validation photos the run gets wrong, from its result."""
    return round((1 - run.result.val_accuracy) * run.result.val_images)


def is_open(run: Run) -> bool:
    """Return whether the mistakes of ``run`` are shown."""
    return bool(st.session_state.get(_OF) == run.run_id)


def toggle(run: Run) -> None:
    """Show the mistakes of ``run``, or hide them again."""
    st.session_state[_OF] = None if is_open(run) else run.run_id
    answered_photos.forget(_PHOTOS)


def show(run: Run) -> None:
    """Show the photos that ``run`` gets wrong, the surest mistakes first."""
    if not is_open(run):
        return
    st.subheader("Its mistakes", anchor=False)
    with problems.shown():
        answers = cache.own_answers(run)
        if answers.mistakes.empty:
            st.caption("None: it gets every validation photo right.")
            return
        st.caption("Validation photos with a wrong answer, the most confident first.")
        answered_photos.show(run, answers.located, answers.mistakes, key=_PHOTOS)
