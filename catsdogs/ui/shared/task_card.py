"""A task at work: how far it is, how long it will take, and the button that ends it."""

from collections.abc import Callable, Mapping

import streamlit as st

from catsdogs.background import tasks
from catsdogs.background.tasks import Task, TaskState
from catsdogs.text import duration
from catsdogs.ui.shared.markdown import verbatim

_POLL_S = 1.0
_MEGABYTE = 1e6


def show(
    kind: str,
    subject: str,
    phases: Mapping[str, str],
    *,
    on_done: Callable[[Task], None] | None = None,
) -> bool:
    """Show the task of this kind about this subject, if there is one; return whether it runs.

    ``phases`` says each phase in words. ``on_done`` is called, once, when it is seen to be done,
    and the task forgotten; without it, a task that is done is kept and not shown.
    """
    task = tasks.find(kind, subject)
    if task is None:
        return False
    if task.is_running:
        st.fragment(run_every=_POLL_S)(_running)(kind, subject, phases)
        return True
    if task.state is TaskState.DONE:
        if on_done is not None:
            tasks.dismiss(task)
            on_done(task)
        return False
    show_message = st.info if task.state is TaskState.CANCELLED else st.error
    show_message(verbatim(task.message))
    st.button("Close", key=f"close_{task.folder.name}", on_click=tasks.dismiss, args=(task,))
    return False


def _running(kind: str, subject: str, phases: Mapping[str, str]) -> None:
    task = tasks.find(kind, subject)
    if task is None or not task.is_running:
        # The whole page, because what the task made is shown elsewhere on it.
        st.rerun()
    title = phases.get(task.phase, "Starting …")
    share = min(task.done / task.total, 1.0) if task.total else 0.0
    st.progress(share, text=f"{title}  {_counted(kind, task)}")
    st.button(
        "Cancel",
        icon=":material/cancel:",
        key=f"cancel_{task.folder.name}",
        on_click=tasks.cancel,
        args=(task,),
        disabled=(task.folder / "stop").exists(),
    )


def _counted(kind: str, task: Task) -> str:
    """Say how far the phase is: in photos, or for a download in megabytes."""
    if not task.done:
        return ""
    scale, unit = (_MEGABYTE, "MB") if kind == "download" else (1, "")
    total = f" of {task.total / scale:,.0f}" if task.total else ""
    left = task.seconds_left
    rest = f" · about {duration(left)} left" if left is not None else ""
    speed = f" · {task.per_second / scale:,.1f} {unit}/s" if task.per_second > 0 else ""
    return f"{task.done / scale:,.0f}{total} {unit}{speed}{rest}"
