"""Errors that a page shows: where they happen, or noted in a callback and shown when it is drawn.

A callback runs before the page is drawn, so whatever it shows appears above everything else. It
notes its error under a key instead, and the page shows it at the right place.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from catsdogs.errors import CatsDogsError
from catsdogs.ui.shared.markdown import verbatim

_EXPECTED = (CatsDogsError, OSError)


def show(problem: object, *, icon: str | None = None) -> None:
    """Show an error or its message."""
    st.error(verbatim(problem), icon=icon)


@contextmanager
def shown(*also: type[Exception], icon: str | None = None) -> Iterator[None]:
    """Show an error of the block in its place, and continue after the block.

    These are the errors of this project and of the operating system, and those named in ``also``.
    """
    try:
        yield
    except _EXPECTED + also as error:
        show(error, icon=icon)


def attempt(action: Callable[..., Any], *arguments: Any, note_as: str) -> Any:
    """Return what ``action`` returns; None when it fails: ``show_noted(note_as)`` shows why."""
    try:
        return action(*arguments)
    except _EXPECTED as error:
        st.session_state[note_as] = str(error)
        return None


def show_noted(key: str) -> None:
    """Show, once, the error that ``attempt`` noted under this key."""
    message = st.session_state.pop(key, None)
    if message:
        show(message)
