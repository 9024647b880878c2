"""The gallery's filter: widgets that keep their values in the page's address, and charts."""

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from catsdogs.health import gallery_query
from catsdogs.health.flags import FLAGS
from catsdogs.health.gallery_query import Polygon, Query
from catsdogs.health.snapshot import TRAINING, VALIDATION, Snapshot
from catsdogs.labels import CLASS_NAMES
from catsdogs.ui.dataset import photo
from catsdogs.ui.shared import pager

PAGE = "page"  # the session's key of the page number, and its name in the address


@dataclass(frozen=True)
class _Range:
    """A slider for one measure. ``key`` is also its name in the address."""

    key: str
    title: str
    step: float

    @property
    def full_key(self) -> str:
        """The session's key of the limits, which are the values of a slider left open."""
        return f"{self.key}_full"


_RANGES = {
    "shorter_side": _Range("px", "Shorter side (px)", step=1.0),
    "aspect_ratio": _Range("aspect", "Width ÷ height", step=0.01),
    "megapixels": _Range("mp", "Megapixels", step=0.01),
    "kilobytes": _Range("kb", "File size (kB)", step=1.0),
}
_AREA, _CLEARS, _ROOT = "area", "dataset_clears", "dataset_filtered"
_AREA_TITLES = {"size": "the chart of sizes", "map": "the map"}
_CLEARED = {"class": None, "side": None, "flag": None, "find": ""}


def show(snapshot: Snapshot) -> Query:
    """Draw the filter's widgets and return the query that they describe."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        label = _class()
        side = _side()
        flag = _finding(snapshot)
        text = st.text_input(
            "Name contains", key="find", bind="query-params", on_change=first_page, width=160
        )
        with st.popover("Measures", icon=":material/tune:"):
            ranges = _ranges(snapshot.table)
        sort, descending = _order()
    area_of, area = _area()
    query = Query(
        label=label,
        side=side,
        flag=flag,
        text=text or "",
        ranges=ranges,
        area_of=area_of,
        area=area,
        sort=sort,
        descending=descending,
    )
    _summary(query)
    return query


def follow(root: Path) -> None:
    """Clear the filter and close the photo when the page shows another dataset than before."""
    if st.session_state.setdefault(_ROOT, root) != root:
        st.session_state[_ROOT] = root
        clear()
        photo.close()


def first_page() -> None:
    """Turn back to the first page, because a change of the filter moves the photos."""
    pager.first(PAGE)


def set_flag(name: str) -> None:
    """Show the photos with one finding."""
    clear()
    st.session_state["flag"] = name
    st.toast(f"{FLAGS[name].title}: the gallery below shows them.")


def set_range(measure: str, low: float, high: float) -> None:
    """Show the photos whose ``measure`` (of ``gallery_query.RANGES``) is from low to high."""
    st.session_state[_RANGES[measure].key] = (low, high)
    first_page()


def set_area(chart: str, polygon: Polygon) -> None:
    """Show the photos inside a polygon on a chart (of ``gallery_query.AXES``)."""
    points = ";".join(f"{x:.4g},{y:.4g}" for x, y in polygon)
    st.query_params[_AREA] = f"{chart}:{points}"
    first_page()


def times_cleared() -> int:
    """Return how often this session has cleared its filter."""
    return int(st.session_state.get(_CLEARS, 0))


def clear() -> None:
    """Show all photos again."""
    st.session_state[_CLEARS] = times_cleared() + 1
    for key, value in _CLEARED.items():
        st.session_state[key] = value
    for of_measure in _RANGES.values():
        if of_measure.full_key in st.session_state:
            st.session_state[of_measure.key] = st.session_state[of_measure.full_key]
    st.query_params.pop(_AREA, None)
    first_page()


def _class() -> str:
    chosen = st.pills(
        "Class",
        CLASS_NAMES,
        key="class",
        bind="query-params",
        format_func=str.capitalize,
        on_change=first_page,
    )
    return chosen or ""


def _side() -> str:
    chosen = st.pills(
        "Side of the split",
        (TRAINING, VALIDATION),
        key="side",
        bind="query-params",
        format_func=str.capitalize,
        on_change=first_page,
        help="Where a run with the default share and seed would put a photo.",
    )
    return chosen or ""


def _finding(snapshot: Snapshot) -> str:
    chosen = st.session_state.get("flag")
    found = st.selectbox(
        "Finding",
        [name for name in FLAGS if snapshot.flags[name].any() or name == chosen],
        index=None,
        key="flag",
        bind="query-params",
        # Without the count: it would be part of the address, and wrong after the next decision.
        format_func=lambda name: FLAGS[name].title,
        placeholder="Any",
        on_change=first_page,
        width=220,
    )
    return found or ""


def _order() -> tuple[str, bool]:
    """Return the measure to sort by, and whether the largest comes first."""
    sort = st.selectbox(
        "Sort by",
        list(gallery_query.SORTS),
        key="sort",
        bind="query-params",
        on_change=first_page,
        width=180,
    )
    descending = st.toggle("Descending", key="desc", bind="query-params", on_change=first_page)
    return sort, descending


def _ranges(table: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Draw a slider for each measure; return the ranges that are narrower than all photos."""
    ranges = {}
    for measure, of_measure in _RANGES.items():
        values, step = gallery_query.measure(table, measure), of_measure.step
        low = math.floor(values.min() / step) * step
        high = math.ceil(values.max() / step) * step
        if low < high:
            limits = round(low, 2), round(high, 2)
            chosen = _slider(of_measure, limits)
            if chosen != limits:
                ranges[measure] = chosen
    return ranges


def _slider(of_measure: _Range, limits: tuple[float, float]) -> tuple[float, float]:
    _keep_within(of_measure, limits)
    low, high = st.slider(
        of_measure.title,
        min_value=limits[0],
        max_value=limits[1],
        value=limits,
        step=of_measure.step,
        format="%d" if of_measure.step == 1 else "%.2f",
        key=of_measure.key,
        bind="query-params",
        on_change=first_page,
    )
    return low, high


def _keep_within(of_measure: _Range, limits: tuple[float, float]) -> None:
    """Store a slider's new limits, open a slider that was open, and clip a chart's range."""
    key, (low, high) = of_measure.key, limits
    before = st.session_state.get(of_measure.full_key)
    st.session_state[of_measure.full_key] = limits
    if key not in st.session_state:
        return
    chosen = tuple(st.session_state[key])
    if chosen == before:
        st.session_state[key] = limits
    else:
        st.session_state[key] = tuple(round(min(max(end, low), high), 2) for end in chosen)


def _area() -> tuple[str, Polygon]:
    """Return the chart and the polygon in the address; an invalid one selects nothing."""
    chart, _, points = st.query_params.get(_AREA, "").partition(":")
    try:
        polygon = [tuple(map(float, point.split(","))) for point in points.split(";")]
        if chart not in gallery_query.AXES or len(polygon) < 3:
            return "", ()
        return chart, [(x, y) for x, y in polygon]
    except ValueError:
        return "", ()  # Someone edited the address.


def _summary(query: Query) -> None:
    """Show the parts of the filter that its widgets do not show, and the button that clears it."""
    # The row is always drawn, so that the gallery does not move when the filter changes.
    row = st.container(horizontal=True, vertical_alignment="center")
    if query == Query(sort=query.sort, descending=query.descending):
        return
    row.button("Show all photos", icon=":material/filter_alt_off:", key="clear", on_click=clear)
    parts = [f"in the area selected on {_AREA_TITLES[query.area_of]}"] if query.area_of else []
    parts += [
        f"{_RANGES[name].title} {low:g} to {high:g}" for name, (low, high) in query.ranges.items()
    ]
    if parts:
        row.caption("Only " + "; ".join(parts) + ".", width="content")
