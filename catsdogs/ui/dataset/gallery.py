"""The photo grid with its bar: filter, count, decisions, and the photos a page at a time."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from catsdogs.health import gallery_query
from catsdogs.health.gallery_query import Found
from catsdogs.health.snapshot import Snapshot
from catsdogs.images.thumbnails import thumbnails
from catsdogs.labels import UNLABELLED, Classes
from catsdogs.text import counted, printable
from catsdogs.ui.dataset import (
    alike,
    decisions,
    filter_panel,
    filters,
    photo,
    picker,
    selection,
    tagging,
)
from catsdogs.ui.shared import pager
from catsdogs.ui.shared.pager import Pages
from catsdogs.ui.shared.photo_grid import Tile, photo_grid
from catsdogs.ui.shared.steps import Step, mark


def show(snapshot: Snapshot) -> None:
    """Show the photos that the filter finds. Its panel can be pinned beside them."""
    bar, beside = st.container(horizontal=True, vertical_alignment="center"), st.container()
    is_pinned = filter_panel.is_pinned()
    with bar:
        filter_panel.photo_class(snapshot.dataset.classes)
        if is_pinned:
            filter_panel.fold_button()
        else:
            filter_panel.folded(snapshot, can_pin=True)
    if is_pinned:
        panel, beside = st.columns([1, 3.2], gap="medium")
        with panel:
            filter_panel.show(snapshot)
    with beside:
        _photos(snapshot, bar)
    with bar:
        picker.button()


def beside_chart(snapshot: Snapshot) -> None:
    """Show the photos that a selection on a chart and the filter find."""
    bar = st.container(horizontal=True, vertical_alignment="center")
    with bar:
        filter_panel.photo_class(snapshot.dataset.classes)
        filter_panel.folded(snapshot, can_pin=False)
    _photos(snapshot, bar)


def _photos(snapshot: Snapshot, bar: DeltaGenerator) -> None:
    """Show a page of the photos found, the photo that is open, and what ``bar`` says of all."""
    query = filters.query()
    found = alike.ordered(gallery_query.find(snapshot, query))
    root = snapshot.dataset.root
    selected = selection.among(root, found)
    has_selection = len(selected) > 0
    about = selected if has_selection else found
    with bar:
        st.markdown(_count(snapshot, found), width="content")
        if len(found):
            decisions.about_all(
                root,
                about,
                has_duplicates=_has_duplicates(snapshot, about),
                has_selection=has_selection,
            )
        decisions.undo(root, key="gallery_undo")
    filters.summary(root)
    alike.summary(root, found)
    if not len(found):
        st.info("No photo matches the filter.", icon=":material/filter_alt:")
        # The map also opens photos that the filter leaves out.
        photo.show_if_open(snapshot, found, also=alike.button)
        return
    in_groups = query.flag in gallery_query.GROUPED
    with st.container(horizontal=True, vertical_alignment="center"):
        pages = Pages(len(found), filter_panel.per_page())
        items = pager.choose(pages, key=filters.PAGE, in_address=True)
        selection.menu(root, found, items, count=len(selected))
        tagging.offer(root, about, snapshot.tags, key="gallery_tag")
    _page(snapshot, found, pages, items, in_groups=in_groups)
    mark(Step.LOOK)
    photo.show_if_open(snapshot, found, also=alike.button)


def _has_duplicates(snapshot: Snapshot, found: Found) -> bool:
    """Return whether two of the photos show the same picture."""
    copied = found.rows[snapshot.copied[found.rows]]
    return not snapshot.table["group"].iloc[copied].is_unique


def _count(snapshot: Snapshot, found: Found) -> str:
    """Return the number of photos found, and of all if the filter leaves some out."""
    in_use = int((~snapshot.table["excluded"]).sum())
    if len(found) == in_use:
        return f"**{counted(in_use, 'photo')}**"
    return f"**{len(found):,}** of {in_use:,} photos"


def _page(snapshot: Snapshot, found: Found, pages: Pages, items: slice, *, in_groups: bool) -> None:
    shown = found[items]
    on_page = Found(found.table, found.rows[items])
    groups = _groups(found, items, in_groups=in_groups)
    notes = [score + group for score, group in zip(alike.notes(shown), groups, strict=True)]
    photo_grid(
        _tiles(snapshot, shown, notes),
        key="gallery",
        on_open=lambda position: photo.open_(shown["path"].iloc[position]),
        on_turn=partial(pager.turn, pages, key=filters.PAGE),
        selection=selection.of_page(snapshot.dataset.root, on_page, grid="gallery"),
    )
    pager.repeat(pages, key=filters.PAGE)


def _groups(found: Found, items: slice, *, in_groups: bool) -> list[str]:
    """Return the beginning of each photo's note: its group, numbered in the order shown."""
    if not in_groups:
        return [""] * len(found.rows[items])
    numbers = pd.factorize(found.column("group"))[0]
    return [f"group {number + 1} · " for number in numbers[items]]


def _tiles(snapshot: Snapshot, shown: pd.DataFrame, notes: list[str]) -> list[Tile]:
    named = list(zip(shown["path"], shown["digest"], strict=True))
    jpegs = thumbnails(snapshot.dataset.root, named)
    return [
        _tile(row, jpeg, note, snapshot.dataset.classes)
        for row, jpeg, note in zip(shown.to_dict("records"), jpegs, notes, strict=True)
    ]


def _tile(row: Mapping[Any, Any], jpeg: bytes | None, note: str, classes: Classes) -> Tile:
    """Return the tile of a photo (a row of a snapshot's table); ``note`` begins its note."""
    label = row["label"]
    name = "no label" if label == UNLABELLED else classes.name(label)
    relabelled = " (relabelled)" if label != row["named_label"] else ""
    size = f"{row['width_px']}×{row['height_px']}"
    return Tile(
        printable(row["path"].rpartition("/")[2]),
        jpeg,
        f"{note}{'excluded' if row['excluded'] else name + relabelled} · {size}"
        f"{tagging.note(row['tags'])}",
        is_faded=row["excluded"],
    )
