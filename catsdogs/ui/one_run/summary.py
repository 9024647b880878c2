"""A run at a glance: its accuracy with the interval, its cost, what it is, what to do with it."""

from collections.abc import Sequence

import streamlit as st

from catsdogs.comparison.choice import rival
from catsdogs.reports import run_text
from catsdogs.runs.run import Run
from catsdogs.text import duration, literal, percent
from catsdogs.ui.shared import next_step, run_chips
from catsdogs.ui.shared.pages import CLASSIFY, COMPARE


def show(run: Run, runs: Sequence[Run]) -> None:
    """Show the metrics of a run with a model, and the ways on."""
    result, right = run.result, run_text.accuracy(run)
    with st.container(horizontal=True, gap="large"):
        st.metric(
            "Accuracy",
            percent(right.value),
            f"95 % interval {run_text.between(right)}",
            delta_color="off",
            delta_arrow="off",
            width="content",
        )
        balance = result.val_balance
        if balance is not None and balance.is_uneven:
            st.metric("Balanced accuracy", percent(result.balanced_score), width="content")
        st.metric("Log loss", f"{result.val_loss:.4f}", width="content")
        st.metric("Forward pass", f"{result.latency_ms:.1f} ms", width="content")
        st.metric("Model file", f"{result.model_bytes / 1e6:.1f} MB", width="content")
        st.metric("Training", duration(result.total_s), width="content")
    if not run.is_reference:  # Their origin says the same.
        st.caption(literal(_what_it_is(run)))
    _next(run, runs)


def _what_it_is(run: Run) -> str:
    result = run.result
    facts = [
        run.config.title,
        f"{run.epochs_done} of {run.epochs_planned} epochs",
        f"{result.train_images:,} photos to learn from, {result.val_images:,} to validate",
        run.about.dataset.name,
        run.remarks.line,
    ]
    return " · ".join(filter(None, facts))


def _next(run: Run, runs: Sequence[Run]) -> None:
    with st.container(horizontal=True):
        if run.can_classify:
            next_step.show("Try it on a photo", CLASSIFY, key="run_try", run=run.run_id)
        usable = [other for other in runs if other.is_usable]
        if len(usable) > 1:
            other = rival(run, usable)
            if st.button(
                f"Compare with {literal(run_chips.name(other))}",
                icon=COMPARE.icon,
                key="run_compare",
            ):
                st.switch_page(COMPARE.script, query_params={"a": run.run_id, "b": other.run_id})
        st.download_button(
            "Report",
            lambda: _report(run),
            f"{run.run_id}.html",
            "text/html",
            icon=":material/download:",
            on_click="ignore",
            key="run_report",
            help="Everything on this page as one HTML file that works offline.",
        )


def _report(run: Run) -> str:
    # Imported here, because scikit-learn takes a second to import.
    from catsdogs.reports import run_report

    return run_report.report(run).as_html()
