"""Buttons that decide about photos, and the one that takes the last decision back."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from catsdogs.dataset import annotations
from catsdogs.labels import CLASS_NAMES, UNLABELLED
from catsdogs.text import literal
from catsdogs.ui.runs import actions

_PROBLEM = "decide_problem"


def about_one(root: Path, photo: Mapping[Any, Any], *, key: str, shortcuts: bool = False) -> None:
    """Offer keep, relabel, exclude and undo for one photo (a row of a look's table)."""
    record = pd.DataFrame([photo])[["path", "digest"]]
    # Buttons of their own for each photo: a press that comes late is not taken for the next one's.
    key = f"{key}_{photo['digest'][:8]}"
    row = st.container(horizontal=True)
    label = photo["label"]
    if label != UNLABELLED:
        row.button(
            f"It is a {CLASS_NAMES[label]}: keep",
            icon=":material/check:",
            key=f"{key}_keep",
            shortcut="k" if shortcuts else None,
            on_click=actions.attempt,
            args=(_decide, root, record, annotations.KEEP, None),
            kwargs={"says": _PROBLEM},
        )
    for other, name in enumerate(CLASS_NAMES):
        if other != label:
            row.button(
                f"It is a {name}: relabel",
                icon=":material/label:",
                key=f"{key}_relabel_{name}",
                shortcut="l" if shortcuts and label != UNLABELLED else None,
                on_click=actions.attempt,
                args=(_decide, root, record, annotations.RELABEL, other),
                kwargs={"says": _PROBLEM},
            )
    row.button(
        "Exclude it",
        icon=":material/block:",
        key=f"{key}_exclude",
        shortcut="x" if shortcuts else None,
        disabled=photo["excluded"],
        on_click=actions.attempt,
        args=(_decide, root, record, annotations.EXCLUDE, None),
        kwargs={"says": _PROBLEM},
    )
    with row:
        undo(root, key=f"{key}_undo", shortcut="u" if shortcuts else None)


def _decide(root: Path, record: pd.DataFrame, action: str, label: int | None) -> None:
    """Record a decision, unless it holds already: a key that is held down repeats itself."""
    path, digest = record[["path", "digest"]].iloc[0]
    found = annotations.in_effect(root).get(path)
    if found is None or (found.digest, found.action, found.label) != (digest, action, label):
        annotations.annotate(root, record, action, label=label)


def about_all(root: Path, photos: pd.DataFrame) -> None:
    """Offer one decision about all photos that the gallery's filter finds."""
    with st.popover("Decide about all of these", icon=":material/checklist:"):
        st.markdown(
            f"One step for all **{len(photos):,}** photos that the filter finds. Your files stay "
            "as they are; the next run honours the decision, and you can undo it."
        )
        offers: list[tuple[str, str, int | None]] = [
            ("Exclude all", annotations.EXCLUDE, None),
            ("Keep all", annotations.KEEP, None),
            *((f"Relabel all as {n}", annotations.RELABEL, i) for i, n in enumerate(CLASS_NAMES)),
        ]
        for title, action, label in offers:
            st.button(
                title,
                key=f"all_{action}_{label}",
                width="stretch",
                on_click=actions.attempt,
                args=(partial(annotations.annotate, label=label), root, photos, action),
                kwargs={"says": _PROBLEM},
            )


def undo(root: Path, *, key: str, shortcut: str | None = None) -> None:
    """Offer to take the last step back."""
    last = actions.attempt(annotations.last_step, root, says=_PROBLEM)
    st.button(
        "Undo",
        icon=":material/undo:",
        key=key,
        shortcut=shortcut,
        disabled=not last,
        help=literal(f"Take back: {last}") if last else "Nothing was decided yet.",
        on_click=actions.attempt,
        args=(annotations.undo, root),
        kwargs={"says": _PROBLEM},
    )
    actions.problem(_PROBLEM)
