"""The values that a part of the page reports to its callback."""

from typing import Any

import streamlit as st


def reported(key: str, name: str) -> Any:
    """Return what the part with this key reports as ``name``; None if it has left the page.

    A click can arrive just after another one has removed the part: Streamlit then still calls its
    callback, but has forgotten its state.
    """
    state = st.session_state.get(key)
    return None if state is None else state.get(name)
