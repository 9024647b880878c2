"""The review queue: one doubtful photo after the other, with a decision about each."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import streamlit as st

from catsdogs.health.findings import checked_label
from catsdogs.health.gallery_query import Found
from catsdogs.health.snapshot import Snapshot
from catsdogs.labels import Classes
from catsdogs.text import counted, duration, literal, percent
from catsdogs.ui.dataset import check, decisions, photo, photo_facts, views
from catsdogs.ui.dataset.views import View
from catsdogs.ui.shared import photo_viewer
from catsdogs.ui.shared.photo_viewer import Walk

_NEIGHBOURS = 6
_HEIGHT_PX = 400
# A decision takes a few seconds. A button promises at least a minute.
_PER_PHOTO_S, _LEAST_S = 7, 60
_AT = "review_at"  # the session's key of the position in the queue
QUEUES = {"suspect": "Suspect labels", "outlier": "Outliers"}


def show(snapshot: Snapshot) -> None:
    """Show the most doubtful photo of the queue without a decision, or another that was chosen."""
    if snapshot.findings is None or snapshot.table["label_quality"].isna().all():
        check.offer(snapshot, "The health check finds the labels that are worth a second look.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        name = _queue()
        queue, left = snapshot.queues[name], _left(snapshot, name)
        done = len(queue) - len(left)
        st.progress(
            done / len(queue) if len(queue) else 1.0,
            text=f"{done:,} of {len(queue):,} decided",
            width=220,
        )
    if not len(left):
        st.success("Nothing is left to review here.", icon=":material/check:")
        decisions.undo(snapshot.dataset.root, key="review_undo", shortcut="u")
        return
    _one(snapshot, left)
    photo.show_if_open(snapshot, Found(snapshot.table, left))


def waiting(snapshot: Snapshot, name: str) -> int:
    """Return how many photos of a queue have no decision yet."""
    if snapshot.findings is None:
        return 0
    return len(_left(snapshot, name))


def _left(snapshot: Snapshot, name: str) -> np.ndarray:
    """Return the positions of the photos of a queue that have no decision, the worst first."""
    queue = snapshot.queues[name]
    return queue[~snapshot.table["reviewed"].to_numpy()[queue]]


def start_button(name: str, count: int, *, key: str) -> None:
    """Draw the primary button that begins a queue of ``count`` photos."""
    noun = counted(count, QUEUES[name].lower().removesuffix("s"))
    _button(f"Review {noun} ({_took(count)})", name, key=key, type_="primary")


def short_button(name: str, count: int, *, key: str) -> None:
    """Draw the button that begins a queue of ``count`` photos, beside their description."""
    _button(f"Review ({_took(count)})", name, key=key, type_="secondary")


def _took(count: int) -> str:
    return duration(max(count * _PER_PHOTO_S, _LEAST_S))


def _button(label: str, name: str, *, key: str, type_: Literal["primary", "secondary"]) -> None:
    st.button(
        label, type=type_, icon=":material/rate_review:", key=key, on_click=_start, args=(name,)
    )


def _queue() -> str:
    return st.segmented_control(
        "Queue",
        list(QUEUES),
        default="suspect",
        required=True,
        format_func=QUEUES.__getitem__,
        key="queue",
        bind="query-params",
        label_visibility="collapsed",
        on_change=_first,
    )


def _start(name: str) -> None:
    st.session_state["queue"] = name
    _first()
    views.go(View.REVIEW)


def _first() -> None:
    st.session_state[_AT] = 0


def _step(step: int) -> None:
    st.session_state[_AT] += step


def _one(snapshot: Snapshot, left: np.ndarray) -> None:
    at = min(max(st.session_state.get(_AT, 0), 0), len(left) - 1)
    st.session_state[_AT] = at
    row = int(left[at])
    record = snapshot.table.iloc[row].to_dict()
    # The arrow keys belong to the photo that is open over the page.
    walk = None if photo.is_open() else Walk(at, len(left), _step)
    beside = photo_viewer.show(
        photo.shown(snapshot, record), key="review", walk=walk, height_px=_HEIGHT_PX
    )
    with beside:
        st.markdown(_belief(record, snapshot.dataset.classes))
        if record["hint"]:
            st.caption(f"Public lists of this dataset's oddities: {record['hint']}.")
        decisions.about_one(
            snapshot.dataset.root, record, key="review", shortcuts=not photo.is_open()
        )
    st.markdown("**Most similar photos, with their labels**")
    photo_facts.neighbours(
        snapshot, row, count=_NEIGHBOURS, key="review_neighbours", on_open=photo.open_
    )


def _belief(record: Mapping[Any, Any], classes: Classes) -> str:
    label = classes.name(checked_label(record))
    said, sureness = classes.of(record["p_dog"]), max(record["p_dog"], 1 - record["p_dog"])
    too = " too" if said == label else ""
    return (
        f"Its label is **{literal(label)}**. A classifier that never saw this photo says "
        f"**{literal(said)} {percent(sureness)}**{too}."
    )
