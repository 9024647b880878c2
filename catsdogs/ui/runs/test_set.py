"""The locked test sets of the compared runs: their metrics, and the button that looks at them."""

from collections.abc import Mapping, Sequence

import streamlit as st

from catsdogs.background import tasks
from catsdogs.reports import comparison_text, test_look
from catsdogs.runs import looks
from catsdogs.runs.looks import Look
from catsdogs.runs.run import Run
from catsdogs.text import counted, literal
from catsdogs.ui.shared import problems, task_card


def has_one(named: Mapping[str, Run]) -> bool:
    """Return whether one of the runs has a locked test set."""
    return any(run.result.test_images for run in named.values())


def show(named: Mapping[str, Run]) -> None:
    """Show the metrics of each run on its own test set, once somebody has looked at them."""
    runs = {run.run_id: (name, run) for name, run in named.items()}
    for column, (name, run) in zip(st.columns(len(runs)), runs.values(), strict=True):
        with column:
            st.markdown(f"**{literal(name)}**")
            _side(run)
    if _differ(list(named.values())):
        st.caption("The two test sets hold different photos: compare their metrics with care.")
    st.caption(
        "Training, the choice of the epoch, the temperature and the limit for “neither” do not use "
        "these photos.",
        help="Looking often and choosing the best run makes its metrics optimistic again, so each "
        "look is counted.",
    )


def _differ(runs: Sequence[Run]) -> bool:
    """Return whether the runs locked different photos away."""
    splits = [run.view.split for run in runs if run.result.test_images]
    return len({split.test_hash for split in splits if split}) > 1


def _side(run: Run) -> None:
    if not run.result.test_images:
        st.caption("No test set. *Test share* on Train locks one away.")
        return
    found = looks.read(run)
    st.caption(f"{counted(run.result.test_images, 'photo')}, {looks.said(found)}.")
    if (metrics := looks.latest(run.result, found)) is not None:
        table = comparison_text.locked_metrics(metrics)
        st.dataframe(table, key=f"compare_test_{run.run_id}", alt="Metrics on the test set")
    if not task_card.show(test_look.KIND, run.run_id, test_look.PHASES, on_done=_done):
        _button(run, found)


def _button(run: Run, found: Sequence[Look]) -> None:
    number = len(found) + 1
    if st.button(
        "Measure on the test set",
        key=f"compare_test_look_{run.run_id}",
        icon=":material/visibility:",
        help=f"This is look {number} at this test set. Looks are counted and stay in the run.",
        disabled=run.state.is_active or not run.can_classify,
    ):
        with problems.shown():
            tasks.start(test_look.KIND, run.run_id)
            st.rerun()
    st.caption(f"It counts as look {number}.")


def _done(task: tasks.Task) -> None:
    st.rerun()
