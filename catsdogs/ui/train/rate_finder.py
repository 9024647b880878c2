"""The learning-rate range test beside a run's settings: start it, follow it, take its rate over."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from catsdogs.background import tasks
from catsdogs.background.tasks import TaskState
from catsdogs.charts import training as training_charts
from catsdogs.runs import range_test
from catsdogs.runs.config import RunConfig
from catsdogs.ui.runs import actions
from catsdogs.ui.shared import problems, task_card


def show(config: RunConfig, *, take_over: Callable[[float], None]) -> None:
    """Offer a test for a run with these settings, and show how far it is and what it found.

    Results for other settings are not shown. ``take_over`` is called with the suggested rate
    when its button is pressed, before the page is drawn again.
    """
    subject = range_test.subject(config)
    at_work = next((task for task in tasks.of_kind(range_test.KIND) if task.is_running), None)
    st.button(
        "Find a learning rate",
        icon=":material/query_stats:",
        key="train_find_rate",
        disabled=at_work is not None,
        on_click=problems.attempt,
        args=(_start, subject),
        kwargs={"note_as": actions.PROBLEM},
        help="Trains for a moment on training photos while the rate rises, and looks where the "
        "loss falls best. Half a minute, once the photos are decoded.",
    )
    task_card.show(range_test.KIND, at_work.subject if at_work else subject, range_test.PHASES)
    if at_work is not None and at_work.subject != subject:
        st.caption("That is a test with other settings than these.")
    task = tasks.find(range_test.KIND, subject)
    if task is not None and task.state is TaskState.DONE and task.result is not None:
        _found(task.result, take_over)


def _start(subject: str) -> None:
    # The result of one test is kept until the next begins.
    for task in tasks.of_kind(range_test.KIND):
        tasks.dismiss(task)
    tasks.start(range_test.KIND, subject)


def _found(result: dict[str, Any], take_over: Callable[[float], None]) -> None:
    suggested = result["suggested"]
    if suggested is None:
        st.info(
            "At no rate did the loss fall. Try larger batches, or keep the usual rate.",
            icon=":material/help:",
        )
    st.plotly_chart(
        training_charts.learning_rate_curve(result),
        key="train_rates",
        config={"displaylogo": False},
    )
    st.caption(f"Measured on {result['images']:,} training photos, on no validation photo.")
    if suggested is not None:
        st.caption("A rough guide: another seed may well suggest twice or half as much.")
        st.button(
            f"Use {suggested:g}",
            icon=":material/check:",
            key="train_take_rate",
            on_click=take_over,
            args=(suggested,),
        )
