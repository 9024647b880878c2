"""A grid of thumbnails for mouse and keyboard, the same on all pages."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from streamlit.components.v2 import component

from catsdogs.ui.shared.reported import reported
from catsdogs.ui.shared.streamlit_internals import file_address

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
        """Return the tile as the component takes it, without its picture."""
        return {
            "name": self.name,
            "note": self.note,
            "faded": self.is_faded,
            "mark": "" if self.is_right is None else "right" if self.is_right else "wrong",
            "current": self.is_current,
        }


@dataclass(frozen=True)
class Selection:
    """The selected tiles, by position, and the function that takes those that the user selects.

    The browser keeps the selection, and takes over ``positions`` only with a new ``version``. So
    the message stays the same while the user selects, and Streamlit does not send it again.
    """

    version: int
    positions: Sequence[int]
    on_change: Callable[[list[int]], None]


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
    by_address: bool = False,
    selection: Selection | None = None,
) -> None:
    """Draw the tiles; call ``on_open`` with the position of a clicked one.

    The arrow keys move between the tiles, and Enter opens one. Page Up and Page Down call
    ``on_turn`` with -1 and 1. There are 3 to ``most_columns``, by the width of the page, unless
    ``columns`` is given. Whenever ``reveal`` changes, the page scrolls until the first row is in
    view. A strip is one row that scrolls to the current photo. With a ``selection``, tiles can be
    selected: with their circle, Shift for a range, a box drawn by mouse, Space and Ctrl+A.

    A page of 96 thumbnails is a message of 0.6 MB. Use ``by_address`` for a few pictures that stay
    the same: the browser requests each of them once, and the message stays small.
    """

    def opened() -> None:
        position = reported(key, "opened")
        if position is not None and int(position) < len(tiles):  # It may have gone since.
            on_open(int(position))

    def turned() -> None:
        step = reported(key, "turned")
        if on_turn and step is not None:
            on_turn(int(step))

    def selected() -> None:
        change = reported(key, "selected")
        if selection and change and change["version"] == selection.version:
            selection.on_change([p for p in map(int, change["positions"]) if p < len(tiles)])

    options = {
        "columns": columns,
        "most": most_columns,
        "reveal": reveal,
        "strip": is_strip,
        "version": selection.version if selection else 0,
        "selected": list(selection.positions) if selection else [],
    }
    data = _message(tiles, options, key=key if by_address else "")
    _element()(
        key=key,
        data=data,
        on_opened_change=opened,
        on_turned_change=turned,
        on_selected_change=selected,
    )


def _message(tiles: Sequence[Tile], options: Mapping[str, object], *, key: str) -> bytes:
    """Return the tiles as the component takes them: a JSON document, then the pictures.

    The first four bytes are the length of the document. With a ``key``, the document has the
    addresses of the pictures instead.
    """
    jpegs = [tile.jpeg or b"" for tile in tiles]
    addresses = [
        file_address(jpeg, key=f"{key}_{number}") if key and jpeg else ""
        for number, jpeg in enumerate(jpegs)
    ]
    sent = [b"" if address else jpeg for jpeg, address in zip(jpegs, addresses, strict=True)]
    described = [
        {**tile.to_json(), "src": address, "size": len(jpeg)}
        for tile, address, jpeg in zip(tiles, addresses, sent, strict=True)
    ]
    document = json.dumps({**options, "tiles": described}).encode()
    return b"".join([len(document).to_bytes(4), document, *sent])


@cache
def _element() -> "ComponentRenderer":
    javascript, css = (
        Path(__file__).with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".js", ".css")
    )
    return component("catsdogs_photo_grid", js=javascript, css=css)
