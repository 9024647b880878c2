"""The photos that decide which of two runs is better: those that only one of them gets right."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from catsdogs.comparison.disagreements import Kind, of_kind
from catsdogs.comparison.pair import Pair
from catsdogs.evaluation.metrics import THRESHOLD
from catsdogs.ui.compare import photos
from catsdogs.ui.compare.photos import Listed
from catsdogs.ui.shared import pager

_KEY = "compare_deciding"
_KIND = "compare_kind"
_PER_PAGE = 12  # Two rows, so that the confusion matrices are not far below.


# A fragment, so that another kind or page redraws only these photos.
@st.fragment
def show(pair: Pair) -> None:
    """Show the photos of one kind, at first those of the largest disagreement."""
    found = of_kind(pair.both, THRESHOLD)
    by_count = sorted((Kind.ONLY_A, Kind.ONLY_B), key=lambda kind: -len(found[kind]))
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        kind = _choose([*by_count, Kind.BOTH_WRONG], found, pair.names)
        listed = Listed(
            key=_KEY,
            title=kind.in_words(pair.names),
            pair=pair,
            positions=found[kind],
            quoted=kind.wrong,
            per_page=_PER_PAGE,
        )
        items = photos.choose_page(listed)
    if len(listed.positions):
        photos.show(listed, items)
    else:
        st.caption("No photos of this kind.")


def first() -> None:
    """Show the largest disagreement of a new pair."""
    st.session_state.pop(_KIND, None)
    pager.first(f"{_KEY}_page")


def _choose(
    kinds: Sequence[Kind], found: Mapping[Kind, np.ndarray], names: Mapping[str, str]
) -> Kind:
    """Return the kind of photos that the user chooses."""
    if st.session_state.get(_KIND) not in kinds:
        st.session_state[_KIND] = next((kind for kind in kinds if len(found[kind])), kinds[0])
    kind = st.pills(
        "Photos that decide it",
        kinds,
        required=True,
        format_func=lambda kind: f"{kind.in_words(names)} · {len(found[kind]):,}",
        key=_KIND,
        on_change=pager.first,
        args=(f"{_KEY}_page",),
        label_visibility="collapsed",
        wrap=True,
    )
    return kind or kinds[0]
