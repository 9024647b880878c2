"""A photo that runs were measured on: its file, if unchanged, and the link to correct its label."""

from pathlib import Path

import streamlit as st

from catsdogs.errors import UnreadableImage
from catsdogs.images import picture
from catsdogs.sources import current, opening
from catsdogs.ui.shared.pages import DATASET


def content(root: Path | None, path: str, digest: str) -> bytes:
    """Return the file of a photo in the dataset ``root``, None where that is not on this machine.

    Raises:
        UnreadableImage: when it is not on this machine, or has changed since it was measured.
    """
    if root is None:
        raise UnreadableImage("missing", "Its dataset is not on this machine.")
    found = picture.read_bytes(root / path)
    if picture.digest(found) != digest:
        raise UnreadableImage("missing", "The file has changed since the runs were measured on it.")
    return found


def link_to_dataset(root: Path | None, path: str) -> None:
    """Link to the photo on the Dataset page, if that shows the dataset in ``root``."""
    shown = current.path()
    if root is not None and shown is not None and opening.opened(shown) == root:
        st.page_link(
            DATASET.script,
            label="Correct its label",
            icon=DATASET.icon,
            query_params={"photo": path},
        )
