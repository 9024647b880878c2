"""The photo that is open over a page: its path is in the page's address.

The browser closes a dialog before the server knows. The next click may follow so soon that its
request still has the photo in the address, which must not open it again.
"""

from dataclasses import dataclass
from time import monotonic

import streamlit as st

# From closing a photo until the last request that may still have it. For that long, the browser's
# Back button does not open it either.
_LATE_S = 3.0


@dataclass(frozen=True)
class OpenPhoto:
    """The open photo of one page; ``name`` is that of its path in the address."""

    name: str

    @property
    def _closed(self) -> str:
        return f"{self.name}_closed"

    def path(self) -> str | None:
        """Return the path of the open photo, relative to its dataset; None if none is open."""
        path = st.query_params.get(self.name)
        closed, at = st.session_state.get(self._closed, (None, 0.0))
        if path is not None and path == closed and monotonic() - at < _LATE_S:
            st.query_params.pop(self.name, None)
            return None
        return path

    def open(self, path: str) -> None:
        """Open the photo at ``path``."""
        st.session_state.pop(self._closed, None)
        st.query_params[self.name] = path

    def close(self) -> None:
        """Close the open photo, if there is one."""
        path = st.query_params.pop(self.name, None)
        if path is not None:
            st.session_state[self._closed] = (path, monotonic())
