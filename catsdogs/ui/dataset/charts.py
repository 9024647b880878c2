"""The dataset's charts and its map. A selection on one filters the photos beside it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from catsdogs.charts import dataset as dataset_charts
from catsdogs.health import gallery_query
from catsdogs.health.snapshot import Snapshot
from catsdogs.labels import CAT
from catsdogs.ui.dataset import check, filters, gallery

# A rectangle as Plotly describes it: the ends on both axes, and the names of the axes.
_Box = Mapping[str, Any]
_BEYOND = 1e9  # further than any photo on any axis
_SIZES, _CLASSES = "Width and height", "Classes by side"


class _Histogram(NamedTuple):
    title: str
    unit: str


_HISTOGRAMS = {
    "aspect_ratio": _Histogram("Aspect ratio", "width ÷ height (1 = square)"),
    "megapixels": _Histogram("Resolution", "megapixels"),
    "kilobytes": _Histogram("File size", "kB"),
}
_CHARTS = (_SIZES, *(of.title for of in _HISTOGRAMS.values()), _CLASSES)
# The map in nine parts, as the list names them, for those who do not draw on it.
_PARTS = {
    f"{row} {column}": (x, y)
    for row, y in (("Top", 1), ("Middle", 0), ("Bottom", -1))
    for column, x in (("left", -1), ("centre", 0), ("right", 1))
}
_THIRD = 1 / 3


def show(snapshot: Snapshot) -> None:
    """Show one chart, and the photos of the selection on it."""
    chart, photos = st.columns(2, gap="medium")
    with chart:
        _one(snapshot)
    with photos:
        gallery.beside_chart(snapshot)


def show_map(snapshot: Snapshot) -> None:
    """Show the photos as points, similar ones near each other, and those of the selection."""
    if snapshot.table["map_x"].isna().all():
        check.offer(snapshot, "The health check places similar photos near each other on a map.")
        return
    chart, photos = st.columns(2, gap="medium")
    with chart:
        _map(snapshot)
    with photos:
        gallery.beside_chart(snapshot)


def _one(snapshot: Snapshot) -> None:
    chosen = st.selectbox(
        "Chart", _CHARTS, key="chart", bind="query-params", label_visibility="collapsed"
    )
    photos, classes = snapshot.dataset.usable, snapshot.dataset.classes
    if photos.empty:
        st.info("All photos are excluded. Undo that, or see *Excluded by you* in the filters.")
    elif chosen == _SIZES:
        alt = f"Width and height of {len(photos):,} photos, and how many there are of each"
        figure = dataset_charts.size_chart(photos, classes=classes)
        selectable(figure, "chart_size", on_area="size", alt=alt)
    elif chosen == _CLASSES:
        _classes(snapshot)
        return
    else:
        photos = photos.assign(aspect_ratio=photos["width_px"] / photos["height_px"])
        measure, of = next(item for item in _HISTOGRAMS.items() if item[1].title == chosen)
        values = gallery_query.measure(photos, measure)
        figure = dataset_charts.histogram(
            values, photos["label"], of.title, of.unit, classes=classes
        )
        alt = f"{of.title} of {len(photos):,} photos by class: the median is {values.median():.3g}"
        selectable(figure, f"chart_{measure}", on_range=measure, alt=alt)
    st.caption("Drag over the chart to see the photos in that area.")


def _classes(snapshot: Snapshot) -> None:
    key = f"chart_classes_{filters.times_cleared()}"

    def selected() -> None:
        for point in st.session_state[key]["selection"]["points"]:
            filters.set_side(*point["customdata"])

    photos = snapshot.table[~snapshot.table["excluded"]]
    st.plotly_chart(
        dataset_charts.classes_by_side(photos, classes=snapshot.dataset.classes),
        key=key,
        on_select=selected,
        selection_mode="points",
        config={"displayModeBar": False},
        alt="Photos of each class on each side of the split",
    )
    st.caption("Click a bar to see its photos. The sides are those of a run with default settings.")


def _map(snapshot: Snapshot) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        colour = st.selectbox(
            "Colour",
            dataset_charts.MAP_COLOURS,
            format_func=str.capitalize,
            key="map_colour",
            bind="query-params",
            width=180,
        )
        st.selectbox(
            "Part of the map",
            list(_PARTS),
            index=None,
            placeholder="All",
            # A new key after each clearing, so that the list forgets its part too.
            key=f"map_part_{filters.times_cleared()}",
            on_change=_select_part,
            width=180,
            help="Selects the photos of one part without drawing.",
        )
    photos = _points(snapshot)
    figure = dataset_charts.embedding_map(photos, colour, classes=snapshot.dataset.classes)
    drawn = sum(len(trace.x) for trace in figure.data)
    alt = f"Map of {drawn:,} photos, similar ones near each other, coloured by {colour}"
    selectable(figure, "chart_map", on_area="map", alt=alt)
    st.caption(
        "Similar photos lie near each other. Draw around points to see their photos.",
        help=f"A t-SNE map of MobileNetV2's embeddings. {drawn:,} of {len(photos):,} photos are "
        "drawn; a selection finds all of them.",
    )


def _select_part() -> None:
    part = st.session_state[f"map_part_{filters.times_cleared()}"]
    if part is None:
        filters.clear_area()
        return
    x, y = (2 * _THIRD * middle for middle in _PARTS[part])
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    # A little wider than a third, because photos lie on the very edge of the map.
    reach = _THIRD + 0.01
    filters.set_area("map", [(x + reach * dx, y + reach * dy) for dx, dy in corners])


def selectable(
    figure: go.Figure, key: str, *, alt: str, on_area: str = "", on_range: str = ""
) -> None:
    """Draw ``figure``; a selection on it filters the photos by an area or by one measure."""
    # A new key after each clearing, so that the chart is drawn again without its selection.
    key = f"{key}_{filters.times_cleared()}"

    def selected() -> None:
        selection = st.session_state[key]["selection"]
        for box in selection["box"]:
            (x0, x1), (y0, y1) = _box(box, figure, has_tails=on_area != "map")
            if on_area:
                filters.set_area(on_area, [(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
            else:
                filters.set_range(on_range, x0, x1)
        for lasso in selection["lasso"]:
            filters.set_area(on_area, list(zip(lasso["x"], lasso["y"], strict=True)))

    st.plotly_chart(
        figure,
        key=key,
        on_select=selected,
        selection_mode=("box", "lasso") if on_area else ("box",),
        # Its buttons would be ten stops of the tab key; dragging selects without them.
        config={"displayModeBar": False},
        alt=alt,
    )


def _points(snapshot: Snapshot) -> pd.DataFrame:
    """Return the photos in use with their places on the map and the values that colour them."""
    photos = snapshot.table[~snapshot.table["excluded"]]
    suspect, outlier = (snapshot.flags[name].loc[photos.index] for name in ("suspect", "outlier"))
    return pd.DataFrame(
        {
            "path": photos["path"],
            "map_x": photos["map_x"],
            "map_y": photos["map_y"],
            "side": photos["side"],
            "class": np.where(photos["label"] == CAT, *snapshot.dataset.classes.names),
            "suspicion": np.select([suspect, outlier], ["suspect label", "outlier"], "as expected"),
        }
    )


def _box(
    box: _Box, figure: go.Figure, *, has_tails: bool
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the range of a box on both axes of the main chart.

    A box on a histogram at the side does not limit the other axis. With ``has_tails``, the first
    and the last bin also hold the photos beyond the axis, and so does a box that reaches into one.
    """
    return (
        _range(box, "x", figure, has_tails=has_tails),
        _range(box, "y", figure, has_tails=has_tails),
    )


def _range(box: _Box, axis: str, figure: go.Figure, *, has_tails: bool) -> tuple[float, float]:
    low, high = sorted(box[axis])
    bins = figure.data[0][axis]
    on_main = box[f"{axis}ref"] == axis
    if not on_main or (has_tails and low <= bins[0]):
        low = -_BEYOND
    if not on_main or (has_tails and high >= bins[-1]):
        high = _BEYOND
    return low, high
