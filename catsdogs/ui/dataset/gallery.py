"""Thumbnails of a dataset, a page at a time, and the files that cannot be shown."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from catsdogs.dataset.index import Dataset
from catsdogs.health import gallery_query
from catsdogs.health.snapshot import Snapshot
from catsdogs.images.thumbnails import thumbnails
from catsdogs.labels import CLASS_NAMES, UNLABELLED
from catsdogs.text import printable
from catsdogs.ui.dataset import decide, filters, photo
from catsdogs.ui.shared.photo_grid import Tile, photo_grid

_PER_PAGE = (24, 48, 96)


def show(snapshot: Snapshot) -> None:
    """Show the filter, one page of what it finds, and the photo that is open."""
    st.subheader("Gallery")
    asked = filters.show(snapshot)
    found = gallery_query.find(snapshot, asked)
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
            decide.about_all(snapshot.dataset.root, found[["path", "digest"]])
        decide.undo(snapshot.dataset.root, key="gallery_undo")
    if found.empty:
        st.info("No photo fits. Take a part of the filter away.", icon=":material/filter_alt:")
        return
    in_groups = asked.flag in gallery_query.GROUPED
    _page(snapshot, found, int(per_page or _PER_PAGE[0]), in_groups=in_groups)
    photo.show_if_open(snapshot, found)


def unreadable(dataset: Dataset) -> None:
    """List the files that do not decode, each with its reason."""
    found = dataset.unreadable
    if found.empty:
        st.success("The header of every image file can be read.", icon=":material/check:")
        return
    st.caption(
        f"{len(found):,} unreadable files are left out of training. Your files are never changed."
    )
    st.dataframe(
        found[["path", "problem", "problem_detail", "size_bytes"]]
        .head(1000)
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


def _tile(row: Mapping[Any, Any], jpeg: bytes | None, prefix: str) -> Tile:
    """Return the tile of a photo (a row of a look's table); ``prefix`` begins its note."""
    label = row["label"]
    name = "no label" if label == UNLABELLED else CLASS_NAMES[label]
    relabelled = " (relabelled)" if label != row["named_label"] else ""
    size = f"{row['width_px']}×{row['height_px']}"
    return Tile(
        printable(row["path"].rpartition("/")[2]),
        jpeg,
        prefix + (f"excluded · {size}" if row["excluded"] else f"{name}{relabelled} · {size}"),
        is_faded=row["excluded"],
    )


def _page(snapshot: Snapshot, found: pd.DataFrame, per_page: int, *, in_groups: bool) -> None:
    pages = -(-len(found) // per_page)
    st.session_state["page"] = min(st.session_state.get("page", 1), pages)
    place = st.empty()
    page = st.pagination(pages, key="page", bind="query-params")
    shown = found.iloc[(page - 1) * per_page : page * per_page]
    jpegs = thumbnails(
        snapshot.dataset.root, list(zip(shown["path"], shown["digest"], strict=True))
    )
    groups = pd.factorize(found["group"])[0][(page - 1) * per_page :] + 1
    tiles = [
        _tile(row, jpeg, f"group {group} · " if in_groups else "")
        for row, jpeg, group in zip(shown.to_dict("records"), jpegs, groups, strict=False)
    ]

    def turn(step: int) -> None:
        st.session_state["page"] = min(max(page + step, 1), pages)

    with place.container():
        photo_grid(
            tiles,
            key="gallery",
            on_open=lambda position: photo.open_(shown["path"].iloc[position]),
            on_turn=turn,
        )
