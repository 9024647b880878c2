"""The switch that lets pictures which were classified wrongly join the current dataset."""

from pathlib import Path

import streamlit as st

from catsdogs import people
from catsdogs.dataset import corrections, index
from catsdogs.dataset.index import Dataset
from catsdogs.text import counted
from catsdogs.ui.shared import problems

_KEY, _PROBLEM = "corrections_joined", "corrections_problem"


def offer(dataset: Dataset) -> None:
    """Draw the switch, if there are corrections of the dataset's classes."""
    with problems.shown():
        has_joined = corrections.has_joined(dataset.root)
        joining = dataset.joined_corrections if has_joined else _joining(dataset)
        if joining or has_joined:
            _draw(dataset.root, joining, has_joined=has_joined)


def _draw(root: Path, joining: int, *, has_joined: bool) -> None:
    st.session_state[_KEY] = has_joined
    st.toggle(
        f"Include {counted(joining, 'correction')}",
        key=_KEY,
        help="Pictures that you marked as wrong on Classify, under their right label. They are "
        "trained on and checked like all others. Switched off, the dataset is as it was.",
        on_change=problems.attempt,
        args=(_switch, root),
        kwargs={"note_as": _PROBLEM},
        disabled=not people.current().may_edit,
    )
    problems.show_noted(_PROBLEM)


def _joining(dataset: Dataset) -> int:
    return len(index.can_join(dataset.root, dataset.records, dataset.classes))


def _switch(root: Path) -> None:
    corrections.join(root, join_=st.session_state[_KEY])
