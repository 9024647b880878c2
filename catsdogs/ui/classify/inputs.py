"""The ways to give pictures to the Classify page: files, ZIPs, camera, clipboard, drawings."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np
import streamlit as st

from catsdogs.dataset import corrections
from catsdogs.errors import UnreadableImage
from catsdogs.images.picture import SUFFIXES
from catsdogs.inference import answers
from catsdogs.labels import CLASS_NAMES
from catsdogs.sources.drawing.animals import face
from catsdogs.text import counted
from catsdogs.ui.classify import folder_job
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.shared import problems, streamlit_internals, uploads
from catsdogs.ui.shared.markdown import verbatim
from catsdogs.ui.shared.streamlit_internals import UploadedFile

_PASTED = "classify_pasted"
_SUFFIXES = sorted(suffix.removeprefix(".") for suffix in SUFFIXES)
_DRAWINGS_EACH, _DRAWING_SEED = 3, 42


@dataclass(frozen=True)
class Given:
    """A picture: its key in this session, its name, and a function that returns its bytes.

    The bytes stay in Streamlit's memory, and those of a ZIP stay compressed.
    """

    key: tuple[str, int]
    name: str
    read: answers.Read


def show(chosen: Chosen) -> list[Given]:
    """Show the ways to give pictures, and return those that were given."""
    tabs = dict(zip((*_WAYS, _PATH), st.tabs([*_WAYS, _PATH]), strict=True))
    given: dict[str, list[Given]] = {}
    for name, way in _WAYS.items():
        with tabs[name]:
            given[name] = way()
    if sum(map(bool, given.values())) > 1:
        counts = (f"{name} {len(pictures):,}" for name, pictures in given.items() if pictures)
        st.caption(f"All that was given is answered together: {', '.join(counts)}.")
    with tabs[_PATH]:
        folder_job.show(chosen)
    st.caption(
        "Pictures stay on this machine, in memory. They are forgotten when you remove them, "
        "or a minute after you close the tab, uploaded ones as soon as you open another page. Only "
        f"those that you mark as wrong are kept, in {verbatim(corrections.folder())}."
    )
    pictures = list(chain.from_iterable(given.values()))
    _warn_of_limits(len(pictures))
    return pictures[: answers.MOST_PICTURES]


def _warn_of_limits(count: int) -> None:
    if refused := uploads.refused():
        st.warning(
            f"Expected {uploads.LIMITS}, and {uploads.MOST_BYTES_OF_ALL >> 30} GB of all sessions. "
            f"Received: more; {counted(refused, 'file')} not taken. Give the path of their folder "
            "on this machine instead: that has no limit."
        )
    if count > answers.MOST_PICTURES:
        st.warning(
            f"Only the first {answers.MOST_PICTURES:,} of {count:,} pictures are looked at. "
            "Give the path of their folder on this machine instead: that has no limit."
        )


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
    # On demand, because the browser asks for permission as soon as the widget is drawn.
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
            # A name that gives no label, because "neither" is a right answer here.
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
    """Yield the pictures of some uploads; show why a ZIP cannot be used and leave it out."""
    for upload in files:
        if not upload.name.lower().endswith(".zip"):
            content = streamlit_internals.upload_content(upload)
            yield Given((upload.file_id, 0), upload.name, partial(_bounded, content))
            continue
        members: list[tuple[str, answers.Read]] = []
        with problems.shown(icon=":material/folder_zip:"):
            members = answers.zipped(upload.name, streamlit_internals.upload_content(upload))
        for position, (name, read) in enumerate(members):
            yield Given((upload.file_id, position), name, read)


def _bounded(content: bytes) -> bytes:
    if len(content) > answers.MOST_BYTES_EACH:
        raise UnreadableImage("too_large", "Expected at most 25 MB a picture. Received: more.")
    return content


_PATH = "Path on this machine"
_WAYS: dict[str, Callable[[], list[Given]]] = {
    "Files": _files,
    "Folder": _folder,
    "Camera": _camera,
    "Clipboard": _clipboard,
    "Drawings": _drawings,
}
