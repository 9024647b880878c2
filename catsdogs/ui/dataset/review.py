"""The review queue: one doubtful photo after the other, with a decision about each."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from catsdogs.health.findings import review_queue
from catsdogs.health.snapshot import Snapshot
from catsdogs.labels import CLASS_NAMES
from catsdogs.text import literal
from catsdogs.ui.dataset import decisions, photo
from catsdogs.ui.shared import problems

_NEIGHBOURS = 6
_QUEUES = {"suspect": "Suspect labels", "outlier": "Outliers"}


def show(snapshot: Snapshot) -> None:
    """Show the first photo of the queue without a decision."""
    if snapshot.findings is None or snapshot.table["label_quality"].isna().all():
        st.info("The queue comes with the health check: run one under *Health*.")
        return
    name = st.segmented_control(
        "Queue",
        list(_QUEUES),
        default="suspect",
        required=True,
        format_func=_QUEUES.__getitem__,
        key="queue",
        bind="query-params",
        label_visibility="collapsed",
    )
    queue = queue_of(snapshot, name)
    waiting = queue[~queue["reviewed"]]
    st.progress(
        1 - len(waiting) / len(queue) if len(queue) else 1.0,
        text=f"{len(queue) - len(waiting):,} of {len(queue):,} decided",
    )
    if waiting.empty:
        st.success("Nothing is left to review here.", icon=":material/check:")
        decisions.undo(snapshot.dataset.root, key="review_undo", shortcut="u")
        return
    _one(snapshot, waiting)
    photo.show_if_open(snapshot, waiting)


def queue_of(snapshot: Snapshot, name: str) -> pd.DataFrame:
    """Return the rows of a queue, the most doubtful first."""
    if name == "suspect":
        return review_queue(snapshot.table)
    return snapshot.table[snapshot.flags["outlier"]].sort_values("similarity", kind="stable")


def _one(snapshot: Snapshot, waiting: pd.DataFrame) -> None:
    row = waiting.index[0]
    record = snapshot.table.loc[row].to_dict()
    left, right = st.columns(2, gap="large")
    with left, problems.shown():
        photo.picture(snapshot.dataset.root, record)
    with right:
        st.markdown(f"**{literal(record['path'])}**")
        st.markdown(_belief(record))
        if record["hint"]:
            st.info(f"Public lists of this dataset's oddities say: {record['hint']}.")
        decisions.about_one(
            snapshot.dataset.root, record, key="review", shortcuts=not photo.is_open()
        )
        st.caption("Keys: K keep, L relabel, X exclude, U undo.")
        st.markdown("**Most alike, with their labels**")
        photo.neighbours(snapshot, row, count=_NEIGHBOURS, key="review_neighbours")


def _belief(record: Mapping[Any, Any]) -> str:
    label = record["named_label"]
    believed = record["p_dog"] if label == 0 else 1 - record["p_dog"]
    other = CLASS_NAMES[1 - label]
    return (
        f"Its label says **{CLASS_NAMES[label]}**. A classifier that never saw it gives "
        f"**{other}** {believed:.1%}. The photos most like it have a similarity of "
        f"{record['similarity']:.2f}."
    )
