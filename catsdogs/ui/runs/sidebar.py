"""The sidebar's list of running work: runs and tasks with their progress."""

import streamlit as st

from catsdogs.background import tasks
from catsdogs.health import task as health_task
from catsdogs.inference import folder_task
from catsdogs.runs import queue, range_test, store
from catsdogs.runs.events import State
from catsdogs.runs.run import Run
from catsdogs.runs.view import RunView
from catsdogs.sources import fetch_task
from catsdogs.text import counted, duration, literal, percent
from catsdogs.ui.runs import forecast, notifications
from catsdogs.ui.shared import problems, run_chips

_EVERY_S = 3.0
_DRAWN, _SEEN, _PROBLEM = "run_note_drawn", "run_note_seen", "run_note_problem"
_ICONS = {State.FINISHED: "check_circle", State.STOPPED: "stop_circle"}
_TASKS = {
    health_task.KIND: "Health check",
    fetch_task.KIND: "Download",
    folder_task.KIND: "Classifying a folder",
    range_test.KIND: "Finding a learning rate",
}


def show(runs: list[Run], *, redraws: bool) -> None:
    """Show the running work; with ``redraws``, rerun the page whenever a run changes state.

    ``runs`` are those of this moment; later ones are read at each refresh.
    """
    st.session_state[_DRAWN] = _states(runs)
    st.fragment(_note, run_every=_EVERY_S)(redraws, [runs])


def _note(redraws: bool, listed: list[list[Run]]) -> None:
    runs = listed.pop() if listed else store.list_runs()[0]
    if redraws and _states(runs) != st.session_state[_DRAWN]:
        st.rerun()
    ended = _announce_ends(runs)
    notifications.show(ended, is_active=any(run.state.is_active for run in runs))
    for run in runs:
        if run.state in (State.RUNNING, State.STOPPING):
            _progress(run, runs)
    queued = sum(run.state is State.QUEUED for run in runs)
    if queued:
        st.caption(f"{counted(queued, 'run')} in the queue")
        # The process that would have started the next run may have been killed.
        problems.attempt(queue.start_queued, note_as=_PROBLEM)
        problems.show_noted(_PROBLEM)
    for kind, title in _TASKS.items():
        for task in tasks.of_kind(kind):
            if task.is_running:
                share = min(task.done / task.total, 1.0) if task.total else 0.0
                st.progress(share, text=f":small[{title}{_left(task.pace.left_s)}]")


def _progress(run: Run, runs: list[Run]) -> None:
    view = run.view
    left = forecast.left(run, view, runs)
    st.progress(_share(view), text=f":small[{run_chips.chip(run)}{left}]")
    run_chips.link(run)


def _share(view: RunView) -> float:
    """Return the share of the phase that is done."""
    return min(view.done / view.total, 1.0) if view.total else 0.0


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f" · {duration(seconds)} left"


def _announce_ends(runs: list[Run]) -> dict[str, str]:
    """Announce each run that has just ended; return the texts by an id of each end."""
    was_active, ended = st.session_state.get(_SEEN, {}), {}
    for run in runs:
        if was_active.get(run.run_id) and not run.state.is_active:
            ended[f"{run.run_id}-{run.epochs_done}-{run.state}"] = _announce_end(run)
    st.session_state[_SEEN] = {run.run_id: run.state.is_active for run in runs}
    return ended


def _announce_end(run: Run) -> str:
    ended_well = run.is_usable and run.state in _ICONS
    accuracy = run.result.val_accuracy
    known = f": {percent(accuracy)} of the validation photos right" if ended_well else ""
    icon = _ICONS.get(run.state, "error")
    text = f"{run.state}{known}."
    st.toast(f"{literal(run_chips.name(run))} {text}", icon=f":material/{icon}:")
    return f"{run_chips.name(run)} {text}"


def _states(runs: list[Run]) -> dict[str, State]:
    return {run.run_id: run.state for run in runs}
