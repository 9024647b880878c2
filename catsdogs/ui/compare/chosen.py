"""The photos that somebody chose to see: by a cell of a matrix, a kind of mistake, or a slice."""

import streamlit as st

from catsdogs.comparison.disagreements import Cell, Kind, OfSlice
from catsdogs.ui.shared import pager

Choice = Cell | Kind | OfSlice
KEY = "compare_choice"  # of the list that offers all of them
PHOTOS = "compare_chosen"
_CLICKS = "compare_clicks"


def choose(choice: Choice) -> None:
    """Show these photos, and scroll to them. Call this before the page is drawn."""
    st.session_state[KEY] = choice
    st.session_state[_CLICKS] = st.session_state.get(_CLICKS, 0) + 1
    first_page()


def current() -> Choice | None:
    """Return the choice, if there is one."""
    choice: Choice | None = st.session_state.get(KEY)
    return choice


def forget() -> None:
    """Forget the choice: another pair is compared."""
    st.session_state.pop(KEY, None)
    first_page()


def first_page() -> None:
    """Show the first page of the chosen photos."""
    pager.first(f"{PHOTOS}_page")


def reveal() -> str:
    """Return a value that changes whenever the page should scroll to the photos."""
    return str(st.session_state.get(_CLICKS, ""))
