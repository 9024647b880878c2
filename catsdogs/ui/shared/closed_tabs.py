"""Closed tabs: a minute later their pictures and answers are forgotten and the memory is freed."""

import asyncio

import streamlit as st

from catsdogs.system import allocator
from catsdogs.ui.shared import streamlit_internals
from catsdogs.ui.shared.streamlit_internals import AppSession

# A tab that lost its connection reconnects within seconds. Streamlit itself keeps it for two
# minutes, and then until the next tab opens, which on your own machine may be tomorrow.
_KEPT_S = 60


def watch() -> None:
    """Notice when the tab that shows this page is closed. Call it in every script run."""
    session_id = streamlit_internals.session_id()
    if session_id:
        _tab(session_id)


def _closed(session_id: str) -> None:
    """Forget a session in a minute, unless its tab reconnects by then."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return  # No tab was closed: all caches are being cleared.
    session = streamlit_internals.session(session_id)
    loop.call_later(_KEPT_S, _forget, session_id, session)


# Releasing a session's cache is the only event that Streamlit reports when a tab is closed.
@st.cache_resource(scope="session", on_release=_closed, show_spinner=False)
def _tab(session_id: str) -> str:
    return session_id


def _forget(session_id: str, session: AppSession | None) -> None:
    if not streamlit_internals.is_connected(session_id):
        streamlit_internals.close(session_id, session)
        allocator.return_freed_memory_soon()
