"""Thumbnails of a dataset, a page at a time, and the files that cannot be shown."""

from collections.abc import Hashable
from typing import Any

import streamlit as st

from catsdogs.data.index import Dataset
from catsdogs.errors import UnreadableImage
from catsdogs.labels import CLASS_NAMES
from catsdogs.ui import cache
from catsdogs.ui.text import literal

_PER_PAGE = 24
_ALL = "all"


def show(dataset: Dataset) -> None:
    """Show one page of thumbnails of the chosen class."""
    st.subheader("Gallery")
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    chosen = left.segmented_control(
        "Class", [_ALL, *CLASS_NAMES], default=_ALL, key="dataset_class", format_func=str.capitalize
    )
    records = dataset.usable
    if chosen in CLASS_NAMES:
        records = records[records["label"] == CLASS_NAMES.index(chosen)]
    pages = max(1, -(-len(records) // _PER_PAGE))
    # The key carries the class, so that another class begins at its first page.
    page = right.number_input(f"Page, 1 to {pages:,}", 1, pages, key=f"dataset_page_{chosen}")
    shown = records.iloc[(page - 1) * _PER_PAGE : page * _PER_PAGE]
    if shown.empty:
        st.info("No images of this class.")
        return
    with st.container(horizontal=True):
        for row in shown.to_dict("records"):
            _thumbnail(dataset, row)


def unreadable(dataset: Dataset) -> None:
    """List the files that do not decode, each with its reason."""
    st.subheader("Unreadable files")
    found = dataset.unreadable
    if found.empty:
        st.success("Every image file can be read.", icon=":material/check:")
        return
    st.caption("They are left out of training. Your files are never changed or deleted.")
    st.dataframe(
        found[["path", "problem_detail", "size_bytes"]],
        column_config={"path": "File", "problem_detail": "Why", "size_bytes": "Bytes"},
        hide_index=True,
        key="dataset_unreadable",
    )


def _thumbnail(dataset: Dataset, row: dict[Hashable, Any]) -> None:
    size = f"{row['width_px']}×{row['height_px']}"
    try:
        picture = cache.thumbnail(dataset.root, row["path"], row["digest"])
    except UnreadableImage as error:
        st.warning(literal(f"{row['path']}: {error}"), width=cache.THUMBNAIL_PX)
    else:
        caption = literal(f"{row['path']} · {size}")
        st.image(picture, caption=caption, width=cache.THUMBNAIL_PX)
