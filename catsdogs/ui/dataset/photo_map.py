"""The map as an element of the page: points that are drawn, moved and selected in the browser."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from streamlit.components.v2 import component

from catsdogs.charts.point_colours import Colouring
from catsdogs.health.gallery_query import Polygon
from catsdogs.ui.shared.reported import reported

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


@dataclass(frozen=True)
class Points:
    """N points to draw, the last ones on top.

    ``places`` are their positions from -1 to 1, of shape (N, 2). ``is_found`` is a mask of those
    that the filter finds: the others are faint. ``thumbnails`` is the address of their pictures.
    """

    places: np.ndarray
    is_found: np.ndarray
    colouring: Colouring
    thumbnails: str


def photo_map(
    points: Points,
    *,
    key: str,
    method: str,
    colour: str,
    area: Polygon,
    alt: str,
    on_open: Callable[[int], None],
    on_select: Callable[[Polygon], None],
) -> None:
    """Draw the points; a click calls ``on_open`` with the position of one in ``points``.

    A lasso or a box calls ``on_select`` with its corners, and the button that clears it with none.
    ``area`` is the selection that is drawn, and ``colour`` says what the colours mean. Another
    ``method`` brings the whole map into view.

    25,000 points are a message of 0.15 MB.
    """

    def opened() -> None:
        position = reported(key, "opened")
        if position is not None and int(position) < len(points.places):
            on_open(int(position))

    def selected() -> None:
        corners = reported(key, "selected")
        if corners is not None:
            on_select([(float(x), float(y)) for x, y in corners])

    said = {"method": method, "colour": colour, "area": list(area), "alt": alt}
    data = _message(points, **said)
    _element()(key=key, data=data, on_opened_change=opened, on_selected_change=selected)


def _message(points: Points, **said: str | Sequence[object]) -> bytes:
    """Return the points as ``photo_map.js`` takes them: a JSON document, then arrays.

    The first four bytes are the length of the document.
    """
    colouring = points.colouring
    described = {
        **said,
        "count": len(points.places),
        "thumbnails": points.thumbnails,
        "shades": colouring.shades,
        "names": colouring.names,
        "ends": colouring.ends,
        "legend": [asdict(entry) for entry in colouring.legend],
    }
    document = json.dumps(described).encode()
    shares = (points.places + 1) / 2 * np.iinfo(np.uint16).max
    arrays = (
        shares.clip(0, np.iinfo(np.uint16).max).round().astype("<u2"),
        colouring.codes,
        points.is_found.astype(np.uint8),
    )
    parts = [array.tobytes() for array in arrays]
    return b"".join([len(document).to_bytes(4), document, *parts])


@cache
def _element() -> "ComponentRenderer":
    geometry, points, javascript, css = (
        Path(__file__).with_name(name).read_text(encoding="utf-8")
        for name in ("map_geometry.js", "map_points.js", "photo_map.js", "photo_map.css")
    )
    return component("catsdogs_photo_map", js=geometry + points + javascript, css=css)
