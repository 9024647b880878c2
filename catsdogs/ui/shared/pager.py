"""Long lists in pages: which items a page holds, and the widget that turns the pages."""

from dataclasses import dataclass

import streamlit as st

FIRST = 1


@dataclass(frozen=True)
class Pages:
    """``count`` items, at most ``size`` of them on a page; pages are numbered from 1."""

    count: int
    size: int

    @property
    def last(self) -> int:
        """The number of the last page; an empty list has one page."""
        return max(-(-self.count // self.size), FIRST)

    def nearest(self, page: int) -> int:
        """Return ``page``, or the page closest to it when there is none with this number."""
        return min(max(page, FIRST), self.last)

    def items(self, page: int) -> slice:
        """Return the positions of the items on a page."""
        return slice((page - 1) * self.size, page * self.size)


def choose(pages: Pages, *, key: str, in_address: bool = False) -> slice:
    """Draw the page numbers and return the positions of the items on the chosen page.

    A list that fits on one page needs none. The number is kept in the session under ``key``, and
    with ``in_address`` in the page's address too; then the widget is always drawn, because the
    address forgets the number without it.
    """
    st.session_state[key] = pages.nearest(st.session_state.get(key, FIRST))
    if in_address:
        return pages.items(st.pagination(pages.last, key=key, bind="query-params"))
    return pages.items(st.pagination(pages.last, key=key) if pages.last > FIRST else FIRST)


def repeat(pages: Pages, *, key: str) -> None:
    """Draw the page numbers of ``choose`` once more, below a long list."""
    if pages.last > FIRST:
        below = f"{key}_below"
        st.session_state[below] = st.session_state[key]
        st.pagination(pages.last, key=below, on_change=_take, args=(key, below))


def turn(pages: Pages, step: int, *, key: str) -> None:
    """Turn ``step`` pages forward, or back when it is negative, as far as there are pages."""
    st.session_state[key] = pages.nearest(st.session_state[key] + step)


def first(key: str) -> None:
    """Turn back to the first page. Call it when the order or the choice of items changes."""
    st.session_state[key] = FIRST


def _take(key: str, below: str) -> None:
    st.session_state[key] = st.session_state[below]
