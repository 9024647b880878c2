"""The sidebar's note on runs: refreshed every few seconds, with a message when a run ends."""

import streamlit as st

from catsdogs.runs import queue, store
from catsdogs.runs.events import State
from catsdogs.runs.run import Run
from catsdogs.text import literal
from catsdogs.ui.shared import problems

_EVERY_S = 3.0
_DRAWN, _SEEN, _PROBLEM = "run_note_drawn", "run_note_seen", "run_note_problem"
_ICONS = {State.FINISHED: "check_circle", State.STOPPED: "stop_circle"}


def show(*, redraws: bool) -> None:
    """Show the runs in training; with ``redraws``, rerun the page whenever a run changes state."""
    runs, _ = store.list_runs()
    st.session_state[_DRAWN] = _states(runs)
    st.fragment(_note, run_every=_EVERY_S)(redraws)


def _note(redraws: bool) -> None:
    runs, _ = store.list_runs()
    if redraws and _states(runs) != st.session_state[_DRAWN]:
        st.rerun()
    _announce_ends(runs)
    for run in runs:
        if run.state in (State.RUNNING, State.STOPPING):
            st.caption(f"**In training** {literal(run.name)}")
    queued = sum(run.state is State.QUEUED for run in runs)
    if queued:
        st.caption(f"**In the queue** {queued}")
        # The process that would have started the next run may have been killed.
        problems.attempt(queue.start_queued, note_as=_PROBLEM)
        problems.show_noted(_PROBLEM)


def _announce_ends(runs: list[Run]) -> None:
    was_active = st.session_state.get(_SEEN, {})
    for run in runs:
        if was_active.get(run.run_id) and not run.state.is_active:
            _announce_end(run)
    st.session_state[_SEEN] = {run.run_id: run.state.is_active for run in runs}


def _announce_end(run: Run) -> None:
    accuracy = run.result.val_accuracy
    ended_well = run.is_usable and run.state in _ICONS
    known = f", {accuracy:.2%} of the validation images right" if ended_well else ""
    icon = _ICONS.get(run.state, "error")
    text = f"{literal(run.name)}: {run.state}{known}."
    st.toast(text, icon=f":material/{icon}:", duration="long")


def _states(runs: list[Run]) -> dict[str, State]:
    return {run.run_id: run.state for run in runs}
