"""A grid of thumbnails for mouse and keyboard, the same on all pages."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.components.v2 import component

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

# A page of photos: the columns of every width divide it, so that its rows are full.
PER_PAGE = 48


@dataclass(frozen=True)
class Tile:
    """One photo. Without a ``jpeg`` a placeholder is drawn.

    ``name`` and ``note`` are shown below the photo. ``is_right`` marks an answer as right or wrong.
    ``is_current`` outlines the tile whose photo is shown elsewhere on the page.
    """

    name: str
    jpeg: bytes | None
    note: str = ""
    is_faded: bool = False
    is_right: bool | None = None
    is_current: bool = False

    def to_json(self) -> dict[str, object]:
        """Return the tile as the component takes it."""
        return {
            "name": self.name,
            "note": self.note,
            "faded": self.is_faded,
            "jpeg": base64.b64encode(self.jpeg).decode() if self.jpeg else "",
            "mark": "" if self.is_right is None else "right" if self.is_right else "wrong",
            "current": self.is_current,
        }


def photo_grid(
    tiles: Sequence[Tile],
    *,
    key: str,
    on_open: Callable[[int], None],
    on_turn: Callable[[int], None] | None = None,
    columns: int | None = None,
    most_columns: int = 8,
    reveal: str = "",
    is_strip: bool = False,
) -> None:
    """Draw the tiles; call ``on_open`` with the position of a clicked one.

    The arrow keys move between the tiles, and Enter opens one. Page Up and Page Down call
    ``on_turn`` with -1 and 1. There are 3 to ``most_columns``, by the width of the page, unless
    ``columns`` is given. Whenever ``reveal`` changes, the page scrolls until the first row is in
    view. A strip is one row that scrolls to the current photo. A page of 96 thumbnails is a message
    of 0.8 MB.
    """

    def opened() -> None:
        on_open(int(st.session_state[key]["opened"]))

    def turned() -> None:
        if on_turn:
            on_turn(int(st.session_state[key]["turned"]))

    data = {
        "tiles": [tile.to_json() for tile in tiles],
        "columns": columns,
        "most": most_columns,
        "reveal": reveal,
        "strip": is_strip,
    }
    _element()(key=key, data=data, on_opened_change=opened, on_turned_change=turned)


@cache
def _element() -> "ComponentRenderer":
    javascript, css = (
        Path(__file__).with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".js", ".css")
    )
    return component("catsdogs_photo_grid", js=javascript, css=css)
