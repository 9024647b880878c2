"""The report of the health check, and the page's next step."""

import streamlit as st

from catsdogs.health.snapshot import Snapshot
from catsdogs.text import duration
from catsdogs.ui.dataset import check, health_cards, health_details, review
from catsdogs.ui.dataset.views import View
from catsdogs.ui.shared import next_step as shared_step
from catsdogs.ui.shared.markdown import verbatim
from catsdogs.ui.shared.pages import TRAIN


def show(snapshot: Snapshot) -> None:
    """Show a running check or how current the last one is, then its findings."""
    if not check.progress(snapshot):
        _state(snapshot)
    health_cards.show(snapshot)
    health_details.show(snapshot)


def next_step(snapshot: Snapshot, view: View) -> None:
    """Draw the one primary button of the page: check, then review, then train."""
    suspects = review.waiting(snapshot, "suspect")
    if check.is_running(snapshot):
        return
    if snapshot.findings is None:
        # The map and the review queue offer the check in their place.
        if view in (View.PHOTOS, View.CHARTS, View.HEALTH):
            check.button(snapshot, key="health_run")
    elif not suspects:
        shared_step.show("Train a model", TRAIN, key="next_train")
    elif view is not View.REVIEW:
        review.start_button("suspect", suspects, key="next_review")


def _state(snapshot: Snapshot) -> None:
    """Show how far the last check can be relied on, and offer another if it may help."""
    findings = snapshot.findings
    if findings is None:
        st.info(
            "Not checked yet. A check finds wrong labels, duplicates, blurred and odd photos.",
            icon=":material/health_and_safety:",
        )
        return
    changed = "" if snapshot.is_current else "Photos were added, removed or changed since then."
    problems = [changed, verbatim(findings.summary.embedding), findings.caveat]
    for problem in filter(None, problems):
        st.warning(problem, icon=":material/warning:")
    took = duration(sum(findings.summary.seconds.values()))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"{len(findings.rows):,} labelled photos were checked in {took}. {findings.sampled}",
            width="content",
        )
        if any(problems):
            check.button(snapshot, key="health_again", label="Check again", type_="secondary")
