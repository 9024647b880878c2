"""The pictures that a session works on: Home and Classify share them, and they survive a change of
pages.

Each file holds the same bytes as Streamlit's store of uploads, where ``shared/uploads.py`` limits
them, so there is one copy in memory. Removing a file here removes it there.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import PurePosixPath

import streamlit as st

from catsdogs.dataset import recognition
from catsdogs.dataset.listing import ASIDE
from catsdogs.dataset.summary import in_words
from catsdogs.errors import DatasetError, UnreadableImage
from catsdogs.inference import answers, gathering
from catsdogs.sources import web_picture
from catsdogs.system import system_files
from catsdogs.text import literal
from catsdogs.ui.shared import problems, streamlit_internals
from catsdogs.ui.shared.streamlit_internals import UploadedFile

_FILES, _CURRENT, _TIMES_EMPTIED = "tray_files", "tray_current", "tray_times_emptied"
# Streamlit's store, where uploads are limited, does not hold them.
_MOST_FETCHED = 20
_ZIP = ":material/folder_zip:"
Key = tuple[str, int]


@dataclass(frozen=True)
class Given:
    """A picture: its key in this session, its name, and a function that returns its bytes.

    The bytes of an upload stay in memory, and those of a ZIP stay compressed.
    """

    key: Key
    name: str
    read: answers.Read


@dataclass(frozen=True)
class _File:
    """A file in the tray: one picture, a ZIP of pictures, or the ``problem`` of a ZIP.

    ``widget`` is the key of the file uploader that lists it, "" once that uploader is gone.
    ``ignored`` counts entries without a picture by noun: hidden and system files, other files in a
    ZIP.
    """

    id: str
    pictures: tuple[Given, ...]
    problem: str = ""
    is_upload: bool = True
    is_fetched: bool = False
    widget: str = ""
    ignored: Mapping[str, int] = field(default_factory=dict)


def widget_key(name: str) -> str:
    """Return the key of an uploader, which changes when the tray is cleared: that empties it."""
    times = st.session_state.get(_TIMES_EMPTIED, 0)
    key = f"{name}_{times}" if times else name
    if key not in st.session_state:
        _let_go(key)
    return key


def follow(widget: str, uploads: Sequence[UploadedFile]) -> None:
    """Make the tray hold exactly these files of an uploader, beside those of other uploaders.

    The first new picture becomes the current one.
    """
    wanted = {upload.file_id for upload in uploads if isinstance(upload, UploadedFile)}
    kept = [file for file in _files() if file.widget != widget or file.id in wanted]
    known = {file.id for file in kept}
    new = [_uploaded(one, widget) for one in uploads if one.file_id in wanted - known]
    _replace([*kept, *new])
    _make_current(new)


def add_example(example: Given) -> None:
    """Show an example, and add it first unless the tray holds it."""
    if example.key not in [given.key for given in pictures()]:
        _replace([*_files(), _File(example.key[0], (example,), is_upload=False)])
    show(example.key)


def add_from_address(url: str) -> None:
    """Fetch the picture at a public web address, add it first, and show it.

    Raises:
        UnreadableImage: if there is none.
        DatasetError: if the session has enough of them.
    """
    if sum(file.is_fetched for file in _files()) >= _MOST_FETCHED:
        raise DatasetError(
            f"Expected at most {_MOST_FETCHED} pictures from web addresses. Received: one more. "
            "Remove some first."
        )
    content = web_picture.read(url)
    given = Given((url, 0), url, lambda: content)
    others = [file for file in _files() if file.id != url]
    _replace([*others, _File(url, (given,), is_upload=False, is_fetched=True)])
    show(given.key)


def pictures() -> list[Given]:
    """Return all pictures, in the order in which they were added."""
    return list(chain.from_iterable(file.pictures for file in _files()))


def show_problems() -> None:
    """Show why a ZIP cannot be used, and how many files have no picture."""
    for file in _files():
        if file.problem:
            problems.show(file.problem, icon=_ZIP)
    if ignored := sum((Counter(file.ignored) for file in _files()), Counter[str]()):
        st.caption(f"Not shown: {literal(in_words(ignored))}.")


def current() -> Key | None:
    """Return the key of the picture to show; it may have been removed meanwhile."""
    return st.session_state.get(_CURRENT)


def show(key: Key) -> None:
    """Make a picture the current one."""
    st.session_state[_CURRENT] = key


def size_of_file(key: Key) -> int:
    """Return how many pictures came in the same file as this one."""
    return next((len(file.pictures) for file in _files() if file.id == key[0]), 0)


def remove(key: Key) -> None:
    """Remove the file that a picture came in."""
    _free([file for file in _files() if file.id == key[0]])
    _replace([replace(file, widget="") for file in _files() if file.id != key[0]])
    _empty_uploaders()


def clear() -> None:
    """Remove all pictures."""
    _free(_files())
    _replace([])
    _empty_uploaders()


def _files() -> list[_File]:
    return list(st.session_state.get(_FILES, ()))


def _replace(files: list[_File]) -> None:
    st.session_state[_FILES] = files


def _free(files: list[_File]) -> None:
    for file in files:
        if file.is_upload:
            streamlit_internals.remove_upload(file.id)


def _empty_uploaders() -> None:
    st.session_state[_TIMES_EMPTIED] = st.session_state.get(_TIMES_EMPTIED, 0) + 1


def _let_go(widget: str) -> None:
    """Keep the pictures of an uploader that is drawn for the first time on this visit of the page.

    Drop ZIPs that cannot be used: no uploader lists them now, so nobody could remove them.
    """
    listed = [file for file in _files() if file.widget == widget]
    _free([file for file in listed if file.problem])
    kept = [file for file in _files() if file not in listed or not file.problem]
    _replace([replace(file, widget="") if file in listed else file for file in kept])


def _make_current(files: Sequence[_File]) -> None:
    new = next(chain.from_iterable(file.pictures for file in files), None)
    if new is not None:
        show(new.key)


def _uploaded(upload: UploadedFile, widget: str) -> _File:
    content, id_, name = streamlit_internals.upload_content(upload), upload.file_id, upload.name
    if group := _ignored_group(PurePosixPath(name)):
        return _File(id_, (), widget=widget, ignored={ASIDE[group]: 1})
    head = content[: recognition.HEAD_BYTES]
    if not gathering.is_archive(name, head, content):
        _, read = gathering.in_file(name, partial(_bounded, content), head)
        return _File(id_, (Given((id_, 0), name, read),), widget=widget)
    try:
        found = gathering.in_archive(name, content)
    except (DatasetError, OSError) as error:
        return _File(id_, (), str(error), widget=widget)
    given = tuple(Given((id_, i), name, read) for i, (name, read) in enumerate(found.sources))
    return _File(id_, given, widget=widget, ignored=found.ignored)


def _ignored_group(path: PurePosixPath) -> str:
    """Return the group of a file to leave out, or "". A hidden file dropped by itself is meant."""
    group = system_files.group_of(path.parts)
    return "" if group == system_files.HIDDEN and len(path.parts) == 1 else group


def _bounded(content: bytes) -> bytes:
    if len(content) > answers.MOST_BYTES_EACH:
        raise UnreadableImage("too_large", "Expected at most 25 MB per picture. Received: more.")
    return content
