"""The dataset's charts and its map. A selection on one filters the photos beside it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import plotly.graph_objects as go
import streamlit as st

from catsdogs.charts import dataset as dataset_charts
from catsdogs.health import gallery_query
from catsdogs.health.snapshot import Snapshot
from catsdogs.ui.dataset import filters, gallery
from catsdogs.ui.shared.reported import reported

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


def show(snapshot: Snapshot) -> None:
    """Show one chart, and the photos of the selection on it."""
    chart, photos = st.columns(2, gap="medium")
    with chart:
        _one(snapshot)
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
        selection = reported(key, "selection")
        for point in selection["points"] if selection else ():
            filters.set_side(*point["customdata"])

    in_use = ~snapshot.table["excluded"]
    sides, labels = snapshot.sides[in_use], snapshot.table["label"][in_use]
    st.plotly_chart(
        dataset_charts.classes_by_side(sides, labels, classes=snapshot.dataset.classes),
        key=key,
        on_select=selected,
        selection_mode="points",
        config={"displayModeBar": False},
        alt="Photos of each class on each side of the split",
    )
    st.caption("Click a bar to see its photos. The sides are those of a run with default settings.")


def selectable(
    figure: go.Figure, key: str, *, alt: str, on_area: str = "", on_range: str = ""
) -> None:
    """Draw ``figure``; a selection on it filters the photos by an area or by one measure."""
    # A new key after each clearing, so that the chart is drawn again without its selection.
    key = f"{key}_{filters.times_cleared()}"

    def selected() -> None:
        selection = reported(key, "selection")
        if selection is None:
            return
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
