"""The dataset's charts. A selection on one filters the gallery."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from catsdogs.charts import dataset as dataset_charts
from catsdogs.health import gallery_query
from catsdogs.health.snapshot import Snapshot
from catsdogs.labels import CAT, CLASS_NAMES, DOG
from catsdogs.ui.dataset import filters

# A rectangle as Plotly describes it: the ends on both axes, and the names of the axes.
_Box = Mapping[str, Any]
_BEYOND = 1e9  # further than any photo on any axis


class _Histogram(NamedTuple):
    title: str
    unit: str


_HISTOGRAMS = {
    "aspect_ratio": _Histogram("Aspect ratio", "width ÷ height (1 = square)"),
    "megapixels": _Histogram("Resolution", "megapixels"),
    "kilobytes": _Histogram("File size", "kB"),
}


def sizes(snapshot: Snapshot) -> None:
    """Show the sizes of the photos by class."""
    st.caption("Draw a box or a lasso on a chart: the gallery shows the photos inside.")
    photos = snapshot.dataset.usable
    if photos.empty:
        st.info("No photo is left to show: all are excluded. Undo, or look under *Health*.")
        return
    selectable(dataset_charts.size_chart(photos), "chart_size", on_area="size")
    photos = photos.assign(aspect_ratio=photos["width_px"] / photos["height_px"])
    for column, (measure, of) in zip(st.columns(3), _HISTOGRAMS.items(), strict=True):
        with column:
            values = gallery_query.measure(photos, measure)
            figure = dataset_charts.histogram(values, photos["label"], of.title, of.unit)
            selectable(figure, f"chart_{measure}", on_range=measure)


def embedding_map(snapshot: Snapshot) -> None:
    """Show the photos as points, similar ones near each other."""
    table = snapshot.table
    if table["map_x"].isna().all():
        st.info("The map comes with the health check: run one under *Health*.")
        return
    colour = st.segmented_control(
        "Colour",
        dataset_charts.MAP_COLOURS,
        default=dataset_charts.MAP_COLOURS[0],
        required=True,
        format_func=str.capitalize,
        key="map_colour",
        bind="query-params",
    )
    photos = _points(snapshot)
    figure = dataset_charts.embedding_map(photos, colour)
    drawn = sum(len(trace.x) for trace in figure.data)
    st.caption(
        f"Photos that MobileNetV2 finds alike lie near each other (t-SNE); {drawn:,} of "
        f"{len(photos):,} are drawn. Draw a lasso or a box: the gallery shows all photos inside."
    )
    selectable(figure, "chart_map", on_area="map")


def selectable(figure: go.Figure, key: str, *, on_area: str = "", on_range: str = "") -> None:
    """Draw ``figure``; a selection on it filters the gallery by an area or by one measure."""
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
        config={"displaylogo": False},
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
            "class": np.where(photos["label"] == CAT, CLASS_NAMES[CAT], CLASS_NAMES[DOG]),
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
