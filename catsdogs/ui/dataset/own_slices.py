"""Filters that you keep under a name: slices on Compare and on the page of a run."""

from pathlib import Path

import streamlit as st

from catsdogs import people
from catsdogs.health import named_slices
from catsdogs.health.gallery_query import Query
from catsdogs.text import literal
from catsdogs.ui.shared import problems

_NAME, _PROBLEM = "slice_name", "slice_problem"


def show(root: Path, query: Query) -> None:
    """Draw a popover that keeps the filter as a slice, and lists the slices of the dataset."""
    with st.popover("Keep as a slice", icon=":material/bookmark_add:", key="slices"):
        st.caption("Compare and the page of a run then show the accuracy on these photos.")
        st.text_input("Name", key=_NAME, max_chars=named_slices.LONGEST_NAME)
        st.button(
            "Keep",
            key="slice_keep",
            type="primary",
            on_click=_keep,
            args=(root, query),
            disabled=not people.current().may_edit,
        )
        problems.show_noted(_PROBLEM)
        with problems.shown():
            for number, one in enumerate(named_slices.read(root)):
                _row(root, one.name, number)


def _row(root: Path, name: str, number: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(literal(name), width="stretch")
        st.button(
            "",
            key=f"slice_remove_{number}",
            icon=":material/delete:",
            type="tertiary",
            help=f"Remove {literal(name)}",
            on_click=problems.attempt,
            args=(named_slices.forget, root, name),
            kwargs={"note_as": _PROBLEM},
            disabled=not people.current().may_edit,
        )


def _keep(root: Path, query: Query) -> None:
    # Read now, because the last edit of the field arrives with the click.
    problems.attempt(named_slices.keep, root, st.session_state[_NAME], query, note_as=_PROBLEM)
