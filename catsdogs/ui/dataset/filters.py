"""The gallery's filter: widgets whose values live in the page's address, and charts that set it."""

import math
from pathlib import Path

import pandas as pd
import streamlit as st

from catsdogs.health import gallery_query
from catsdogs.health.flags import FLAGS
from catsdogs.health.gallery_query import Query
from catsdogs.health.snapshot import TRAINING, VALIDATION, Snapshot
from catsdogs.labels import CLASS_NAMES
from catsdogs.ui.dataset import photo

# The session key of each range's slider, which is also its name in the address.
_RANGES = {
    "shorter_side": ("px", "Shorter side (px)", 1.0),
    "aspect_ratio": ("aspect", "Width ÷ height", 0.01),
    "megapixels": ("mp", "Megapixels", 0.01),
    "kilobytes": ("kb", "File size (kB)", 1.0),
}
# Where the limits of a range's slider are remembered.
_FULL = "{}_full"
_AREA, _CLEARS, _ROOT = "area", "dataset_clears", "dataset_filtered"
_AREA_TITLES = {"size": "the chart of sizes", "map": "the map"}
_CLEARED = {"class": None, "side": None, "flag": None, "find": ""}


def show(snapshot: Snapshot) -> Query:
    """Draw the filter's widgets and return what they ask for."""
    top = st.container(horizontal=True, vertical_alignment="bottom")
    label = top.pills(
        "Class",
        CLASS_NAMES,
        key="class",
        bind="query-params",
        format_func=str.capitalize,
        on_change=first_page,
    )
    side = top.pills(
        "Side of the split",
        (TRAINING, VALIDATION),
        key="side",
        bind="query-params",
        format_func=str.capitalize,
        on_change=first_page,
        help="Where a run with the default share and seed would put a photo.",
    )
    flag = top.selectbox(
        "Finding",
        [
            name
            for name in FLAGS
            if snapshot.flags[name].any() or st.session_state.get("flag") == name
        ],
        index=None,
        key="flag",
        bind="query-params",
        # Without the count, which is part of the address and would spoil it at the next decision.
        format_func=lambda name: FLAGS[name].title,
        placeholder="Any",
        on_change=first_page,
        width=220,
    )
    text = top.text_input(
        "Name contains", key="find", bind="query-params", on_change=first_page, width=160
    )
    with top.popover("Measures", icon=":material/tune:"):
        ranges = _ranges(snapshot.table)
    sort = top.selectbox(
        "Sort by",
        list(gallery_query.SORTS),
        key="sort",
        bind="query-params",
        on_change=first_page,
        width=180,
    )
    descending = top.toggle("Descending", key="desc", bind="query-params", on_change=first_page)
    area_of, area = _area()
    found = Query(
        *(label or "", side or "", flag or "", text or ""),
        ranges=ranges,
        area_of=area_of,
        area=area,
        sort=sort,
        descending=descending,
    )
    _what_is_on(found)
    return found


def follow(root: Path) -> None:
    """Show all photos, and none open, when this is another dataset than the page showed before."""
    if st.session_state.setdefault(_ROOT, root) != root:
        st.session_state[_ROOT] = root
        clear()
        photo.close()


def first_page() -> None:
    """Turn back to the first page: what was on the present one is somewhere else now."""
    st.session_state["page"] = 1


def set_flag(name: str) -> None:
    """Show the photos with one finding."""
    clear()
    st.session_state["flag"] = name
    st.toast(f"{FLAGS[name].title}: the gallery below shows them.")


def set_range(measure: str, low: float, high: float) -> None:
    """Show the photos whose ``measure`` (of ``query.RANGES``) lies between ``low`` and ``high``."""
    st.session_state[_RANGES[measure][0]] = (low, high)
    first_page()


def set_area(chart: str, polygon: gallery_query.Polygon) -> None:
    """Show the photos inside a polygon on a chart (of ``query.AXES``)."""
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
    for key, _, _ in _RANGES.values():
        if _FULL.format(key) in st.session_state:
            st.session_state[key] = st.session_state[_FULL.format(key)]
    st.query_params.pop(_AREA, None)
    first_page()


def _ranges(table: pd.DataFrame) -> dict[str, tuple[float, float]]:
    ranges = {}
    for measure, (key, title, step) in _RANGES.items():
        values = gallery_query.measure(table, measure)
        low = math.floor(values.min() / step) * step
        high = math.ceil(values.max() / step) * step
        if not low < high:
            continue
        low, high = round(low, 2), round(high, 2)
        _keep_within(key, low, high)
        chosen = st.slider(
            title,
            low,
            high,
            (low, high),
            step,
            format="%d" if step == 1 else "%.2f",
            key=key,
            bind="query-params",
            on_change=first_page,
        )
        if tuple(chosen) != (low, high):
            ranges[measure] = chosen
    return ranges


def _keep_within(key: str, low: float, high: float) -> None:
    """Remember a slider's limits; bring what a chart set, and one left fully open, to them."""
    before = st.session_state.get(_FULL.format(key))
    st.session_state[_FULL.format(key)] = (low, high)
    if key in st.session_state and tuple(st.session_state[key]) == before:
        st.session_state[key] = (low, high)
    elif key in st.session_state:
        chosen = st.session_state[key]
        st.session_state[key] = tuple(round(min(max(end, low), high), 2) for end in chosen)


def _area() -> tuple[str, gallery_query.Polygon]:
    chart, _, points = st.query_params.get(_AREA, "").partition(":")
    try:
        polygon = [tuple(map(float, point.split(","))) for point in points.split(";")]
        if chart not in gallery_query.AXES or len(polygon) < 3:
            return "", ()
        return chart, [(x, y) for x, y in polygon]
    except ValueError:
        return "", ()  # An address that somebody typed.


def _what_is_on(found: Query) -> None:
    parts = [f"in the area selected on {_AREA_TITLES[found.area_of]}"] if found.area_of else []
    parts += [
        f"{_RANGES[name][1]} {low:g} to {high:g}" for name, (low, high) in found.ranges.items()
    ]
    is_on = found != Query(sort=found.sort, descending=found.descending)
    # Always there, so that what stands below it keeps its place when it fills.
    row = st.container(horizontal=True, vertical_alignment="center")
    if is_on:
        row.button("Show all photos", icon=":material/filter_alt_off:", key="clear", on_click=clear)
        if parts:
            row.caption("Only " + "; ".join(parts) + ".", width="content")
