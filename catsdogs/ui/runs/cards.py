"""Runs on the pages: which to choose, how one ended, broken folders."""

import streamlit as st

from catsdogs.errors import RunError
from catsdogs.runs.doubt import doubt
from catsdogs.runs.events import State
from catsdogs.runs.narration import narrate
from catsdogs.runs.run import Run
from catsdogs.text import percent
from catsdogs.ui.shared import run_chips
from catsdogs.ui.shared.markdown import verbatim

CHOSEN = "train_run"
LATEST = ""
_WRITTEN = "train_run_written"  # the run in the address as ``choose`` wrote it last


def choose(runs: list[Run]) -> Run:
    """Return the run that the user chooses; the default is the running or the newest one.

    The choice is in the address, so it can be bookmarked and shared.
    """
    by_id, names = {run.run_id: run for run in runs}, run_chips.names(runs)
    latest = _latest(runs)
    _follow_link()
    wanted = st.session_state.get(CHOSEN, LATEST)
    st.session_state[CHOSEN] = wanted if wanted in by_id else LATEST

    def label(run_id: str) -> str:
        run = by_id.get(run_id, latest)
        is_done = run.state is State.FINISHED and run.is_usable
        known = percent(run.result.val_accuracy) if is_done else str(run.state)
        return f"{'' if run_id else 'Newest: '}{names[run.run_id]} · {known}"

    chosen = st.selectbox(
        "Run",
        [LATEST, *by_id],
        format_func=label,
        key=CHOSEN,
        persist_state="session",
        label_visibility="collapsed",
    )
    if chosen == LATEST:
        st.query_params.pop("run", None)
    else:
        st.query_params["run"] = chosen
    st.session_state[_WRITTEN] = _asked()
    return by_id.get(chosen, latest)


def _follow_link() -> None:
    """Take the run that the address names, unless ``choose`` wrote it: a link wins."""
    asked = _asked()
    if asked not in (LATEST, st.session_state.get(_WRITTEN)):
        st.session_state[CHOSEN] = asked


def _asked() -> str:
    return str(st.query_params.get("run", LATEST))


def choose_next(run: Run) -> None:
    """Make ``choose`` return this run when the page is drawn next."""
    st.session_state[CHOSEN] = run.run_id


def outcome(run: Run) -> None:
    """Show how a run ended, in the colour of its state."""
    view = run.view
    said = f"{run_chips.chip(run)}\u2003{verbatim(narrate(view, run.config))}"
    match run.state:
        case State.FINISHED | State.STOPPED if doubt(view, run.config):
            st.warning(said, icon=":material/casino:")
        case State.FINISHED:
            st.subheader(f":green[:material/check_circle:] {said}", anchor=False)
        case State.STOPPED:
            st.subheader(f":orange[:material/stop_circle:] {said}", anchor=False)
        case State.LOST:
            st.error(f"Lost. {said} {_resumes_at(run)}", icon=":material/link_off:")
        case _:
            st.error(said, icon=":material/error:")


def broken_folders(errors: list[RunError]) -> None:
    """Show the folders among the runs that hold no usable run."""
    for error in errors:
        st.warning(verbatim(error), icon=":material/folder_off:")


def _latest(runs: list[Run]) -> Run:
    running = [run for run in runs if run.state in (State.RUNNING, State.STOPPING)]
    own = [run for run in runs if not run.is_reference]
    return (running or own or [run for run in runs if run.can_classify] or runs)[0]


def _resumes_at(run: Run) -> str:
    saved = run.view.saved
    if saved is None:
        return "It starts again, with the photos it has prepared."
    if saved.epoch > run.epochs_planned:
        return "All epochs are done: only measuring and saving are left."
    within = f", after batch {saved.step:,}" if saved.step else ""
    return f"It continues with epoch {saved.epoch}{within}."
