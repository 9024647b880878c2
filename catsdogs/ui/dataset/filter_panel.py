"""The widgets of the gallery's filter. Each keeps its value in the page's address."""

import math
from collections.abc import Callable
from typing import Literal, TypedDict

import pandas as pd
import streamlit as st

from catsdogs.dataset import table_sides
from catsdogs.health import gallery_query
from catsdogs.health.flags import FLAGS
from catsdogs.health.snapshot import SIDES, TEST, Snapshot
from catsdogs.labels import Classes
from catsdogs.text import capital, literal
from catsdogs.ui.dataset import alike, filters
from catsdogs.ui.dataset.filters import MEASURES, Measure

PER_PAGE = (24, 48, 96)
_PINNED = "filters_pinned"
# The values stay while another view is shown.
_KEPT: "_Kept" = {
    "bind": "query-params",
    "persist_state": "page",
    "on_change": filters.first_page,
}


class _Kept(TypedDict):
    """The options that all widgets of the panel share."""

    bind: Literal["query-params"]
    persist_state: Literal["page"]
    on_change: Callable[[], None]


def is_pinned() -> bool:
    """Return whether the panel is beside the photos, and not folded."""
    return bool(st.session_state.get(_PINNED))


def fold_button() -> None:
    """Draw the button that folds a panel beside the photos."""
    st.button(_label(), icon=":material/left_panel_close:", key="filters_fold", on_click=_toggle)


def folded(snapshot: Snapshot, *, can_pin: bool) -> None:
    """Draw the folded panel, which opens over the photos; with ``can_pin``, it can be pinned."""
    # Drawn even while it is closed, because the address forgets the widgets that are not drawn.
    with st.popover(_label(), icon=":material/filter_alt:", key="filters_popover"):
        show(snapshot)
        if can_pin:
            st.button(
                "Keep beside photos",
                icon=":material/keep:",
                key="filters_pin",
                on_click=_toggle,
            )


def photo_class(classes: Classes) -> None:
    """Draw the choice of a class."""
    st.pills(
        "Class",
        classes.names,
        key="class",
        format_func=lambda name: literal(capital(classes.plural(classes.label(name)))),
        label_visibility="collapsed",
        **_KEPT,
    )


def per_page() -> int:
    """Return how many photos a page holds."""
    return int(st.session_state.get("per_page") or PER_PAGE[0])


def show(snapshot: Snapshot) -> None:
    """Draw the widgets, one below the other."""
    _finding(snapshot)
    _tag(snapshot)
    st.text_input("Name contains", key="find", **_KEPT)
    st.selectbox("Sort by", list(gallery_query.SORTS), key="sort", **_KEPT)
    st.toggle("Descending", key="desc", **_KEPT)
    st.pills(
        "Side of the split",
        _sides(snapshot),
        key="side",
        format_func=str.capitalize,
        help="Where a run with the default settings puts a photo.",
        **_KEPT,
    )
    with st.expander("Sizes"):
        _ranges(snapshot.table)
    st.segmented_control(
        "Photos per page", PER_PAGE, default=PER_PAGE[0], required=True, key="per_page", **_KEPT
    )
    alike.uploader()


def _sides(snapshot: Snapshot) -> list[str]:
    """Return the sides to choose from: without the test side in a dataset that has none."""
    has_test = snapshot.given_split is not None and snapshot.given_split.counts[table_sides.TEST]
    return [side for side in SIDES if side != TEST or has_test]


def _label() -> str:
    count = filters.count()
    return f"Filters ({count})" if count else "Filters"


def _toggle() -> None:
    st.session_state[_PINNED] = not is_pinned()


def _finding(snapshot: Snapshot) -> None:
    chosen = st.session_state.get("flag")
    st.selectbox(
        "Finding",
        [name for name in FLAGS if snapshot.flags[name].any() or name == chosen],
        index=None,
        key="flag",
        # Without the count: it would be part of the address, and wrong after the next decision.
        format_func=lambda name: FLAGS[name].title,
        placeholder="Any",
        **_KEPT,
    )


def _tag(snapshot: Snapshot) -> None:
    """Draw the choice of a tag, if photos have some."""
    chosen = st.session_state.get("tag")
    names = snapshot.tags
    # A link, or an undone step, may leave a tag that no photo has.
    known = names if chosen in (None, *names) else [*names, chosen]
    if known:
        st.selectbox("Tag", known, index=None, key="tag", placeholder="Any", **_KEPT)


def _ranges(table: pd.DataFrame) -> None:
    """Draw a slider for each measure that differs between the photos."""
    for name, measure in MEASURES.items():
        values, step = gallery_query.measure(table, name), measure.step
        low = math.floor(values.min() / step) * step
        high = math.ceil(values.max() / step) * step
        if low < high:
            _slider(measure, (round(low, 2), round(high, 2)))


def _slider(measure: Measure, limits: tuple[float, float]) -> None:
    _keep_within(measure, limits)
    st.slider(
        measure.title,
        min_value=limits[0],
        max_value=limits[1],
        value=limits,
        step=measure.step,
        format="%d" if measure.step == 1 else "%.2f",
        key=measure.key,
        **_KEPT,
    )


def _keep_within(measure: Measure, limits: tuple[float, float]) -> None:
    """Store a slider's new limits, open a slider that was open, and clip a chart's range."""
    key, (low, high) = measure.key, limits
    before = st.session_state.get(measure.full_key)
    st.session_state[measure.full_key] = limits
    if st.session_state.get(key) is None:
        return
    chosen = tuple(st.session_state[key])
    if chosen == before:
        st.session_state[key] = limits
    else:
        st.session_state[key] = tuple(round(min(max(end, low), high), 2) for end in chosen)
