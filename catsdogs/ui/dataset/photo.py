"""One photo in the viewer, over the page: answers, decisions, facts, and similar photos."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from catsdogs.errors import UnreadableImage
from catsdogs.health.gallery_query import Found
from catsdogs.health.snapshot import Snapshot
from catsdogs.images.picture import load_upright, read_bytes
from catsdogs.labels import UNLABELLED
from catsdogs.paths import shortened
from catsdogs.text import literal, printable
from catsdogs.ui.dataset import decisions, photo_answers, photo_facts, tagging
from catsdogs.ui.dataset.photo_answers import Answers
from catsdogs.ui.shared import cache, photo_viewer, problems
from catsdogs.ui.shared.open_photo import OpenPhoto
from catsdogs.ui.shared.photo_viewer import SHOWN_PX, Shown, Walk

_OPEN = OpenPhoto("photo")
_HEIGHT_PX = 430
_MOST_NEIGHBOURS = 8
Also = Callable[[Path, str], None]


def opened() -> str | None:
    """Return the path of the photo that is open over the page, if there is one."""
    return _OPEN.path()


def is_open() -> bool:
    """Return whether a photo is open over the page."""
    return opened() is not None


def open_(path: str) -> None:
    """Open the photo at ``path``, relative to the dataset, in a dialog over the page."""
    _OPEN.open(path)


def close() -> None:
    """Close the photo that is open, if there is one."""
    _OPEN.close()


def show_if_open(snapshot: Snapshot, found: Found, *, also: Also | None = None) -> None:
    """Show the dialog when a photo is open; its arrows move through the photos ``found``.

    ``also`` draws one more button about the photo, given the dataset and the path.
    """
    path = opened()
    if path is None or not (snapshot.table["path"] == path).any():
        return
    dialog = st.dialog("Photo", width="large", on_dismiss=close)(details)
    dialog(snapshot.dataset.root, found.column("path"), also)


def shown(
    snapshot: Snapshot, photo: Mapping[Any, Any], answers: Answers | None = None
) -> photo_viewer.Shown:
    """Return a photo (a row of a snapshot's table) as the viewer shows it, with its heat maps."""
    root, path = snapshot.dataset.root, photo["path"]
    kind = photo_facts.label_name(photo["label"], snapshot.dataset.classes)
    alt = f"{printable(path)}, {'no label' if photo['label'] == UNLABELLED else kind}"
    try:
        picture = load_upright(read_bytes(root / path), at_least_px=SHOWN_PX)
    except UnreadableImage as error:
        return Shown(path, None, alt, message=shortened(str(error)))
    return photo_viewer.shown(path, picture, answers.heats if answers else (), alt=alt)


def details(root: Path, walk: pd.Series, also: Also | None = None) -> None:
    """Show the content of the dialog; its arrows move through the paths in ``walk``."""
    path, snapshot = opened(), None
    if path is None:
        st.rerun()  # A button in the dialog has closed the photo.
    with problems.shown():
        # Read for every drawing of the dialog, because a decision in it changes the snapshot.
        snapshot = cache.snapshot(root)
    if snapshot is None:
        return
    is_open = (snapshot.table["path"] == path).to_numpy()
    if not is_open.any():
        st.warning("This photo is no longer in the dataset.")
        return
    _details(snapshot, int(is_open.argmax()), _walk(path, walk), also)


def _walk(path: str, walk: pd.Series) -> Walk | None:
    places = np.flatnonzero(walk == path)
    if not len(places):
        return None
    at = int(places[0])
    return Walk(at, len(walk), lambda step: open_(walk.iloc[at + step]))


def _details(snapshot: Snapshot, row: int, walk: Walk | None, also: Also | None) -> None:
    photo, root = snapshot.table.iloc[row].to_dict(), snapshot.dataset.root
    photo["side"] = snapshot.sides.iloc[row]
    answers = photo_answers.of(snapshot, photo)
    beside = photo_viewer.show(
        shown(snapshot, photo, answers),
        answers.lines,
        key="photo",
        walk=walk,
        height_px=_HEIGHT_PX,
        heat_on=False,
    )
    with beside:
        if answers.learned:
            st.caption(f"Trained on this photo: {literal(', '.join(answers.learned))}.")
        if answers.locked:
            st.caption(f"In the locked test set of {literal(', '.join(answers.locked))}.")
        photo_facts.badges(snapshot, row)
        decisions.about_one(root, photo, key="photo")
        with st.container(horizontal=True):
            this = Found(snapshot.table, np.array([row]))
            tagging.offer(root, this, snapshot.tags, key="photo_tag")
            if also:
                also(root, photo["path"])
        with st.expander("Details"):
            photo_facts.show(root, photo, snapshot.dataset.classes)
    if snapshot.findings is not None:
        st.markdown("**Most similar photos**")
        photo_facts.neighbours(
            snapshot, row, count=_MOST_NEIGHBOURS, key="photo_neighbours", on_open=open_
        )
