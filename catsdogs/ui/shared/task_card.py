"""A running task: its progress, the time it will take, and the button that cancels it."""

from collections.abc import Callable, Mapping

import streamlit as st

from catsdogs import people
from catsdogs.background import tasks
from catsdogs.background.tasks import Kind, Task, TaskState
from catsdogs.text import duration
from catsdogs.ui.shared.markdown import verbatim

_POLL_S = 1.0
_MEGABYTE = 1e6


def show(
    kind: Kind,
    subject: str,
    phases: Mapping[str, str],
    *,
    in_bytes: bool = False,
    on_done: Callable[[Task], None] | None = None,
) -> bool:
    """Show the task of this kind about this subject, if there is one; return whether it is running.

    ``phases`` names each phase for the user; ``in_bytes`` says that they count bytes, not photos.
    ``on_done`` is called once, when the task is found to be done, and the task is forgotten.
    Without it, a task that is done is kept and not shown.
    """
    task = tasks.find(kind, subject)
    if task is None:
        return False
    if task.is_running:
        st.fragment(run_every=_POLL_S)(_running)(kind, subject, phases, in_bytes)
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


def _running(kind: Kind, subject: str, phases: Mapping[str, str], in_bytes: bool) -> None:
    task = tasks.find(kind, subject)
    if task is None or not task.is_running:
        # Rerun the whole page: it shows the result of the task elsewhere.
        st.rerun()
    title = phases.get(task.phase, "Starting …")
    share = min(task.done / task.total, 1.0) if task.total else 0.0
    st.progress(share, text=f"{title}  {_counted(task, in_bytes=in_bytes)}")
    st.button(
        "Cancel",
        icon=":material/cancel:",
        key=f"cancel_{task.folder.name}",
        on_click=tasks.cancel,
        args=(task,),
        disabled=task.is_cancelling or not people.current().may_edit,
    )


def _counted(task: Task, *, in_bytes: bool) -> str:
    """Return the progress of the phase in photos, or in megabytes."""
    if not task.done:
        return ""
    scale, unit = (_MEGABYTE, "MB") if in_bytes else (1, "")
    total = f" of {task.total / scale:,.0f}" if task.total else ""
    pace = task.pace
    rest = f" · about {duration(pace.left_s)} left" if pace.left_s is not None else ""
    speed = f" · {pace.per_s / scale:,.1f} {unit}/s" if pace.per_s is not None else ""
    return f"{task.done / scale:,.0f}{total} {unit}{speed}{rest}"
