"""The Map view: similar photos near each other, and those of the selection beside it."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from catsdogs.charts import point_colours
from catsdogs.charts.point_colours import Colouring
from catsdogs.health import gallery_query
from catsdogs.health.gallery_query import AXES, Polygon
from catsdogs.health.snapshot import Snapshot
from catsdogs.text import capital, counted
from catsdogs.ui.dataset import check, filters, gallery, map_colours, photo
from catsdogs.ui.dataset.map_colours import Colours
from catsdogs.ui.dataset.photo_map import Points, photo_map
from catsdogs.ui.shared import problems, thumbnail_lists

# More would not be separate on a screen.
_MOST_POINTS = 25_000
_HELP = {
    "t-SNE": "t-SNE keeps neighbours together; distances across the map mean little.",
    "PCA": "The two principal components: the directions in which the photos differ most.",
}
# The methods, by the name of their axes in ``gallery_query.AXES``.
_METHODS = {"map": "t-SNE", "pca": "PCA"}
# The map in nine parts, as the list names them, for those who do not draw on it.
_PARTS = {
    f"{row} {column}": (x, y)
    for row, y in (("Top", 1), ("Middle", 0), ("Bottom", -1))
    for column, x in (("left", -1), ("centre", 0), ("right", 1))
}
_THIRD = 1 / 3


def show(snapshot: Snapshot) -> None:
    """Show the photos as points, and those of the selection."""
    if snapshot.table["map_x"].isna().all():
        check.offer(snapshot, "The health check places similar photos near each other on a map.")
        return
    chart, photos = st.columns(2, gap="medium")
    with chart:
        _map(snapshot)
    with photos:
        gallery.beside_chart(snapshot)


def _map(snapshot: Snapshot) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        axes = _method(snapshot)
        colours = map_colours.all_of(snapshot)
        colour = _colour(colours)
        _part(axes)
    x = AXES[axes][0]
    table = snapshot.table
    placed = table[~table["excluded"] & table[x].notna()]
    shown = sample(placed)
    colouring = point_colours.categories(pd.Series("", shown.index))
    with problems.shown():
        colouring = colours[colour](shown)
    _draw(snapshot, shown, colouring, axes=axes, colour=colour)
    st.caption(
        f"{_said(len(shown), len(placed))} Draw around points to see their photos, and click one "
        "to open it.",
        help=f"{_HELP[_METHODS[axes]]} The vectors are those of MobileNetV2. Scroll to zoom, and "
        "hold Shift to move the map. A selection is a filter: it can be kept as a slice.",
    )


def _method(snapshot: Snapshot) -> str:
    """Draw the choice of the method; return the name of its axes."""
    # A check of an older version has fewer.
    there = [of for of in _METHODS if snapshot.table[AXES[of][0]].notna().any()]
    return st.selectbox(
        "Method",
        there,
        format_func=lambda of: _METHODS[of],
        key="map_method",
        bind="query-params",
        width=100,
    )


def _colour(colours: Mapping[str, Colours]) -> str:
    return st.selectbox(
        "Colour",
        list(colours),
        format_func=capital,
        key="map_colour",
        bind="query-params",
        width=170,
    )


def _part(axes: str) -> None:
    st.selectbox(
        "Part of the map",
        list(_PARTS),
        index=None,
        placeholder="All",
        # A new key after each clearing, so that the list forgets its part too.
        key=f"map_part_{filters.times_cleared()}",
        on_change=_select_part,
        args=(axes,),
        width=140,
        help="Selects the photos of one part without drawing.",
    )


def _select_part(axes: str) -> None:
    part = st.session_state[f"map_part_{filters.times_cleared()}"]
    if part is None:
        filters.clear_area()
        return
    x, y = (2 * _THIRD * middle for middle in _PARTS[part])
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    # A little wider than a third, because photos lie on the very edge of the map.
    reach = _THIRD + 0.01
    filters.set_area(axes, [(x + reach * dx, y + reach * dy) for dx, dy in corners])


def sample(placed: pd.DataFrame) -> pd.DataFrame:
    """Return the photos to draw: all of them, or the same random ones each time."""
    if len(placed) <= _MOST_POINTS:
        return placed
    chosen = np.random.default_rng(0).choice(len(placed), _MOST_POINTS, replace=False)
    return placed.iloc[np.sort(chosen)]


def _said(drawn: int, count: int) -> str:
    if drawn == count:
        return f"{counted(count, 'photo')}, similar ones near each other."
    return f"{drawn:,} of {count:,} photos, chosen at random; a selection finds all."


def _draw(
    snapshot: Snapshot, shown: pd.DataFrame, colouring: Colouring, *, axes: str, colour: str
) -> None:
    order = colouring.order()
    shown, colouring = shown.iloc[order], colouring.reordered(order)
    query = filters.query()
    found = gallery_query.find(snapshot, query).rows
    root = snapshot.dataset.root
    photos = list(zip(shown["path"], shown["digest"], strict=True))
    photo_map(
        Points(
            shown[list(AXES[axes])].to_numpy(float),
            np.isin(shown.index, found),
            colouring,
            thumbnail_lists.address(root, photos),
        ),
        key="photo_map",
        method=axes,
        colour=colour,
        area=query.area if query.area_of == axes else (),
        alt=f"Map of {counted(len(shown), 'photo')}, coloured by {colour}",
        on_open=lambda position: photo.open_(photos[position][0]),
        on_select=partial(_select, axes),
    )


def _select(axes: str, polygon: Polygon) -> None:
    if polygon:
        filters.set_area(axes, polygon)
    else:
        filters.clear_area()
