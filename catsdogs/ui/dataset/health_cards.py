"""One card per finding: three photos, how many there are, what to do about them."""

from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from catsdogs.health import gallery_query
from catsdogs.health.flags import FLAGS
from catsdogs.health.gallery_query import Found, Query
from catsdogs.health.snapshot import Snapshot
from catsdogs.images.thumbnails import thumbnails
from catsdogs.text import counted, printable
from catsdogs.ui.dataset import filters, review, views
from catsdogs.ui.dataset.views import View

_PHOTOS = 3
_THUMBNAIL_PX = 84
_CARD_PX = 306


@dataclass(frozen=True)
class _Card:
    """The words of a card: its noun, which takes an "s", and what to do."""

    noun: str
    advice: str


_CARDS = {
    "suspect": _Card("suspect label", "A classifier disagrees with these labels."),
    "outlier": _Card("outlier", "Unlike all others: perhaps of neither class."),
    "undecodable": _Card("damaged photo", "Not all pixels can be read. Exclude them."),
    "exact": _Card("identical file", "The same file several times. Keep one of each."),
    "near": _Card("near duplicate", "The same picture, resized or cropped. Keep the best."),
    "listed": _Card("listed photo", "Public lists call these photos wrong or odd."),
    "unlabelled": _Card("unlabelled photo", "Label them. Training ignores them until then."),
    "blurred": _Card("blurred photo", "A model learns little from them. Exclude the worst."),
    "dark": _Card("dark photo", "A model learns little from them. Exclude the worst."),
    "bright": _Card("bright photo", "A model learns little from them. Exclude the worst."),
    "low_information": _Card("low-information photo", "Almost of one colour. Exclude the worst."),
    "small": _Card("small photo", "Training enlarges them. Exclude the worst."),
}
_MINOR = ("extreme", "grey", "cmyk", "rotated", "trailing", "mismatch")


def show(snapshot: Snapshot) -> None:
    """Show a card for each finding that some photos have, then the minor ones as buttons."""
    in_use = ~snapshot.table["excluded"].to_numpy()
    counts = {n: int((held.to_numpy() & in_use).sum()) for n, held in snapshot.flags.items()}
    names = [name for name in _CARDS if counts[name]]
    with st.container(horizontal=True, gap="small"):
        for name in names:
            found = gallery_query.find(snapshot, Query(flag=name))
            _card(snapshot, name, replace(found, rows=found.rows[in_use[found.rows]]))
    if snapshot.findings is not None and not names:
        st.success("The check found no problem in these photos.", icon=":material/check:")
    minor = [name for name in _MINOR if counts[name]]
    if minor:
        st.caption("Also found. These rarely matter.")
        with st.container(horizontal=True):
            for name in minor:
                show_button(f"{FLAGS[name].title} · {counts[name]:,}", name, help=FLAGS[name].help)


def _card(snapshot: Snapshot, name: str, found: Found) -> None:
    card = _CARDS[name]
    with st.container(border=True, width=_CARD_PX, height="stretch", key=f"card_{name}"):
        st.markdown(f"**{counted(len(found), card.noun)}**", help=FLAGS[name].help)
        _thumbnails(snapshot, found[:_PHOTOS])
        st.caption(card.advice)
        with st.container(horizontal=True):
            waiting = review.waiting(snapshot, name) if name in review.QUEUES else 0
            if waiting:
                review.short_button(name, waiting, key=f"review_{name}")
            show_button("Show", name)


def _thumbnails(snapshot: Snapshot, photos: pd.DataFrame) -> None:
    named = list(zip(photos["path"], photos["digest"], strict=True))
    with st.container(horizontal=True, gap="xsmall"):
        for (path, _), jpeg in zip(named, thumbnails(snapshot.dataset.root, named), strict=True):
            if jpeg:
                st.image(jpeg, width=_THUMBNAIL_PX, alt=printable(path))


def show_button(label: str, name: str, *, help: str | None = None) -> None:
    """Draw a button that shows the photos with one finding in the gallery."""
    st.button(label, key=f"finding_{name}", help=help, on_click=_show_photos, args=(name,))


def _show_photos(flag: str) -> None:
    """Show the photos with one finding in the gallery."""
    filters.set_flag(flag)
    views.go(View.PHOTOS)
