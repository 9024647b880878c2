"""The dataset's charts; what is selected on one, the gallery shows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from catsdogs.charts import dataset as dataset_charts
from catsdogs.health import gallery_query
from catsdogs.health.snapshot import Snapshot
from catsdogs.ui.dataset import filters

_BEYOND = 1e9
_HISTOGRAMS = {
    "aspect_ratio": ("Aspect ratio", "width ÷ height (1 = square)"),
    "megapixels": ("Resolution", "megapixels"),
    "kilobytes": ("File size", "kB"),
}


def sizes(snapshot: Snapshot) -> None:
    """Show how large the photos are, by class."""
    st.caption("Draw a box or a lasso on a chart: the gallery shows the photos inside.")
    photos = snapshot.dataset.usable
    if photos.empty:
        st.info("No photo is left to show: all are excluded. Undo, or look under *Health*.")
        return
    selectable(dataset_charts.size_chart(photos), "chart_size", on_area="size")
    photos = photos.assign(aspect_ratio=photos["width_px"] / photos["height_px"])
    for column, (name, (title, unit)) in zip(st.columns(3), _HISTOGRAMS.items(), strict=True):
        with column:
            values = gallery_query.measure(photos, name)
            figure = dataset_charts.histogram(values, photos["label"], title, unit)
            selectable(figure, f"chart_{name}", on_range=name)


def embedding_map(snapshot: Snapshot) -> None:
    """Show the photos as points, alike ones near each other."""
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
    photos = table[~table["excluded"]]
    suspect, outlier = (snapshot.flags[name].loc[photos.index] for name in ("suspect", "outlier"))
    photos = pd.DataFrame(
        {
            "path": photos["path"],
            "map_x": photos["map_x"],
            "map_y": photos["map_y"],
            "side": photos["side"],
            "class": np.where(photos["label"] == 0, "cat", "dog"),
            "suspicion": np.select([suspect, outlier], ["suspect label", "outlier"], "as expected"),
        }
    )
    figure = dataset_charts.embedding_map(photos, colour)
    drawn = sum(len(trace.x) for trace in figure.data)
    st.caption(
        f"Photos that MobileNetV2 finds alike lie near each other (t-SNE); {drawn:,} of "
        f"{len(photos):,} are drawn. Draw a lasso or a box: the gallery shows all photos inside."
    )
    selectable(figure, "chart_map", on_area="map")


def selectable(figure: go.Figure, key: str, *, on_area: str = "", on_range: str = "") -> None:
    """Draw ``figure``; a selection on it filters the gallery by an area or by one measure.

    When the filter is cleared, the chart is drawn anew without the selection.
    """
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


def _box(
    box: Mapping[str, Any], figure: go.Figure, *, has_tails: bool
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return a box' range on both axes of the main chart.

    A box on a histogram at the side says nothing of the other axis. With ``has_tails``, the first
    and the last bin hold what lies outside the axis, too, and so does a box that reaches into them.
    """
    ranges = []
    for axis in "xy":
        low, high = sorted(box[axis])
        middles = figure.data[0][axis]
        on_main = box[f"{axis}ref"] == axis
        if not on_main or (has_tails and low <= middles[0]):
            low = -_BEYOND
        if not on_main or (has_tails and high >= middles[-1]):
            high = _BEYOND
        ranges.append((low, high))
    return ranges[0], ranges[1]
