"""The buttons that keep, relabel and exclude photos, and the one that undoes the last decision."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from catsdogs.dataset import annotations
from catsdogs.labels import CLASS_NAMES, UNLABELLED
from catsdogs.text import literal
from catsdogs.ui.shared import problems

_PROBLEM = "decide_problem"


def about_one(root: Path, photo: Mapping[Any, Any], *, key: str, shortcuts: bool = False) -> None:
    """Offer keep, relabel, exclude and undo for one photo (a row of a snapshot's table)."""
    # The photo is part of the key, so that a late press does not decide about the next one.
    photo_key = f"{key}_{photo['digest'][:8]}"
    with st.container(horizontal=True):
        _keep(root, photo, key=photo_key, shortcuts=shortcuts)
        _relabel(root, photo, key=photo_key, shortcuts=shortcuts)
        _button(
            "Exclude it",
            partial(_decide, root, photo, annotations.EXCLUDE, None),
            icon=":material/block:",
            key=f"{photo_key}_exclude",
            shortcut="x" if shortcuts else None,
            disabled=photo["excluded"],
        )
        undo(root, key=f"{photo_key}_undo", shortcut="u" if shortcuts else None)


def about_all(root: Path, photos: pd.DataFrame) -> None:
    """Offer one decision about all photos that the gallery's filter finds."""
    with st.popover("Decide about all of these", icon=":material/checklist:"):
        st.markdown(
            f"One step for all **{len(photos):,}** photos that the filter finds. Your files stay "
            "as they are; the next run honours the decision, and you can undo it."
        )
        _decide_all(root, photos, "Exclude all", annotations.EXCLUDE, None)
        _decide_all(root, photos, "Keep all", annotations.KEEP, None)
        for label, name in enumerate(CLASS_NAMES):
            _decide_all(root, photos, f"Relabel all as {name}", annotations.RELABEL, label)


def undo(root: Path, *, key: str, shortcut: str | None = None) -> None:
    """Offer to undo the last decision, and show the error of the last action."""
    last = problems.attempt(annotations.last_step, root, note_as=_PROBLEM)
    _button(
        "Undo",
        partial(annotations.undo, root),
        icon=":material/undo:",
        key=key,
        shortcut=shortcut,
        disabled=not last,
        help=literal(f"Take back: {last}") if last else "Nothing was decided yet.",
    )
    problems.show_noted(_PROBLEM)


def _keep(root: Path, photo: Mapping[Any, Any], *, key: str, shortcuts: bool) -> None:
    if photo["label"] != UNLABELLED:
        _button(
            f"It is a {CLASS_NAMES[photo['label']]}: keep",
            partial(_decide, root, photo, annotations.KEEP, None),
            icon=":material/check:",
            key=f"{key}_keep",
            shortcut="k" if shortcuts else None,
        )


def _relabel(root: Path, photo: Mapping[Any, Any], *, key: str, shortcuts: bool) -> None:
    # One shortcut cannot serve two buttons, which a photo without a label has.
    shortcut = "l" if shortcuts and photo["label"] != UNLABELLED else None
    for label, name in enumerate(CLASS_NAMES):
        if label != photo["label"]:
            _button(
                f"It is a {name}: relabel",
                partial(_decide, root, photo, annotations.RELABEL, label),
                icon=":material/label:",
                key=f"{key}_relabel_{name}",
                shortcut=shortcut,
            )


def _decide_all(
    root: Path, photos: pd.DataFrame, title: str, action: str, label: int | None
) -> None:
    decide = partial(annotations.annotate, root, photos, action, label=label)
    _button(title, decide, key=f"all_{action}_{label}", width="stretch")


def _decide(root: Path, photo: Mapping[Any, Any], action: str, label: int | None) -> None:
    """Record a decision unless it is in effect: a key that is held down repeats itself."""
    found = annotations.in_effect(root).get(photo["path"])
    decision = photo["digest"], action, label
    if found is None or (found.digest, found.action, found.label) != decision:
        record = pd.DataFrame([photo])[["path", "digest"]]
        annotations.annotate(root, record, action, label=label)


def _button(title: str, action: partial[Any], *, key: str, **options: Any) -> None:
    """Draw a button that attempts ``action``."""
    st.button(
        title,
        key=key,
        on_click=problems.attempt,
        args=(action,),
        kwargs={"note_as": _PROBLEM},
        **options,
    )
