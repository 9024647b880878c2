"""The buttons and keys that answer for photos of the labelling queue."""

from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from catsdogs.dataset import annotations
from catsdogs.labels import Classes
from catsdogs.suggestions.suggested import Suggestions
from catsdogs.text import literal
from catsdogs.ui.dataset import decisions, label_progress, selection
from catsdogs.ui.shared import problems

_PROBLEM, _SKIPPED, _FIRST = "label_problem", "label_skipped", "label_first"


def buttons(
    root: Path, photos: pd.DataFrame, classes: Classes, known: Suggestions | None, *, key: str
) -> None:
    """Draw the answers for ``photos``, one or many, and undo; the first answer counts."""
    answers = {
        **{
            str(label + 1): (literal(name), partial(_decide, root, photos, label, known))
            for label, name in enumerate(classes.names)
        },
        "s": ("Skip", partial(_skip, root, photos)),
        "x": ("Exclude", partial(_decide, root, photos, None, known)),
    }
    with st.container(horizontal=True):
        for shortcut, (title, action) in answers.items():
            st.button(
                title,
                key=f"label_{key}_{shortcut}",
                shortcut=shortcut,
                disabled=photos.empty,
                on_click=problems.attempt,
                args=(action,),
                kwargs={"note_as": _PROBLEM},
            )
        decisions.undo(root, key=f"label_undo_{key}", shortcut="u")
    problems.show_noted(_PROBLEM)


def in_turn(photos: pd.DataFrame) -> pd.DataFrame:
    """Return the photos, the one to see first at the beginning, the skipped ones at the end."""
    is_first = photos["digest"] == st.session_state.get(_FIRST)
    is_skipped = photos["digest"].isin(st.session_state.get(_SKIPPED, ())) & ~is_first
    return pd.concat([photos[is_first], photos[~is_first & ~is_skipped], photos[is_skipped]])


def see_first(digest: str) -> None:
    """Put a photo at the beginning of the queue."""
    st.session_state[_FIRST] = digest


def undecided(root: Path, photos: pd.DataFrame) -> pd.DataFrame:
    """Return the photos without a decision about their content."""
    digests = {path: one.digest for path, one in annotations.in_effect(root).items()}
    named = zip(photos["path"], photos["digest"], strict=True)
    return photos[[digests.get(path) != digest for path, digest in named]]


def _skip(root: Path, photos: pd.DataFrame) -> None:
    digests = photos["digest"].tolist()
    others = [one for one in st.session_state.get(_SKIPPED, ()) if one not in digests]
    st.session_state[_SKIPPED] = [*others, *digests]
    st.session_state.pop(_FIRST, None)
    selection.release(root, photos)


def _decide(root: Path, photos: pd.DataFrame, label: int | None, known: Suggestions | None) -> None:
    """Record one decision about the photos; learn from all, if there are enough new ones.

    A key that is pressed while the next photo is drawn may still belong to the previous one, whose
    decision stays.
    """
    left = undecided(root, photos)
    if left.empty:
        return
    action = annotations.EXCLUDE if label is None else annotations.RELABEL
    annotations.annotate(root, left, action, label=label)
    selection.release(root, left)
    if known is not None and label is not None:
        label_progress.learn_if_due(root, known)
