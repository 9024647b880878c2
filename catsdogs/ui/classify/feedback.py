"""The "Wrong?" button, which keeps a copy of a picture under the right label, and its undo."""

from functools import partial

import streamlit as st

from catsdogs.dataset import corrections
from catsdogs.labels import Classes
from catsdogs.sources import current
from catsdogs.text import capital, literal
from catsdogs.ui.classify.tray import Given
from catsdogs.ui.shared import cache, problems
from catsdogs.ui.shared.markdown import verbatim
from catsdogs.ui.shared.pages import DATASET

_PROBLEM = "classify_problem"


def show(picture: Given, content: bytes, classes: Classes) -> None:
    """Draw a button that keeps the picture with its right label; once kept, the undo of that."""
    key = f"{picture.key[0]}_{picture.key[1]}"
    kept = corrections.find(content, classes)
    if kept is None:
        _offer(picture, content, classes, key)
        return
    st.button(
        "Undo",
        icon=":material/undo:",
        key=f"classify_undo_{key}",
        help=f"Removes the copy {verbatim(kept)}.",
        on_click=problems.attempt,
        args=(corrections.undo, content, classes),
        kwargs={"note_as": _PROBLEM},
    )
    if corrections.has_pets(classes) and st.button(
        "Open as dataset",
        icon=":material/photo_library:",
        key=f"classify_corrections_{key}",
        help=f"Makes {verbatim(corrections.folder(classes))}, with all pictures that you marked, "
        "the current dataset. You can switch back in the sidebar.",
    ):
        _open_as_dataset(classes)


def show_outcome(content: bytes, classes: Classes) -> None:
    """Say where the picture was kept, or why it could not be."""
    problems.show_noted(_PROBLEM)
    kept = corrections.find(content, classes)
    if kept is not None:
        label = literal(corrections.label_of(kept, classes))
        st.info(
            f"Marked as **{label}**: a copy is in {verbatim(kept)}.",
            icon=":material/flag:",
        )


def _offer(picture: Given, content: bytes, classes: Classes, key: str) -> None:
    with st.popover("Wrong?", icon=":material/flag:", key=f"classify_wrong_{key}"):
        st.markdown("What is it?", help=f"Keeps a copy in {verbatim(corrections.folder(classes))}.")
        keep = partial(corrections.keep, classes=classes)
        for label in corrections.labels(classes):
            st.button(
                literal(capital(label)),
                key=f"classify_is_{label}_{key}",
                width="stretch",
                on_click=problems.attempt,
                args=(keep, content, picture.name, label),
                kwargs={"note_as": _PROBLEM},
            )


def _open_as_dataset(classes: Classes) -> None:
    with problems.shown():
        current.choose(corrections.folder(classes))
        cache.forget_datasets()
        st.switch_page(DATASET.script)
