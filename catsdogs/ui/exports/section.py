"""The downloads of a run: the button that prepares them, its progress, and the table."""

from collections.abc import Sequence

import streamlit as st

from catsdogs.background import tasks
from catsdogs.exports import downloads, preparing
from catsdogs.exports.downloads import Prepared
from catsdogs.exports.formats import FORMATS
from catsdogs.runs.run import Run
from catsdogs.text import literal
from catsdogs.ui.exports import table
from catsdogs.ui.shared import problems, run_chips, task_card

_PROBLEM = "exports_problem"
_EFFORT = (
    "It makes each file, measures it on the run's validation photos, and compares the times of all "
    "of them. It takes a few minutes, and your photos are only read."
)


def folded(runs: Sequence[Run], *, key: str) -> None:
    """Draw the section in an expander, for a run of the user's choice if there are several.

    It is open if there is news: a task that is running, or has ended since the section was seen.
    While it is closed, it reads nothing else.
    """
    able = [run for run in runs if run.can_classify]
    if not able:
        return
    place = st.expander(
        "Download the model",
        icon=":material/download:",
        key=key,
        expanded=any(tasks.find(preparing.KIND, run.run_id) for run in able),
        on_change="rerun",
    )
    if place.open:
        with place:
            show(able, key=key)


def show(runs: Sequence[Run], *, key: str) -> None:
    """Draw the downloads of one of ``runs``, the user's choice if there are several."""
    able = [run for run in runs if run.can_classify]
    if not able:
        st.caption("These runs came without a model file.")
        return
    names = run_chips.names(able)
    run = able[0]
    if len(able) > 1:
        by_id = {one.run_id: one for one in able}
        chosen = st.segmented_control(
            "Run",
            list(by_id),
            default=run.run_id,
            required=True,
            format_func=lambda run_id: literal(names[run_id]),
            key=f"{key}_run",
            label_visibility="collapsed",
        )
        run = by_id.get(str(chosen), run)
    _content(run)


def _content(run: Run) -> None:
    # In its own container, so that the table stays the same nodes when the task ends.
    with st.container():
        running = task_card.show(preparing.KIND, run.run_id, preparing.PHASES, on_done=_done)
        if running:
            st.caption("It continues when you leave this page.")
    prepared = downloads.read(run)
    if prepared is None:
        _offer(run, is_running=running)
    else:
        table.show(run, prepared)
        _again(run, prepared, is_running=running)
    problems.show_noted(_PROBLEM)


def _offer(run: Run, *, is_running: bool) -> None:
    """Say which files there can be, and draw the button that prepares them."""
    possible, obstacles = table.possible(run)
    st.markdown(f"This run can be saved as: {table.listed(possible)}")
    if not is_running:
        _button(run, "Prepare downloads", "download", is_main=True)
    table.show_obstacles(obstacles)


def _again(run: Run, prepared: Prepared, *, is_running: bool) -> None:
    if is_running:
        return
    missing = [form.title for form in FORMATS.values() if form.name not in prepared.by_format]
    if missing:
        st.caption(f"Not prepared yet: {table.listed(missing)}")
    with st.container(horizontal=True):
        _button(run, "Prepare again", "refresh", is_main=False)
        st.button(
            "Remove the files",
            key="exports_remove",
            icon=":material/delete:",
            type="tertiary",
            on_click=downloads.forget,
            args=(run,),
            help="Frees their disk space. They can be prepared again.",
        )


def _button(run: Run, label: str, icon: str, *, is_main: bool) -> None:
    st.button(
        label,
        key="exports_prepare",
        icon=f":material/{icon}:",
        type="primary" if is_main else "tertiary",
        on_click=problems.attempt,
        args=(tasks.start, preparing.KIND, run.run_id),
        kwargs={"note_as": _PROBLEM},
        help=_EFFORT,
    )


def _done(task: tasks.Task) -> None:
    """Show nothing: the table below is drawn from the files."""
