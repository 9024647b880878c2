"""The buttons that stop, resume, extend and delete a run."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from catsdogs.runs import queue, store
from catsdogs.runs.events import State
from catsdogs.runs.run import Run
from catsdogs.ui.shared import problems

PROBLEM = "train_problem"  # the key under which a failed action is noted
_MORE_EPOCHS = "train_extend_epochs"


def show(run: Run) -> None:
    """Show the buttons that fit the run's state, and the error of the last action."""
    row = st.container(horizontal=True, gap="xsmall", width="content")
    with row:
        match run.state:
            case State.QUEUED:
                _button("Remove from the queue", "stop", "playlist_remove", queue.request_stop, run)
            case State.RUNNING:
                _button("Stop", "stop", "stop_circle", queue.request_stop, run)
            case State.STOPPING:
                # Above the button, so that a double click on "Stop" does not press it.
                st.caption("Stopping after this batch.")
                _button("Stop at once", "kill", "dangerous", queue.kill, run)
            case State.FINISHED:
                _extend(run)
                _delete(run)
            case _:
                _button("Resume", "resume", "play_arrow", queue.resume, run)
                _delete(run)
    problems.show_noted(PROBLEM)


def _button(
    label: str, name: str, icon: str, action: Callable[[Run], Any], run: Run, **options: Any
) -> None:
    st.button(
        label,
        key=f"train_{name}",
        icon=f":material/{icon}:",
        on_click=problems.attempt,
        args=(_on_current, action, run),
        kwargs={"note_as": PROBLEM},
        **options,
    )


def _on_current(action: Callable[[Run], Any], run: Run) -> None:
    # The run may have changed since the button was drawn.
    action(store.load(run.folder))


def _extend(run: Run) -> None:
    with st.popover("Continue", icon=":material/more_time:", key="train_extend"):
        st.markdown(
            "Trains further from the last weights, with another cycle of the learning-rate "
            "schedule. You can use the present model until the new one is measured."
        )
        st.number_input("More epochs", 1, 1000, 5, key=_MORE_EPOCHS, persist_state="session")
        st.button(
            "Continue training",
            key="train_extend_start",
            icon=":material/play_arrow:",
            on_click=problems.attempt,
            args=(_on_current, _extend_by_field, run),
            kwargs={"note_as": PROBLEM},
        )


def _extend_by_field(run: Run) -> None:
    # Read now, because the last edit of the field arrives with the click.
    queue.extend(run, int(st.session_state[_MORE_EPOCHS]))


def _delete(run: Run) -> None:
    with st.popover(":red[Delete]", icon=":material/delete:", key="train_delete"):
        st.markdown("This permanently deletes its model, its predictions and its curves.")
        _button(":red[**Delete this run**]", "delete_confirm", "delete_forever", queue.delete, run)
