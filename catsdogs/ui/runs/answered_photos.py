"""Validation photos with the answer of a run, in pages, and one of them in the viewer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from catsdogs.comparison.locating import Located
from catsdogs.errors import UnreadableImage
from catsdogs.images import picture
from catsdogs.images.thumbnails import thumbnails
from catsdogs.labels import Classes
from catsdogs.paths import shortened
from catsdogs.reports import comparison_text
from catsdogs.runs.run import Run
from catsdogs.text import capital, literal, printable
from catsdogs.ui.runs import origin
from catsdogs.ui.shared import cache, measured_photo, pager, photo_viewer, problems
from catsdogs.ui.shared.pager import Pages
from catsdogs.ui.shared.photo_grid import Tile, photo_grid
from catsdogs.ui.shared.photo_viewer import Line, Shown, Walk

_PER_PAGE = 24


@dataclass(frozen=True)
class _Photo:
    """A photo with its answer.

    ``path`` and ``digest`` are those of the file in ``root``, None where that is not known.
    """

    path: str
    digest: str
    label: str
    said: str
    p_dog: float
    note: str
    root: Path | None

    @property
    def is_right(self) -> bool:
        return self.said == self.label

    @property
    def name(self) -> str:
        return printable(self.path.rpartition("/")[2])


def show(run: Run, located: Located, rows: pd.DataFrame, *, key: str, reveal: str = "") -> None:
    """Show the photos of ``rows``, some of ``located.predictions``, in their order.

    ``key`` is unique on the page. The page number and the open photo are kept under it. Whenever
    ``reveal`` changes, the page scrolls to the photos.
    """
    photos = _photos(located, rows, run.classes)
    if not photos:
        st.caption("No photos.")
        return
    pages, page_key, open_key = Pages(len(photos), _PER_PAGE), f"{key}_page", f"{key}_open"
    _grid(run, photos, pager.choose(pages, key=page_key), key=key, reveal=reveal)
    pager.repeat(pages, key=page_key)
    if st.session_state.get(open_key) is not None:
        title = "A right answer" if _opened(photos, open_key)[1].is_right else "A mistake"
        st.dialog(title, width="large", on_dismiss=lambda: _open(None, open_key))(_details)(
            run, photos, open_key
        )


def forget(key: str) -> None:
    """Turn to the first page and close the open photo: the photos are others now."""
    pager.first(f"{key}_page")
    _open(None, f"{key}_open")


def _photos(located: Located, rows: pd.DataFrame, classes: Classes) -> list[_Photo]:
    named = zip(located.named(rows), rows["label"], rows["p_dog"], strict=True)
    return [
        _Photo(
            path,
            digest,
            classes.name(label),
            classes.of(p_dog),
            p_dog,
            comparison_text.own_answer(label, p_dog, classes=classes),
            located.root,
        )
        for (path, digest), label, p_dog in named
    ]


def _grid(run: Run, photos: Sequence[_Photo], shown: slice, *, key: str, reveal: str) -> None:
    root = photos[0].root
    named = [(one.path, one.digest) for one in photos[shown]]
    jpegs = thumbnails(root, named, unchanged_only=True) if root else [None] * len(named)
    if not any(jpegs):
        st.info(origin.photos_elsewhere(run), icon=":material/hide_image:")
    tiles = [Tile(one.name, jpeg, one.note) for one, jpeg in zip(photos[shown], jpegs, strict=True)]
    photo_grid(
        tiles,
        key=key,
        on_open=lambda at: _open(at + shown.start, f"{key}_open"),
        reveal=reveal,
    )


def _open(position: int | None, key: str) -> None:
    st.session_state[key] = position


def _opened(photos: Sequence[_Photo], key: str) -> tuple[int, _Photo]:
    at = min(st.session_state.get(key) or 0, len(photos) - 1)
    return at, photos[at]


def _details(run: Run, photos: Sequence[_Photo], key: str) -> None:
    at, one = _opened(photos, key)
    line = Line(run, one.said, max(one.p_dog, 1 - one.p_dog), is_right=one.is_right)
    walk = Walk(at, len(photos), on_step=lambda step: _open(at + step, key))
    body = photo_viewer.show(_shown(run, one), [line], key=f"{key}_viewer", walk=walk)
    with body:
        st.markdown(f"Its label is **{literal(one.label)}**.")
        measured_photo.link_to_dataset(one.root, one.path)
        st.caption("The run did not learn from this photo: it belongs to the validation photos.")


def _shown(run: Run, one: _Photo) -> Shown:
    """Return the photo with its heat map, or the reason why it cannot be shown."""
    truth, said = (run.classes.one(run.classes.label(name)) for name in (one.label, one.said))
    alt = f"{capital(truth)} that the run calls {said}"
    try:
        content = measured_photo.content(one.root, one.path, one.digest)
        photo = picture.load_upright(content, at_least_px=photo_viewer.SHOWN_PX)
    except UnreadableImage as error:
        return Shown(one.name, None, alt, message=shortened(str(error)))
    heats = []
    if run.can_classify:
        with problems.shown():
            found = cache.predictor(run)(picture.Picture(content))
            heats = [photo_viewer.heat(run, found.heatmap, label=one.said)]
    return photo_viewer.shown(one.name, photo, heats, alt=alt, is_right=one.is_right)
