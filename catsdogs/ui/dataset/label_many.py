"""Many photos of the labelling queue at a time: select some, and answer for all of them."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from catsdogs.health.gallery_query import Found
from catsdogs.images.thumbnails import thumbnails
from catsdogs.labels import Classes
from catsdogs.suggestions.suggested import Suggestions
from catsdogs.text import percent, printable
from catsdogs.ui.dataset import label_answers, selection, tagging
from catsdogs.ui.shared.photo_grid import PER_PAGE, Tile, photo_grid

_KEY, _GRID = "label_many", "label_many_grid"


def is_chosen() -> bool:
    """Draw the switch between one photo and many; return whether it is many."""
    return st.toggle("Many at a time", key=_KEY)


def show(
    root: Path,
    left: pd.DataFrame,
    classes: Classes,
    known: Suggestions | None,
    known_tags: list[str],
) -> None:
    """Show the first photos that are ``left``, and the answers and tags for the selected ones."""
    shown = left.iloc[:PER_PAGE]
    on_page = Found(shown, np.arange(len(shown)))
    selected = selection.among(root, on_page)
    with st.container(horizontal=True, vertical_alignment="center"):
        selection.menu(root, on_page, slice(None), count=len(selected))
        label_answers.buttons(root, selected[:], classes, known, key=_KEY)
        if len(selected):
            tagging.offer(root, selected, known_tags, key="label_tag")
    photo_grid(
        tiles(root, shown, classes),
        key=_GRID,
        on_open=partial(_see, shown),
        selection=selection.of_page(root, on_page, grid=_GRID),
    )


def tiles(root: Path, photos: pd.DataFrame, classes: Classes) -> list[Tile]:
    """Return the tiles of photos of the queue, with the suggestions as their notes."""
    jpegs = thumbnails(root, list(zip(photos["path"], photos["digest"], strict=True)))
    return [
        Tile(printable(row["path"].rpartition("/")[2]), jpeg, _suggestion(row, classes))
        for row, jpeg in zip(photos.to_dict("records"), jpegs, strict=True)
    ]


def _suggestion(photo: Mapping[Any, Any], classes: Classes) -> str:
    p_positive = photo["p_positive"]
    if pd.isna(p_positive):
        return ""
    if photo["neither"]:
        return "neither?"
    return f"{classes.of(p_positive)} {percent(max(p_positive, 1 - p_positive))}"


def _see(shown: pd.DataFrame, position: int) -> None:
    """Show one photo alone, before the others."""
    label_answers.see_first(shown["digest"].iloc[position])
    st.session_state[_KEY] = False
