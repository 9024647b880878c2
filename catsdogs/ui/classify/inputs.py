"""The ways to give pictures: drop, paste, camera, folder, web address, examples."""

import streamlit as st

from catsdogs.inference import answers
from catsdogs.text import counted, printable
from catsdogs.ui.classify import examples, live_camera, paste, tray
from catsdogs.ui.classify.examples import Example
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.classify.tray import Given
from catsdogs.ui.shared import problems, uploads
from catsdogs.ui.shared.photo_grid import Tile, photo_grid

_EXAMPLE_COLUMNS = 4


def show(page: str, chosen: Chosen) -> list[Given]:
    """Draw the ways to give pictures; return all pictures of the session.

    ``page`` begins the keys of the widgets. The first of the ``chosen`` runs answers what the
    camera sees.
    """
    with st.container(key=f"{page}_input", gap="small"):
        files = _files(page)
        # One row on a page 1100 pixels wide, so that the picture is above the fold.
        with st.container(horizontal=True, gap="xsmall"):
            _camera(page, chosen, files)
            paste.show(files, key=f"{page}_paste")
            _elsewhere(page)
            if tray.pictures():
                _examples_on_demand(page)
    tray.show_problems()
    pictures = tray.pictures()
    _warn_of_limits(len(pictures))
    return pictures[: answers.MOST_PICTURES]


def show_examples(page: str) -> None:
    """Draw the examples as a grid; a click answers one."""
    offered = examples.examples()
    photo_grid(
        [Tile(_short(one), one.thumbnail) for one in offered],
        key=f"{page}_example",
        on_open=lambda position: tray.add_example(offered[position].picture),
        columns=_EXAMPLE_COLUMNS,
        by_address=True,
    )


def _examples_on_demand(page: str) -> None:
    # Closed, it sends no thumbnails.
    with st.popover("Examples", on_change="rerun", key=f"{page}_examples") as popover:
        if popover.open:
            show_examples(page)


def _short(example: Example) -> str:
    return printable(example.picture.name.rpartition("/")[2])


def _files(page: str) -> str:
    """Draw the drop zone; return its key."""
    key = tray.widget_key(f"{page}_files")
    given = st.file_uploader(
        "Drop pictures, or archives of pictures",
        accept_multiple_files=True,
        key=key,
        help="JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP or TIFF, up to 25 MB each, zip or tar, "
        f"{uploads.LIMITS}. For more, classify their folder on this machine.",
    )
    tray.follow(key, given)
    return key


def _camera(page: str, chosen: Chosen, uploader: str) -> None:
    opened, before = f"{page}_camera_open", f"{page}_camera_pictures"
    count = len(tray.pictures())
    # A frame that is kept arrives as an upload, and its answer is behind the camera.
    if count > st.session_state.get(before, count) and st.session_state.get(opened):
        st.session_state[opened] = False
    st.session_state[before] = count
    with st.popover("Camera", on_change="rerun", key=opened) as popover:
        # Only while it is open: the browser asks for the camera as soon as the element is drawn.
        if popover.open:
            live_camera.show(chosen, uploader, key=f"{page}_camera")


def _elsewhere(page: str) -> None:
    """Offer what needs more than a click: a folder, and a web address."""
    with st.popover("Other", key=f"{page}_folder_open"):
        key = tray.widget_key(f"{page}_folder")
        given = st.file_uploader(
            "A folder with pictures",
            accept_multiple_files="directory",
            key=key,
            help="Folders named after the classes give labels.",
        )
        tray.follow(key, given)
        _address(page)


def _address(page: str) -> None:
    problem = f"{page}_address_problem"
    with st.form(f"{page}_address_form", border=False, clear_on_submit=True):
        url = st.text_input(
            "Web address of a picture", key=f"{page}_address", placeholder="https://…"
        )
        if st.form_submit_button("Get picture", key=f"{page}_address_get"):
            with st.spinner("Getting the picture …"):
                problems.attempt(tray.add_from_address, url, note_as=problem)
    problems.show_noted(problem)


def _warn_of_limits(count: int) -> None:
    if refused := uploads.refused():
        st.warning(
            f"Expected {uploads.LIMITS}, and {uploads.MOST_BYTES_OF_ALL >> 30} GB of all sessions. "
            f"Received: more, so {counted(refused, 'file')} were left out. Classify their folder "
            "on this machine instead: that has no limit."
        )
    if count > answers.MOST_PICTURES:
        st.warning(
            f"Only the first {answers.MOST_PICTURES:,} of {count:,} pictures are answered. "
            "Classify their folder on this machine instead: that has no limit."
        )
