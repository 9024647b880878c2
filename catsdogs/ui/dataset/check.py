"""The health check: the button that runs it, and its progress. It is offered where it is missed."""

from typing import Literal

import streamlit as st

from catsdogs.background import tasks
from catsdogs.health import checkup, task
from catsdogs.health.snapshot import Snapshot
from catsdogs.ui.dataset import views
from catsdogs.ui.dataset.views import View
from catsdogs.ui.shared import cache, problems, task_card

_PROBLEM = "health_problem"
_EFFORT = "It reads every pixel once: a few minutes for 10,000 photos. Your files are only read."


def offer(snapshot: Snapshot, need: str) -> None:
    """Show ``need``, why a check is missed here, with the button that runs one; or its progress."""
    if not progress(snapshot):
        st.info(need, icon=":material/health_and_safety:")
        button(snapshot, key="check_offer")


def progress(snapshot: Snapshot) -> bool:
    """Show the check of this dataset while it runs; return whether it does."""
    subject = str(snapshot.dataset.root)
    running = task_card.show(
        task.KIND, subject, checkup.PHASES, on_done=lambda _: cache.forget_datasets()
    )
    if running:
        st.caption("The check continues when you leave this page.")
    return running


def is_running(snapshot: Snapshot) -> bool:
    """Return whether a check of this dataset is running."""
    found = tasks.find(task.KIND, str(snapshot.dataset.root))
    return found is not None and found.is_running


def button(
    snapshot: Snapshot,
    *,
    key: str,
    label: str = "Check the photos",
    type_: Literal["primary", "secondary"] = "primary",
) -> None:
    """Draw the button that starts a check and shows its progress."""
    st.button(
        label,
        type=type_,
        icon=":material/health_and_safety:",
        key=key,
        help=_EFFORT,
        on_click=_start,
        args=(str(snapshot.dataset.root),),
    )
    problems.show_noted(_PROBLEM)


def _start(subject: str) -> None:
    problems.attempt(tasks.start, task.KIND, subject, note_as=_PROBLEM)
    views.go(View.HEALTH)
