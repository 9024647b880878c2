"""Accept all sure suggestions in one step, after a look at a sample of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from catsdogs.dataset import annotations
from catsdogs.labels import CAT, DOG, Classes
from catsdogs.text import counted, literal, percent
from catsdogs.ui.dataset import label_many
from catsdogs.ui.shared import problems
from catsdogs.ui.shared.photo_grid import photo_grid

_SHARES, _USUAL = (0.95, 0.99, 0.999), 0.99
_SAMPLE = 12
_TITLE = "Accept sure suggestions"
_PROBLEM = "label_all_problem"


def offer(root: Path, left: pd.DataFrame, classes: Classes) -> None:
    """Offer to accept the sure suggestions for the photos that are ``left``."""
    sure = _sure(left, _USUAL)
    title = f"{_TITLE} ({len(sure):,})"
    if len(sure) and st.button(title, icon=":material/done_all:", key="label_all"):
        st.dialog(_TITLE, width="large")(_dialog)(root, left, classes)
    problems.show_noted(_PROBLEM)


def _dialog(root: Path, left: pd.DataFrame, classes: Classes) -> None:
    share = st.segmented_control(
        "Suggestions above",
        _SHARES,
        default=_USUAL,
        required=True,
        format_func=percent,
        key="label_all_share",
    )
    sure = _sure(left, share)
    counts = sure["label"].value_counts()
    both = [
        f"{counts.get(label, 0):,} as **{literal(classes.name(label))}**" for label in (CAT, DOG)
    ]
    st.markdown(f"{counted(len(sure), 'photo')}: {' and '.join(both)}. A sample, drawn at random:")
    _show_sample(root, sure, classes)
    st.caption("Your files stay unchanged, and one undo takes all of them back.")
    with st.container(horizontal=True):
        if st.button(
            f"Accept {len(sure):,}",
            type="primary",
            key="label_all_confirm",
            disabled=sure.empty,
            on_click=problems.attempt,
            args=(annotations.accept, root, sure),
            kwargs={"note_as": _PROBLEM},
        ):
            st.rerun()
        if st.button("Cancel", key="label_all_cancel"):
            st.rerun()


def _sure(left: pd.DataFrame, share: float) -> pd.DataFrame:
    """Return the photos whose suggestion is above ``share``, with it as their ``label``."""
    p_positive = left["p_positive"]
    is_sure = (np.maximum(p_positive, 1 - p_positive) > share) & ~left["neither"]
    return left[is_sure].assign(label=np.where(p_positive[is_sure] > 0.5, DOG, CAT))


def _show_sample(root: Path, sure: pd.DataFrame, classes: Classes) -> None:
    sample = sure.sample(min(_SAMPLE, len(sure)), random_state=0)
    photo_grid(
        label_many.tiles(root, sample, classes),
        key="label_all_sample",
        on_open=lambda _: None,
        most_columns=6,
    )
