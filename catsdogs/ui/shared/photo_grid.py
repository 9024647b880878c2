"""A grid of thumbnails for mouse and keyboard."""

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


@dataclass(frozen=True)
class Tile:
    """One photo. Without a ``jpeg`` a placeholder is drawn. ``note`` is shown below the name."""

    name: str
    jpeg: bytes | None
    note: str = ""
    is_faded: bool = False


def photo_grid(
    tiles: Sequence[Tile],
    *,
    key: str,
    on_open: Callable[[int], None],
    on_turn: Callable[[int], None] | None = None,
) -> None:
    """Draw the tiles; call ``on_open`` with the position of a clicked one.

    The arrow keys move between the tiles, and Enter opens one. Page Up and Page Down call
    ``on_turn`` with -1 and 1. A page of 96 thumbnails is a message of 0.8 MB.
    """

    def opened() -> None:
        on_open(int(st.session_state[key]["opened"]))

    def turned() -> None:
        if on_turn:
            on_turn(int(st.session_state[key]["turned"]))

    data = [
        {
            "name": tile.name,
            "note": tile.note,
            "faded": tile.is_faded,
            "jpeg": base64.b64encode(tile.jpeg).decode() if tile.jpeg else "",
        }
        for tile in tiles
    ]
    _element()(key=key, data=data, on_opened_change=opened, on_turned_change=turned)


@cache
def _element() -> "ComponentRenderer":
    javascript, css = (
        Path(__file__).with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".js", ".css")
    )
    return component("catsdogs_photo_grid", js=javascript, css=css)
