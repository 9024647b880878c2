"""Thumbnails of a dataset in pages, and the files that cannot be shown."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from catsdogs.dataset.index import Dataset
from catsdogs.health import gallery_query
from catsdogs.health.snapshot import Snapshot
from catsdogs.images.thumbnails import thumbnails
from catsdogs.labels import CLASS_NAMES, UNLABELLED
from catsdogs.text import printable
from catsdogs.ui.dataset import decisions, filters, photo
from catsdogs.ui.shared import pager
from catsdogs.ui.shared.pager import Pages
from catsdogs.ui.shared.photo_grid import Tile, photo_grid

_PER_PAGE = (24, 48, 96)
_MOST_LISTED = 1000


def show(snapshot: Snapshot) -> None:
    """Show the filter, one page of the photos that it finds, and the photo that is open."""
    st.subheader("Gallery")
    query = filters.show(snapshot)
    found = gallery_query.find(snapshot, query)
    per_page = _bar(snapshot, found)
    if found.empty:
        st.info("No photo fits. Take a part of the filter away.", icon=":material/filter_alt:")
        return
    in_groups = query.flag in gallery_query.GROUPED
    _page(snapshot, found, Pages(len(found), per_page), in_groups=in_groups)
    photo.show_if_open(snapshot, found)


def unreadable(dataset: Dataset) -> None:
    """List the files that do not decode, each with the reason."""
    found = dataset.unreadable
    if found.empty:
        st.success("The header of every image file can be read.", icon=":material/check:")
        return
    st.caption(
        f"{len(found):,} unreadable files are left out of training. Your files are never changed."
    )
    st.dataframe(
        found[["path", "problem", "problem_detail", "size_bytes"]]
        .head(_MOST_LISTED)
        .assign(path=lambda rows: rows["path"].map(printable)),
        column_config={
            "path": "File",
            "problem": "Reason",
            "problem_detail": "In words",
            "size_bytes": "Bytes",
        },
        hide_index=True,
        key="dataset_unreadable",
    )


def _bar(snapshot: Snapshot, found: pd.DataFrame) -> int:
    """Show the count and the decisions about all; return how many photos a page is to hold."""
    bar = st.container(horizontal=True, vertical_alignment="center")
    bar.markdown(f"**{len(found):,}** of {len(snapshot.table):,} photos", width="content")
    per_page = bar.segmented_control(
        "Photos a page",
        _PER_PAGE,
        default=_PER_PAGE[0],
        required=True,
        key="per_page",
        bind="query-params",
        label_visibility="collapsed",
        on_change=filters.first_page,
    )
    with bar:
        if len(found):
            decisions.about_all(snapshot.dataset.root, found[["path", "digest"]])
        decisions.undo(snapshot.dataset.root, key="gallery_undo")
    return int(per_page or _PER_PAGE[0])


def _page(snapshot: Snapshot, found: pd.DataFrame, pages: Pages, *, in_groups: bool) -> None:
    above_numbers = st.empty()
    items = pager.choose(pages, key=filters.PAGE, in_address=True)
    shown = found.iloc[items]
    with above_numbers.container():
        photo_grid(
            _tiles(snapshot, shown, _groups(found, in_groups=in_groups)[items]),
            key="gallery",
            on_open=lambda position: photo.open_(shown["path"].iloc[position]),
            on_turn=partial(pager.turn, pages, key=filters.PAGE),
        )


def _groups(found: pd.DataFrame, *, in_groups: bool) -> list[str]:
    """Return the beginning of each photo's note: its group, numbered in the order shown."""
    if not in_groups:
        return [""] * len(found)
    return [f"group {number + 1} · " for number in pd.factorize(found["group"])[0]]


def _tiles(snapshot: Snapshot, shown: pd.DataFrame, groups: list[str]) -> list[Tile]:
    named = list(zip(shown["path"], shown["digest"], strict=True))
    jpegs = thumbnails(snapshot.dataset.root, named)
    return [
        _tile(row, jpeg, group)
        for row, jpeg, group in zip(shown.to_dict("records"), jpegs, groups, strict=True)
    ]


def _tile(row: Mapping[Any, Any], jpeg: bytes | None, group: str) -> Tile:
    """Return the tile of a photo (a row of a snapshot's table); ``group`` begins its note."""
    label = row["label"]
    name = "no label" if label == UNLABELLED else CLASS_NAMES[label]
    relabelled = " (relabelled)" if label != row["named_label"] else ""
    size = f"{row['width_px']}×{row['height_px']}"
    return Tile(
        printable(row["path"].rpartition("/")[2]),
        jpeg,
        group + (f"excluded · {size}" if row["excluded"] else f"{name}{relabelled} · {size}"),
        is_faded=row["excluded"],
    )
