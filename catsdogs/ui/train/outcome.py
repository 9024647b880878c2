"""A run that has ended: what to do next, and its metrics."""

from collections.abc import Sequence

import streamlit as st

from catsdogs.runs.run import Run
from catsdogs.text import counted, duration, percent
from catsdogs.ui.shared import next_step
from catsdogs.ui.shared.pages import CLASSIFY, COMPARE, Page
from catsdogs.ui.train import mistakes


def next_steps(run: Run, runs: Sequence[Run], *, is_main: bool) -> None:
    """Offer to try the run on a photo, to see its mistakes and to compare it.

    ``is_main`` says that this is the main thing to do on the page now.
    """
    if not run.is_usable:
        return
    with st.container(horizontal=True):
        if run.can_classify:
            _try(run, is_main=is_main)
        wrong = mistakes.count(run)
        st.button(
            "Hide its mistakes"
            if mistakes.is_open(run)
            else f"See its {counted(wrong, 'mistake')}",
            icon=":material/image_search:",
            key="train_mistakes_toggle",
            on_click=mistakes.toggle,
            args=(run,),
        )
        other = _best_other(run, runs)
        if other is not None:
            _to(COMPARE, "Compare", key="train_compare", a=run.run_id, b=other.run_id)


def metrics(run: Run) -> None:
    """Show the metrics of the run's model; its accuracy is in the sentence above the chart."""
    if not run.is_usable:
        return
    result, done = run.result, f"{run.epochs_done} of {run.epochs_planned} epochs"
    facts = [f"Validation loss {result.val_loss:.4f}", done, duration(result.total_s)]
    balance = result.val_balance
    if balance is not None and balance.is_uneven:
        facts.append(f"Balanced accuracy {percent(result.balanced_score)}")
        facts.append(f"Validation photos: {balance.words}; {balance.baseline_words}")
    st.caption(" · ".join(facts))


def _try(run: Run, *, is_main: bool) -> None:
    label = "Try it on a photo"
    if is_main:
        next_step.show(label, CLASSIFY, key="train_try", run=run.run_id)
    else:
        _to(CLASSIFY, label, key="train_try", run=run.run_id)


def _to(page: Page, label: str, *, key: str, **address: str) -> None:
    if st.button(label, icon=page.icon, key=key):
        st.switch_page(page.script, query_params=address)


def _best_other(run: Run, runs: Sequence[Run]) -> Run | None:
    """Return the best other run, one that was measured on the same dataset if there is one."""

    def merit(other: Run) -> tuple[bool, float]:
        theirs, ours = other.about.dataset.fingerprint, run.about.dataset.fingerprint
        return theirs == ours, other.result.val_accuracy

    others = [other for other in runs if other.is_usable and other.run_id != run.run_id]
    return max(others, key=merit, default=None)
