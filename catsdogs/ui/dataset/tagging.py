"""The tags of photos: shown as badges, added and removed in a popover."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from catsdogs.dataset import tags
from catsdogs.health.gallery_query import Found
from catsdogs.text import counted, literal
from catsdogs.ui.shared import problems

# Gives photos tags, or takes them away.
_Change = Callable[[Path, pd.DataFrame, list[str]], None]
_MOST_SHOWN = 3
_PROBLEM = "tag_problem"


def offer(root: Path, photos: Found, known: list[str], *, key: str) -> None:
    """Draw the popover that gives ``photos`` tags, or takes them away, as one step.

    ``known`` are the tags of the dataset.
    """
    with st.popover("Tag", icon=":material/sell:", key=key):
        st.caption(f"For {counted(len(photos), 'photo')}. Training ignores tags.")
        names = f"{key}_names"
        # Beside the field, because its list opens below.
        with st.container(horizontal=True):
            st.multiselect(
                "Tags",
                known,
                accept_new_options=True,
                key=names,
                placeholder="Choose or type",
                label_visibility="collapsed",
            )
            _button("Add", partial(_change, tags.add, root, photos), names)
            _button(
                "Remove", partial(_change, tags.remove, root, photos), names, disabled=not known
            )
        problems.show_noted(_PROBLEM)


def _change(change: _Change, root: Path, photos: Found, names: list[str]) -> None:
    change(root, photos[:], names)


def badges(names: tuple[str, ...]) -> None:
    """Draw a photo's tags."""
    for name in names:
        st.badge(literal(name), icon=":material/sell:", color="blue")


def note(names: tuple[str, ...]) -> str:
    """Return a photo's tags for the note below its thumbnail."""
    if not names:
        return ""
    more = f" +{len(names) - _MOST_SHOWN}" if len(names) > _MOST_SHOWN else ""
    return " · " + " ".join(f"#{name}" for name in names[:_MOST_SHOWN]) + more


def _button(label: str, change: Callable[[list[str]], None], names: str, **options: Any) -> None:
    def change_and_empty() -> None:
        change(st.session_state[names])
        st.session_state[names] = []

    st.button(
        label,
        key=f"{names}_{label}",
        on_click=problems.attempt,
        args=(change_and_empty,),
        kwargs={"note_as": _PROBLEM},
        **options,
    )
