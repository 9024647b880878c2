"""A dataset from nothing: two names, and for each dropped photos, a folder or the camera."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from catsdogs.dataset.index import Dataset
from catsdogs.errors import CatsDogsError
from catsdogs.images.picture import read_bytes
from catsdogs.labels import CAT, DOG
from catsdogs.sources import collecting
from catsdogs.sources.typed import typed_path
from catsdogs.text import counted, literal
from catsdogs.ui.shared import cache, problems, streamlit_internals
from catsdogs.ui.shared.markdown import verbatim

_TITLES = ("First class", "Second class")
_SHOWN, _SHOWN_PX = 6, 56
_TURN, _TAKEN, _LEFT_OUT = "collect_turn", "collect_taken", "collect_left_out"


@dataclass(frozen=True)
class _Photo:
    """A photo that was dropped, taken or is in a folder, for one of the classes."""

    label: int
    name: str
    read: Callable[[], bytes]


def show(*, on_made: Callable[[Path], None]) -> None:
    """Draw the form of a new dataset; ``on_made`` is called with its folder."""
    st.markdown("Name two classes, and add photos of each. Ten of each are enough to begin.")
    columns, names, photos = st.columns(2, gap="medium"), [], []
    for label, column in enumerate(columns):
        with column:
            names.append(st.text_input(_TITLES[label], key=f"collect_name_{label}"))
            photos += _given(label)
    if st.button("Create dataset", key="collect_create", type="primary"):
        _create(names, photos, on_made)


def offer(dataset: Dataset) -> None:
    """Offer to add photos to the current dataset if it was made here."""
    _show_left_out()
    if not collecting.is_collected(dataset.root):
        return
    with st.popover("Add photos", icon=":material/add_a_photo:", key="collect_more"):
        photos = []
        for label, name in enumerate(dataset.classes.names):
            st.markdown(f"**{literal(name)}**")
            photos += _given(label)
        if st.button("Add", key="collect_add", type="primary", disabled=not photos):
            _add(dataset.root, photos)
            cache.forget_datasets()
            st.rerun()


def _given(label: int) -> list[_Photo]:
    """Draw the ways to give photos of a class; return all that were given."""
    turn = st.session_state.get(_TURN, 0)
    uploads = st.file_uploader(
        "Photos",
        accept_multiple_files=True,
        key=f"collect_files_{label}_{turn}",
        label_visibility="collapsed",
    )
    read = streamlit_internals.upload_content
    dropped = [_Photo(label, one.name, partial(read, one)) for one in uploads]
    taken = [one for one in st.session_state.get(_TAKEN, ()) if one.label == label]
    with st.container(horizontal=True):
        in_folder = _in_folder(label, turn)
        _camera(label, len(taken))
    photos = [*dropped, *in_folder, *taken]
    if taken:
        with st.container(horizontal=True, gap="xsmall"):
            for one in taken[-_SHOWN:]:
                st.image(one.read(), width=_SHOWN_PX, alt=one.name)
    st.caption(counted(len(photos), "photo"))
    return photos


def _in_folder(label: int, turn: int) -> list[_Photo]:
    typed = st.text_input(
        "Folder",
        key=f"collect_folder_{label}_{turn}",
        placeholder="Or the path of a folder: its images are copied",
        label_visibility="collapsed",
    )
    with problems.shown():
        paths = collecting.images_in(typed_path(typed)) if typed.strip() else []
        return [_Photo(label, path.name, partial(read_bytes, path)) for path in paths]
    return []


def _camera(label: int, count: int) -> None:
    with st.popover(
        "Camera", icon=":material/photo_camera:", key=f"collect_camera_{label}", on_change="rerun"
    ) as popover:
        if popover.open:
            # A new key after each picture, so that the camera can take the next one.
            key = f"collect_camera_{label}_{count}"
            st.camera_input(
                "Picture",
                key=key,
                on_change=partial(_take, label, key, count),
                label_visibility="collapsed",
            )


def _take(label: int, key: str, count: int) -> None:
    picture = st.session_state.get(key)
    if picture is not None:
        content = streamlit_internals.upload_content(picture)
        taken = _Photo(label, f"camera {count + 1}.jpg", lambda: content)
        st.session_state[_TAKEN] = [*st.session_state.get(_TAKEN, ()), taken]


def _create(names: list[str], photos: list[_Photo], on_made: Callable[[Path], None]) -> None:
    if {one.label for one in photos} != {CAT, DOG}:
        st.warning("Add at least one photo of each class first.")
        return
    with problems.shown():
        root = collecting.begin(*names)
        _add(root, photos)
        on_made(root)


def _add(root: Path, photos: list[_Photo]) -> None:
    """Keep the photos, and note those that are left out; empty the widgets."""
    left_out = []
    with st.spinner(f"Keeping {counted(len(photos), 'photo')} …"):
        for one in photos:
            try:
                collecting.add(root, one.label, one.read(), one.name)
            except CatsDogsError as error:
                left_out.append(f"- **{literal(one.name)}**: {verbatim(error)}")
    st.session_state[_LEFT_OUT] = left_out
    st.session_state.pop(_TAKEN, None)
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def _show_left_out() -> None:
    if lines := st.session_state.pop(_LEFT_OUT, None):
        st.warning("\n".join([f"Left out: {counted(len(lines), 'file')}.", "", *lines]))
