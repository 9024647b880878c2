"""The photos on which two runs differ: a gallery that follows the threshold, and an open photo."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from catsdogs.comparison.disagreements import of_cell, of_kind
from catsdogs.comparison.pair import Pair
from catsdogs.errors import UnreadableImage
from catsdogs.images import picture as images
from catsdogs.images.thumbnails import thumbnails
from catsdogs.inference.heatmap import overlay
from catsdogs.labels import CLASS_NAMES, class_name
from catsdogs.reports import comparison_text
from catsdogs.runs.run import Run
from catsdogs.text import literal, printable
from catsdogs.ui.runs import origin
from catsdogs.ui.shared import cache, pager, problems
from catsdogs.ui.shared.markdown import verbatim
from catsdogs.ui.shared.pager import Pages
from catsdogs.ui.shared.photo_grid import Tile, photo_grid

_PER_PAGE = 24
_SHOWN_PX = 480
_KIND, _PAGE = "compare_kind", "compare_page"
_OPEN = "image"  # in the address, which another page clears
_PAIR = "compare_pair"  # the runs that the choices below belong to
_CELL = "compare_cell"
_ANCHOR = "on-which-images"


@dataclass(frozen=True)
class _Cell:
    """A cell of the confusion matrix of run A or B: images of one class, called one class."""

    letter: str
    truth: str
    said: str

    @property
    def title(self) -> str:
        return f"{self.letter}: {self.truth}s called {self.said}"


def show(pair: Pair, threshold: float) -> None:
    """Show the photos of one kind, such as those that only A has right."""
    st.subheader("On which images", anchor=_ANCHOR)
    st.caption(
        f"Each with its label and the P(dog) of both runs, from {threshold:g} on called a dog; the "
        "most striking first."
    )
    positions = _kind(_kinds(pair.both, threshold))
    root, paths = pair.place
    found = pair.both.assign(path=pair.both[paths]).iloc[positions]
    if found.empty:
        st.caption("None at this threshold.")
        return
    above_numbers = st.empty()
    shown = found.iloc[pager.choose(Pages(len(found), _PER_PAGE), key=_PAGE)]
    with above_numbers.container():
        _gallery(pair, root, shown)
    _dialog_if_open(pair, root, found)


def link(pair: Pair) -> None:
    """Show a link to the photos of the clicked cell, which are far below."""
    _forget_other_pair(pair)
    if cell := st.session_state.get(_CELL):
        st.markdown(f"[↓ {cell.title}](#{_ANCHOR})")


def choose_cell(letter: str, truth: str, said: str) -> None:
    """Make the gallery show a cell of the confusion matrix of run ``letter``."""
    st.session_state[_CELL] = _Cell(letter, truth, said)
    choose_last_cell()


def choose_last_cell() -> None:
    """Make the gallery show the cell that was chosen last, if there is one."""
    if _CELL in st.session_state:
        st.session_state[_KIND] = st.session_state[_CELL].title
        _first_page()


def _forget_other_pair(pair: Pair) -> None:
    """Forget the cell, the page and the open photo of another pair of runs."""
    ids = [run.run_id for run in pair.runs.values()]
    if st.session_state.get(_PAIR, ids) != ids:
        for key in (_CELL, _PAGE):
            st.session_state.pop(key, None)
        _close()
    st.session_state[_PAIR] = ids


def _kinds(both: pd.DataFrame, threshold: float) -> dict[str, np.ndarray]:
    """Return the positions of each kind's photos, the clearest first."""
    kinds = of_kind(both, threshold)
    if cell := st.session_state.get(_CELL):
        kinds[cell.title] = of_cell(both, threshold, cell.letter, cell.truth, cell.said)
    return kinds


def _kind(kinds: dict[str, np.ndarray]) -> np.ndarray:
    """Return the positions of the photos of the kind that the user chooses."""
    if st.session_state.get(_KIND) not in kinds:
        with_photos = [name for name, positions in kinds.items() if len(positions)]
        st.session_state[_KIND] = [*with_photos, *kinds][0]
    kind = st.pills(
        "Photos",
        list(kinds),
        required=True,
        format_func=lambda name: f"{name} · {len(kinds[name]):,}",
        key=_KIND,
        on_change=_first_page,
        label_visibility="collapsed",
    )
    return kinds[str(kind)]


def _first_page() -> None:
    pager.first(_PAGE)


def _gallery(pair: Pair, root: Path | None, shown: pd.DataFrame) -> None:
    tiles = _tiles(root, shown)
    if not any(tile.jpeg for tile in tiles):
        st.info(origin.photos_elsewhere(_owner(pair)), icon=":material/hide_image:")
    photo_grid(tiles, key="compare_gallery", on_open=lambda position: _open(shown, position))


def _tiles(root: Path | None, photos: pd.DataFrame) -> list[Tile]:
    named = list(zip(photos["path"], photos["digest"], strict=True))
    jpegs = thumbnails(root, named, unchanged_only=True) if root else [None] * len(named)
    return [
        Tile(printable(row["path"].rpartition("/")[2]), jpeg, comparison_text.answered(row))
        for row, jpeg in zip(photos.to_dict("records"), jpegs, strict=True)
    ]


def _owner(pair: Pair) -> Run:
    """Return the run whose dataset the paths of the photos belong to."""
    _, paths = pair.place
    return pair.runs["B" if paths == "path_b" else "A"]


def _open(shown: pd.DataFrame, position: int) -> None:
    st.query_params[_OPEN] = shown["path"].iloc[position]


def _dialog_if_open(pair: Pair, root: Path | None, found: pd.DataFrame) -> None:
    path = st.query_params.get(_OPEN)
    is_open = found["path"] == path
    if path is None or not is_open.any():
        return
    photo = found[is_open].iloc[0]
    st.dialog(literal(path), width="large", on_dismiss=_close)(_details)(pair, root, photo)


def _close() -> None:
    st.query_params.pop(_OPEN, None)


def _details(pair: Pair, root: Path | None, photo: pd.Series) -> None:
    with_caveat = " and ".join(letter for letter, run in pair.runs.items() if run.caveat)
    st.markdown(
        f"Labelled **{CLASS_NAMES[photo['label']]}**. Neither run was trained on it"
        f"{f', but what {with_caveat} began from may have been' if with_caveat else ''}."
    )
    columns = st.columns(3)
    with columns[0]:
        original = _original(root, photo)
    for column, (letter, run) in zip(columns[1:], pair.runs.items(), strict=True):
        with column:
            if original is not None:
                _heat_map(run, *original)
            st.markdown(f"**{letter}**: P(dog) **{photo[f'p_dog_{letter.lower()}']:.4f}**")
            st.caption(literal(run.title))


def _original(root: Path | None, photo: pd.Series) -> tuple[bytes, Image.Image] | None:
    """Show the photo, or the reason why not; return its file and its picture."""
    try:
        content = _content(root, photo["path"], photo["digest"])
        picture = _picture(content)
    except UnreadableImage as error:
        st.info(verbatim(error), icon=":material/broken_image:")
        return None
    st.image(picture)
    st.caption("Tinted is what made a run answer as it does.")
    return content, picture


def _content(root: Path | None, path: str, digest: str) -> bytes:
    """Return the file of a photo, unchanged since the runs were measured on it.

    Raises:
        UnreadableImage: when it is not on this machine, or has changed.
    """
    if root is None:
        raise UnreadableImage("missing", "Its dataset is not on this machine.")
    content = images.read_bytes(root / path)
    if images.digest(content) != digest:
        raise UnreadableImage("missing", "The file is not the one that the runs were measured on.")
    return content


def _picture(content: bytes) -> Image.Image:
    """Return the picture upright, at most ``_SHOWN_PX`` wide and high.

    Raises:
        UnreadableImage: when it does not decode.
    """
    picture = images.load_upright(content, at_least_px=_SHOWN_PX)
    picture.thumbnail((_SHOWN_PX, _SHOWN_PX))
    return picture


def _heat_map(run: Run, content: bytes, picture: Image.Image) -> None:
    if not run.can_classify:
        st.info("No heat map: this run came without its model file.", icon=":material/hide_image:")
        return
    with problems.shown():
        answer = cache.predictor(run)(images.Picture(content))
        st.image(overlay(picture, answer.heatmap, label=class_name(answer.p_dog)))
