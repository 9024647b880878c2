"""The current dataset in the sidebar: a photo, its name and counts, and a switch to another."""

from pathlib import Path

import streamlit as st

from catsdogs.images.thumbnails import thumbnails
from catsdogs.sources import current, opening
from catsdogs.sources.sample import sample_dir
from catsdogs.text import literal
from catsdogs.ui.shared import cache, current_dataset, problems
from catsdogs.ui.shared.cache import Overview
from catsdogs.ui.shared.pages import DATASET

_THUMBNAIL_PX = 56


def show() -> Overview | None:
    """Draw the card; return the dataset at a glance, None when it was not scanned yet."""
    path = current.path()
    root = opening.opened(path) if path else None
    overview = cache.overview(root) if root else None
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        if root and overview and overview.photo:
            _thumbnail(root, overview.photo)
        with st.container(gap=None):
            name = literal(opening.display_name(path)) if path else "No dataset yet"
            st.markdown(f"**{name}**")
            if overview:
                st.caption(overview.counts)
    if path == sample_dir():
        st.caption("Drawings, made by this app. Results on them say nothing about photos.")
    _switch(path)
    return overview


def _thumbnail(root: Path, photo: tuple[str, str]) -> None:
    jpeg = thumbnails(root, [photo])[0]
    if jpeg:
        st.image(jpeg, width=_THUMBNAIL_PX, alt="A photo of the current dataset")


def _switch(path: Path | None) -> None:
    others = [one for one in current.recent() if one != path]
    with st.popover("Switch dataset", icon=":material/swap_horiz:", key="dataset_switch"):
        for number, folder in enumerate(others):
            name = opening.display_name(folder)
            if st.button(literal(name), key=f"dataset_switch_{number}", width="stretch"):
                _use(folder)
        is_offered = sample_dir() not in (path, *others)
        if is_offered and st.button("Drawn sample", key="dataset_switch_sample", width="stretch"):
            current_dataset.use_sample()
        st.page_link(
            DATASET.script,
            label="Open other photos",
            icon=":material/add_photo_alternate:",
            query_params={"open": "1"},
        )


def _use(folder: Path) -> None:
    with problems.shown():
        current_dataset.opened(folder)
        current_dataset.use(folder)
