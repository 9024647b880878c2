"""The page's views, and the way from one to another."""

from enum import StrEnum

import streamlit as st

_KEY = "view"  # the session's key of the view, and its name in the page's address


class View(StrEnum):
    """One of the page's views, by its title."""

    PHOTOS, CHARTS, MAP = "Photos", "Charts", "Map"
    HEALTH, REVIEW = "Health", "Review"
    LABEL = "Label"


def choose(*, with_queue: bool) -> View:
    """Draw the titles of the views, LABEL only ``with_queue``; return the chosen one."""
    offered = [view for view in View if with_queue or view is not View.LABEL]
    if st.session_state.get(_KEY) not in (None, *offered):
        del st.session_state[_KEY]
    chosen = st.segmented_control(
        "View",
        offered,
        default=View.PHOTOS,
        required=True,
        key=_KEY,
        bind="query-params",
        label_visibility="collapsed",
    )
    return View(chosen)


def go(view: View) -> None:
    """Show ``view`` from the next run on. Call it before ``choose``, such as in a callback."""
    if _KEY not in st.session_state:
        # Streamlit writes the address only for an element that it has drawn before.
        st.query_params[_KEY] = view
    st.session_state[_KEY] = view
