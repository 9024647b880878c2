"""The labelling queue: the photos without a label, one or many at a time, with suggestions.

The queue is a fragment of the page: an answer draws only the next photo, and every few answers a
task learns from them. The page does not wait for it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from catsdogs.background import tasks
from catsdogs.errors import UnreadableImage
from catsdogs.health.snapshot import Snapshot
from catsdogs.images.picture import load_upright, read_bytes
from catsdogs.labels import Classes
from catsdogs.paths import shortened
from catsdogs.suggestions import suggested, task
from catsdogs.suggestions.suggested import Suggestions
from catsdogs.text import counted, literal, percent, printable
from catsdogs.ui.dataset import decisions, label_all, label_answers, label_many, label_progress
from catsdogs.ui.shared import cache, photo_viewer, problems, task_card
from catsdogs.ui.shared.photo_viewer import SHOWN_PX, Shown

_HEIGHT_PX = 400
_USEFUL, _SUREST, _NEITHER = "Most useful first", "Surest first", "Perhaps neither"
_ORDERS = (_USEFUL, _SUREST, _NEITHER)
_PROBLEM, _TABLE = "label_suggest_problem", "label_table"


def show(snapshot: Snapshot) -> None:
    """Show the first photo of the queue, and the task that suggests labels."""
    root = snapshot.dataset.root
    pictures = snapshot.dataset.pictures
    waiting = pictures[suggested.waiting(pictures)][["path", "digest"]]
    if waiting.empty:
        st.success("Every photo has a label from its name.", icon=":material/check:")
        return
    st.fragment(_queue)(root, waiting, snapshot.dataset.classes, snapshot.tags)
    _suggest(root, len(waiting))
    label_progress.show(root)


def waits(snapshot: Snapshot) -> bool:
    """Return whether the dataset has photos for the queue."""
    return bool(suggested.waiting(snapshot.dataset.pictures).any())


def _suggest(root: Path, count: int) -> None:
    """Offer the first suggestions, or show the progress of a round that computes vectors."""
    known = cache.suggestions(root)
    running = tasks.find(task.KIND, str(root))
    # A later round takes seconds, and nobody waits for it.
    if known is None or (running and not running.is_running):
        task_card.show(task.KIND, str(root), task.PHASES, on_done=lambda _: st.rerun())
    if known is None and running is None:
        st.button(
            "Suggest labels",
            icon=":material/lightbulb:",
            key="label_suggest",
            type="primary",
            help=f"MobileNetV2 looks at {counted(count, 'photo')} once. You can label meanwhile.",
            on_click=problems.attempt,
            args=(tasks.start, task.KIND, str(root)),
            kwargs={"note_as": _PROBLEM},
        )
    problems.show_noted(_PROBLEM)


def _queue(root: Path, waiting: pd.DataFrame, classes: Classes, known_tags: list[str]) -> None:
    known = cache.suggestions(root)
    found = _with_suggestions(waiting, known)
    with problems.shown():
        left = label_answers.undecided(root, found)
        done = len(found) - len(left)
        with st.container(horizontal=True, vertical_alignment="center"):
            chosen = _order() if known else _USEFUL
            is_many = label_many.is_chosen()
            text = f"{done:,} of {len(found):,} decided"
            st.progress(done / len(found), text=text, width=220)
        left = _ordered(left, chosen)
        if left.empty:
            others = "" if chosen != _NEITHER or done == len(found) else " Choose another order."
            st.success(f"Nothing is left to label here.{others}", icon=":material/check:")
            decisions.undo(root, key="label_undo", shortcut="u")
        elif is_many:
            label_many.show(root, left, classes, known, known_tags)
        else:
            _one(root, left, classes, known)
        label_all.offer(root, left, classes)


def _order() -> str:
    return st.segmented_control(
        "Order",
        _ORDERS,
        default=_USEFUL,
        required=True,
        key="label_order",
        label_visibility="collapsed",
    )


def _with_suggestions(waiting: pd.DataFrame, known: Suggestions | None) -> pd.DataFrame:
    """Return the photos of the queue, those to label first at the beginning.

    Photos that came after the last round follow at the end. The table is made once for each round:
    that takes longer than an answer.
    """
    *made_of, found = st.session_state.get(_TABLE, (None, None, None))
    if made_of[0] is not waiting or made_of[1] is not known:
        found = _joined(waiting, known)
        st.session_state[_TABLE] = waiting, known, found
    return found


def _joined(waiting: pd.DataFrame, known: Suggestions | None) -> pd.DataFrame:
    if known is None:
        return waiting.assign(p_positive=float("nan"), neither=False)
    table = known.table
    place = pd.Index(table["path"]).get_indexer(waiting["path"])
    is_same = (place >= 0) & (table["digest"].to_numpy()[place] == waiting["digest"].to_numpy())
    found = waiting.assign(
        p_positive=np.where(is_same, table["p_positive"].to_numpy()[place], np.nan),
        neither=is_same & table["neither"].to_numpy()[place],
    )
    found = found.iloc[np.argsort(np.where(place < 0, len(table), place), kind="stable")]
    return found.astype({"path": object, "digest": object})


def _ordered(left: pd.DataFrame, chosen: str) -> pd.DataFrame:
    """Return the photos in the chosen order, the skipped ones at the end."""
    left = left[left["neither"]] if chosen == _NEITHER else left[~left["neither"]]
    if chosen == _SUREST:
        doubt = (left["p_positive"] - 0.5).abs().rsub(0)
        left = left.loc[doubt.sort_values(kind="stable").index]
    return label_answers.in_turn(left)


def _one(root: Path, left: pd.DataFrame, classes: Classes, known: Suggestions | None) -> None:
    photo = left.iloc[0].to_dict()
    beside = photo_viewer.show(_shown(root, photo["path"]), key="label", height_px=_HEIGHT_PX)
    with beside:
        st.markdown(_suggestion(photo, classes))
        # The photo is part of the key, so that a late press does not decide about the next one.
        label_answers.buttons(root, left.iloc[:1], classes, known, key=photo["digest"][:8])


def _shown(root: Path, path: str) -> Shown:
    alt = f"{printable(path)}, no label"
    try:
        picture = load_upright(read_bytes(root / path), at_least_px=SHOWN_PX)
    except UnreadableImage as error:
        return Shown(path, None, alt, message=shortened(str(error)))
    return photo_viewer.shown(path, picture, alt=alt)


def _suggestion(photo: Mapping[Any, Any], classes: Classes) -> str:
    p_positive = photo["p_positive"]
    if pd.isna(p_positive):
        first, second = (literal(classes.plural(label)) for label in (0, 1))
        return f"Suggestions follow {suggested.BATCH} answers, among them {first} and {second}."
    if photo["neither"]:
        return "It is like no labelled photo: perhaps **neither**."
    sureness = percent(max(p_positive, 1 - p_positive))
    return f"Suggested: **{literal(classes.of(p_positive))} {sureness}**"
