"""The photos that are selected in the gallery, on all of its pages, and in the labelling queue.

The browser changes the selection at once and then reports it (``photo_grid.Selection``). The
session keeps it by path and content, so it survives other pages, filters and views.
"""

import hashlib
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from catsdogs.health.gallery_query import Found
from catsdogs.text import counted
from catsdogs.ui.shared.photo_grid import Selection

_SELECTED, _MENU = "gallery_selected", "gallery_select"
_DRAWN, _VERSION = "gallery_drawn", "gallery_version"
_HELP = (
    "Click the circle of a photo, and one more with Shift for a range. Or drag over photos. "
    "By keyboard: Space selects, Shift with an arrow key extends, Ctrl+A selects the page, "
    "Escape ends it."
)


def among(root: Path, found: Found) -> Found:
    """Return the photos of ``found`` that are selected."""
    selected = _selected(root)
    if not selected:
        return Found(found.table, found.rows[:0])
    is_named = found.table["path"].isin(list(selected)).to_numpy()
    named = Found(found.table, found.rows[is_named[found.rows]])
    is_same = named.column("path").map(selected) == named.column("digest")
    return Found(found.table, named.rows[is_same])


def of_page(root: Path, on_page: Found, *, grid: str) -> Selection:
    """Return the selection of the photos on a page, for the grid with this key."""
    shown = on_page[:]
    page = hashlib.sha256(repr((root, shown["path"].tolist())).encode()).hexdigest()
    drawn: tuple[str, Selection] | None = st.session_state.get(_DRAWN)
    # Streamlit forgets the state of a grid that was not on the page. Then the browser did, too.
    if drawn is None or drawn[0] != page or grid not in st.session_state:
        version = st.session_state.get(_VERSION, 0) + 1
        places = np.flatnonzero(np.isin(on_page.rows, among(root, on_page).rows)).tolist()
        drawn = page, Selection(version, places, partial(_take, root, shown))
        st.session_state[_VERSION], st.session_state[_DRAWN] = version, drawn
    return drawn[1]


def menu(root: Path, found: Found, on_page: slice, *, count: int) -> None:
    """Draw the menu that selects many photos at once; ``count`` are selected.

    They are those on the page, or all that are ``found``.
    """
    choices = {"All on this page": Found(found.table, found.rows[on_page])}
    if len(found) > len(choices["All on this page"]):
        choices[f"All {counted(len(found), 'photo')}"] = found
    choices["None"] = Found(found.table, found.rows[:0])
    st.menu_button(
        f"{count:,} selected" if count else "Select",
        list(choices),
        icon=":material/check_circle:",
        key=_MENU,
        help=_HELP,
        on_click=_choose,
        args=(root, choices),
    )


def release(root: Path, photos: pd.DataFrame) -> None:
    """End the selection of these photos, whether they are selected or not."""
    released = set(photos["path"])
    _keep(root, {path: d for path, d in _selected(root).items() if path not in released})
    st.session_state.pop(_DRAWN, None)  # The browser does not know of this change.


def _choose(root: Path, choices: dict[str, Found]) -> None:
    chosen = choices[st.session_state[_MENU]]
    _keep(root, {**_selected(root), **_digests(chosen[:])} if len(chosen) else {})
    st.session_state.pop(_DRAWN, None)  # The browser does not know of this change.


def _take(root: Path, shown: pd.DataFrame, positions: list[int]) -> None:
    """Replace the selection of the photos on a page."""
    on_page = set(shown["path"])
    others = {path: d for path, d in _selected(root).items() if path not in on_page}
    _keep(root, {**others, **_digests(shown.iloc[positions])})


def _digests(photos: pd.DataFrame) -> dict[str, str]:
    return dict(zip(photos["path"], photos["digest"], strict=True))


def _selected(root: Path) -> dict[str, str]:
    """Return the digests of the selected photos of a dataset, by path."""
    of, selected = st.session_state.get(_SELECTED, (root, {}))
    return selected if of == root else {}


def _keep(root: Path, selected: dict[str, str]) -> None:
    st.session_state[_SELECTED] = root, selected
