"""Search by a picture: the photos most similar to it come first in the gallery."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from catsdogs import people
from catsdogs.background import tasks
from catsdogs.features import embeddings
from catsdogs.health import vectors
from catsdogs.health.gallery_query import Found
from catsdogs.images import picture
from catsdogs.text import counted, literal, printable
from catsdogs.ui.dataset import filters, photo
from catsdogs.ui.shared import cache, problems, task_card

_WANTED, _UPLOAD = "alike_wanted", "alike_upload"
_PROBLEM, _PHOTO_PROBLEM = "alike_problem", "alike_photo_problem"
_COMPUTE_PROBLEM = "alike_compute_problem"
_SHOWN_PX = 56


@dataclass(frozen=True)
class _Wanted:
    """A picture, its vector of shape (1280,), and the similarity of each known photo, by digest."""

    name: str
    thumbnail: Image.Image
    vector: np.ndarray
    scores: pd.Series


def uploader() -> None:
    """Draw the field that takes a picture to search by."""
    st.file_uploader(
        "Similar to a picture",
        key=_UPLOAD,
        on_change=_take_upload,
        help="The photos most similar to it come first. The picture is not kept.",
    )
    problems.show_noted(_PROBLEM)


def button(root: Path, path: str) -> None:
    """Draw the button that searches by a photo of the dataset, which is open in a dialog."""
    st.button(
        "More like this",
        icon=":material/image_search:",
        key="alike_photo",
        on_click=problems.attempt,
        args=(_search_by_photo, root, path),
        kwargs={"note_as": _PHOTO_PROBLEM},
    )
    problems.show_noted(_PHOTO_PROBLEM)


def ordered(found: Found) -> Found:
    """Return the photos found, the most similar ones first if there is a search."""
    wanted = _wanted()
    if wanted is None:
        return found
    scores = pd.Series(_scores(wanted, found.column("digest")), index=found.rows)
    rows = scores.sort_values(ascending=False, kind="stable").index.to_numpy()
    return Found(found.table, rows)


def notes(found: pd.DataFrame) -> list[str]:
    """Return the beginning of the note of each photo: its similarity, if there is a search."""
    wanted = _wanted()
    if wanted is None:
        return [""] * len(found)
    scores = _scores(wanted, found["digest"])
    return ["" if np.isnan(score) else f"alike {score:.2f} · " for score in scores]


def summary(root: Path, found: Found) -> None:
    """Say which picture the photos are compared with, and offer to compute missing vectors."""
    wanted = _wanted()
    if wanted is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.image(wanted.thumbnail, width=_SHOWN_PX, alt=wanted.name)
        st.caption(
            f"Most similar to {literal(wanted.name)} first",
            width="content",
            help="By the cosine similarity of MobileNetV2's vectors, from -1 to 1.",
        )
        st.button(
            "End search", icon=":material/close:", key="alike_end", type="tertiary", on_click=_end
        )
    problems.show_noted(_COMPUTE_PROBLEM)
    missing = int(np.isnan(_scores(wanted, found.column("digest"))).sum())
    if missing and not task_card.show(
        vectors.KIND, str(root), vectors.PHASES, on_done=lambda _: _search_again()
    ):
        _offer_vectors(root, missing)


def _offer_vectors(root: Path, missing: int) -> None:
    st.info(
        f"{counted(missing, 'photo')} cannot be compared yet and come last: MobileNetV2 has not "
        "looked at them.",
        icon=":material/image_search:",
    )
    st.button(
        "Look at them now",
        key="alike_compute",
        help="A health check does the same for photos with a label.",
        on_click=problems.attempt,
        args=(tasks.start, vectors.KIND, str(root)),
        kwargs={"note_as": _COMPUTE_PROBLEM},
        disabled=not people.current().may_edit,
    )


def _take_upload() -> None:
    uploaded = st.session_state[_UPLOAD]
    if uploaded is None:
        _end()
    else:
        problems.attempt(_search, uploaded.name, uploaded.getvalue(), note_as=_PROBLEM)


def _search_by_photo(root: Path, path: str) -> None:
    _search(path.rpartition("/")[2], picture.read_bytes(root / path))
    photo.close()


def _search(name: str, content: bytes) -> None:
    """Compare all photos with a picture from now on.

    Raises:
        UnreadableImage: if it is not a picture.
        WeightsUnavailable: if there is no MobileNetV2.
    """
    thumbnail = picture.load_upright(content, at_least_px=_SHOWN_PX)
    backbone = cache.backbone()
    vector = embeddings.vector(content, backbone.model)
    scores = embeddings.alike(vector, backbone=backbone.file)
    st.session_state[_WANTED] = _Wanted(printable(name), thumbnail, vector, scores)
    filters.first_page()


def _search_again() -> None:
    """Compare again, because there are more vectors now. The page has drawn the old order."""
    cache.forget_backbone()  # The task may have found better weights.
    if wanted := _wanted():
        scores = embeddings.alike(wanted.vector, backbone=cache.backbone().file)
        st.session_state[_WANTED] = replace(wanted, scores=scores)
    st.rerun()


def _end() -> None:
    st.session_state.pop(_WANTED, None)
    filters.first_page()


def _scores(wanted: _Wanted, digests: pd.Series) -> np.ndarray:
    """Return the cosine similarity of photos to the wanted picture, NaN without a vector."""
    return digests.map(wanted.scores).to_numpy(float)


def _wanted() -> _Wanted | None:
    return st.session_state.get(_WANTED)
