"""The sidebar's note on runs. It looks again every few seconds, and tells when a run has ended."""

import streamlit as st

from catsdogs.runs import queue, store
from catsdogs.runs.events import State
from catsdogs.runs.run import Run
from catsdogs.text import literal
from catsdogs.ui.runs import actions

_EVERY_S = 3.0
_DRAWN, _SEEN, _PROBLEM = "run_note_drawn", "run_note_seen", "run_note_problem"
_ICONS = {State.FINISHED: "check_circle", State.STOPPED: "stop_circle"}


def show(*, redraws: bool) -> None:
    """Show which runs are at work; with ``redraws``, draw the page anew when that changes."""
    runs, _ = store.list_runs()
    st.session_state[_DRAWN] = _states(runs)
    st.fragment(_note, run_every=_EVERY_S)(redraws)


def _note(redraws: bool) -> None:
    runs, _ = store.list_runs()
    if redraws and _states(runs) != st.session_state[_DRAWN]:
        st.rerun()
    _tell_of_ends(runs)
    for run in runs:
        if run.state in (State.RUNNING, State.STOPPING):
            st.caption(f"**In training** {literal(run.name)}")
    queued = sum(run.state is State.QUEUED for run in runs)
    if queued:
        st.caption(f"**In the queue** {queued}")
        # The last who would have started them may have been killed.
        actions.attempt(queue.start_queued, says=_PROBLEM)
        actions.problem(_PROBLEM)


def _tell_of_ends(runs: list[Run]) -> None:
    before = st.session_state.get(_SEEN, {})
    for run in runs:
        if before.get(run.run_id) and not run.state.is_active:
            accuracy = run.result.val_accuracy
            ended_well = run.is_usable and run.state in _ICONS
            known = f", {accuracy:.2%} of the validation images right" if ended_well else ""
            icon = _ICONS.get(run.state, "error")
            text = f"{literal(run.name)}: {run.state}{known}."
            st.toast(text, icon=f":material/{icon}:", duration="long")
    st.session_state[_SEEN] = {run.run_id: run.state.is_active for run in runs}


def _states(runs: list[Run]) -> dict[str, State]:
    return {run.run_id: run.state for run in runs}
