"""The pictures that the Classify page is given: files, ZIPs, camera, clipboard, drawings."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from catsdogs.dataset import corrections
from catsdogs.errors import DatasetError, UnreadableImage
from catsdogs.images.picture import SUFFIXES
from catsdogs.inference import answers
from catsdogs.labels import CLASS_NAMES
from catsdogs.sources.drawing.animals import face
from catsdogs.text import counted
from catsdogs.ui.classify import job
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.shared import streamlit_internals, uploads
from catsdogs.ui.shared.streamlit_internals import UploadedFile
from catsdogs.ui.shared.told import told

_PASTED = "classify_pasted"
_SUFFIXES = sorted(suffix.removeprefix(".") for suffix in SUFFIXES)
_DRAWINGS_EACH, _DRAWING_SEED = 3, 42


@dataclass(frozen=True)
class Given:
    """A picture: what it goes by in this session, its name, and a function that returns its bytes.

    The bytes stay where Streamlit keeps them, a ZIP's packed.
    """

    key: tuple[str, int]
    name: str
    read: answers.Read


def show(chosen: Chosen) -> list[Given]:
    """Show the ways to give pictures, and return those that were given."""
    names = ["Files", "Folder", "Camera", "Clipboard", "Drawings", "Path on this machine"]
    tabs = st.tabs(names)
    ways: list[Callable[[], list[Given]]] = [_files, _folder, _camera, _clipboard, _drawings]
    given = []
    for tab, way in zip(tabs, ways, strict=False):
        with tab:
            given.append(way())
    pictures = [picture for of_one in given for picture in of_one]
    if sum(map(bool, given)) > 1:
        counts = (f"{n} {len(of_one):,}" for n, of_one in zip(names, given, strict=False) if of_one)
        st.caption(f"All that was given is answered together: {', '.join(counts)}.")
    with tabs[-1]:
        job.show(chosen)
    st.caption(
        "Pictures stay on this machine, in memory. They are forgotten when you remove them, "
        "or a minute after you close the tab, uploaded ones as soon as you open another page. Only "
        f"those that you mark as wrong are kept, in {told(corrections.folder())}."
    )
    if refused := uploads.refused():
        st.warning(
            f"Expected {uploads.LIMITS}, and {uploads.MOST_BYTES_OF_ALL >> 30} GB of all sessions. "
            f"Received: more; {counted(refused, 'file')} not taken. Give the path of their folder "
            "on this machine instead: that has no limit."
        )
    if len(pictures) > answers.MOST_PICTURES:
        st.warning(
            f"Only the first {answers.MOST_PICTURES:,} of {len(pictures):,} pictures are looked "
            "at. "
            "Give the path of their folder on this machine instead: that has no limit."
        )
    return pictures[: answers.MOST_PICTURES]


def _files() -> list[Given]:
    given = st.file_uploader(
        "Pictures, or ZIPs of them",
        accept_multiple_files=True,
        key="classify_files",
        help="JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP or TIFF, up to 25 MB a file, "
        f"{uploads.LIMITS}; for larger ZIPs, unpack them and give the folder or its path.",
    )
    return list(_given(given))


def _folder() -> list[Given]:
    given = st.file_uploader(
        "A folder with pictures",
        accept_multiple_files="directory",
        type=_SUFFIXES,
        key="classify_folder",
        help="Its other files are left out. The folders in it may be named cats and dogs.",
    )
    return list(_given(given))


def _camera() -> list[Given]:
    # On demand, because the browser asks for permission as soon as the widget is there.
    if not st.toggle("Use the camera", key="classify_camera_on"):
        return []
    shot = st.camera_input("Take a picture", key="classify_camera")
    return list(_given([shot] if shot else []))


def _clipboard() -> list[Given]:
    pasted: list[UploadedFile] = st.session_state.setdefault(_PASTED, [])
    sent = st.chat_input(
        "Click here, paste a picture (Ctrl+V), press Enter",
        accept_file="multiple",
        file_type=_SUFFIXES,
        key="classify_paste",
    )
    if sent is not None:
        pasted += sent.files
        if not sent.files:
            st.info("That was text. Copy a picture, or make a screenshot, and paste it here.")
    if pasted:
        st.button(
            f"Forget what was pasted ({len(pasted):,})",
            icon=":material/delete:",
            key="classify_forget_pasted",
            on_click=_forget_pasted,
        )
    return list(_given(pasted))


def _forget_pasted() -> None:
    for upload in st.session_state.pop(_PASTED, []):
        streamlit_internals.remove_upload(upload.file_id)


def _drawings() -> list[Given]:
    st.markdown(
        "Cats and dogs drawn by this app, to try it without a photo. They are no photos: a run "
        "that was trained on photos may well call them neither, and is right to."
    )
    if not st.toggle("Show some drawings", key="classify_drawings"):
        return []
    return [
        Given(
            (f"drawing-{name}", number),
            # No name that says what it is: a run that is right to say "neither" is not wrong.
            f"drawing-of-a-{name}-{number + 1}.jpg",
            partial(_drawn, label, number),
        )
        for number in range(_DRAWINGS_EACH)
        for label, name in enumerate(CLASS_NAMES)
    ]


def _drawn(label: int, number: int) -> bytes:
    picture, quality = face(np.random.default_rng([_DRAWING_SEED, label, number]), label)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _given(files: list[UploadedFile]) -> Iterator[Given]:
    """Yield the pictures of some uploads; a ZIP that cannot be used is explained and left out."""
    for upload in files:
        if not upload.name.lower().endswith(".zip"):
            content = streamlit_internals.upload_content(upload)
            yield Given((upload.file_id, 0), upload.name, partial(_bounded, content))
            continue
        try:
            members = answers.zipped(upload.name, streamlit_internals.upload_content(upload))
        except DatasetError as error:
            st.error(told(error), icon=":material/folder_zip:")
            continue
        for position, (name, read) in enumerate(members):
            yield Given((upload.file_id, position), name, read)


def _bounded(content: bytes) -> bytes:
    if len(content) > answers.MOST_BYTES_EACH:
        raise UnreadableImage("too_large", "Expected at most 25 MB a picture. Received: more.")
    return content
