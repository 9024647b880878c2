"""The gallery's filter: its values in the session and in the page's address."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from catsdogs.health import gallery_query
from catsdogs.health.flags import FLAGS
from catsdogs.health.gallery_query import Polygon, Query
from catsdogs.text import literal
from catsdogs.ui.dataset import own_slices, photo
from catsdogs.ui.shared import pager

PAGE = "page"  # the session's key of the page number, and its name in the address
_AREA, _CLEARS, _ROOT = "area", "dataset_clears", "dataset_filtered"
_AREA_TITLES = {"size": "the chart of sizes", "map": "the map", "pca": "the map"}
_CLEARED = {"class": None, "side": None, "flag": None, "tag": None, "find": ""}


@dataclass(frozen=True)
class Measure:
    """A measure with a range of values. ``key`` is also its name in the address."""

    key: str
    title: str
    step: float

    @property
    def full_key(self) -> str:
        """The session's key of the limits, which are the values of a slider left open."""
        return f"{self.key}_full"


MEASURES = {
    "shorter_side": Measure("px", "Shorter side (px)", step=1.0),
    "aspect_ratio": Measure("aspect", "Width ÷ height", step=0.01),
    "megapixels": Measure("mp", "Megapixels", step=0.01),
    "kilobytes": Measure("kb", "File size (kB)", step=1.0),
}


def query() -> Query:
    """Return the query that the filter describes, whether or not its widgets are drawn."""
    state = st.session_state
    area_of, area = _area()
    return Query(
        label=state.get("class") or "",
        side=state.get("side") or "",
        flag=state.get("flag") or "",
        tag=state.get("tag") or "",
        text=state.get("find") or "",
        ranges=_ranges(),
        area_of=area_of,
        area=area,
        sort=state.get("sort") or gallery_query.MIXED,
        descending=bool(state.get("desc")),
    )


def count() -> int:
    """Return how many parts of the filter are set, apart from the class and the order."""
    now = query()
    return sum(map(bool, (now.side, now.flag, now.tag, now.text, now.area_of))) + len(now.ranges)


def follow(root: Path) -> None:
    """Clear the filter and close the photo when the page shows another dataset than before.

    A photo that was not open before comes from a link, so it belongs to this dataset.
    """
    opened = photo.opened()
    before, was_opened = st.session_state.get(_ROOT, (root, None))
    if before != root:
        clear()
        if opened == was_opened:
            photo.close()
    st.session_state[_ROOT] = root, opened


def first_page() -> None:
    """Turn back to the first page, because a change of the filter moves the photos."""
    pager.first(PAGE)


def set_flag(name: str) -> None:
    """Show the photos with one finding."""
    clear()
    st.session_state["flag"] = name


def set_side(side: str, label: str) -> None:
    """Show the photos of one class on one side of the split."""
    st.session_state["side"], st.session_state["class"] = side, label
    first_page()


def set_range(measure: str, low: float, high: float) -> None:
    """Show the photos whose ``measure`` (of ``gallery_query.RANGES``) is from low to high."""
    st.session_state[MEASURES[measure].key] = (low, high)
    first_page()


def set_area(chart: str, polygon: Polygon) -> None:
    """Show the photos inside a polygon on a chart (of ``gallery_query.AXES``)."""
    points = ";".join(f"{x:.4g},{y:.4g}" for x, y in polygon)
    st.query_params[_AREA] = f"{chart}:{points}"
    first_page()


def clear_area() -> None:
    """Show the photos inside and outside a selection on a chart again."""
    st.query_params.pop(_AREA, None)
    first_page()


def times_cleared() -> int:
    """Return how often this session has cleared its filter."""
    return int(st.session_state.get(_CLEARS, 0))


def clear() -> None:
    """Show all photos again."""
    st.session_state[_CLEARS] = times_cleared() + 1
    for key, value in _CLEARED.items():
        st.session_state[key] = value
    for measure in MEASURES.values():
        if measure.full_key in st.session_state:
            st.session_state[measure.key] = st.session_state[measure.full_key]
        else:
            st.session_state.pop(measure.key, None)
    st.query_params.pop(_AREA, None)
    first_page()


def summary(root: Path) -> None:
    """Show in words which photos the filter lets through, and the buttons that keep or clear it."""
    now = query()
    if now == Query(sort=now.sort, descending=now.descending):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"Filter: {' · '.join(_parts(now))}", width="content")
        st.button(
            "Show all photos",
            icon=":material/filter_alt_off:",
            key="clear",
            type="tertiary",
            on_click=clear,
        )
        own_slices.show(root, now)


def _parts(now: Query) -> list[str]:
    named = [
        f"{now.label}s" if now.label else "",
        f"{now.side} photos" if now.side else "",
        FLAGS[now.flag].title.lower() if now.flag else "",
        f"tagged “{literal(now.tag)}”" if now.tag else "",
        f"names with “{literal(now.text)}”" if now.text else "",
        f"selection on {_AREA_TITLES[now.area_of]}" if now.area_of else "",
    ]
    ranges = [f"{MEASURES[n].title.lower()} {a:g} to {b:g}" for n, (a, b) in now.ranges.items()]
    return [part for part in named if part] + ranges


def _ranges() -> dict[str, tuple[float, float]]:
    """Return the ranges that are narrower than all photos, by measure."""
    found = {}
    for name, measure in MEASURES.items():
        chosen = st.session_state.get(measure.key)
        if chosen is not None and tuple(chosen) != st.session_state.get(measure.full_key):
            found[name] = (chosen[0], chosen[1])
    return found


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
