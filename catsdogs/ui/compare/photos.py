"""On which photos two runs differ: galleries that follow the threshold, and one photo at a time."""

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from catsdogs.comparison.disagreements import of_cell, of_kind
from catsdogs.comparison.pair import Pair
from catsdogs.errors import RunError, UnreadableImage
from catsdogs.images import picture as images
from catsdogs.images.thumbnails import thumbnails
from catsdogs.inference.heatmap import overlay
from catsdogs.labels import CLASS_NAMES, class_name
from catsdogs.reports import comparison_text
from catsdogs.runs.run import Run
from catsdogs.text import literal, printable
from catsdogs.ui.runs import origin
from catsdogs.ui.shared import cache
from catsdogs.ui.shared.photo_grid import Tile, photo_grid
from catsdogs.ui.shared.told import told

_PER_PAGE = 24
_SHOWN_PX = 480
_KIND, _PAGE = "compare_kind", "compare_page"
_OPEN = "image"  # in the address, which another page clears
_PAIR = "compare_pair"  # whose photos they are
_ANCHOR = "on-which-images"
_CELL = "compare_cell"  # of a confusion matrix: run, true class, said class


def show(pair: Pair, threshold: float) -> None:
    """Show the photos of one kind, such as those that only A has right."""
    st.subheader("On which images", anchor=_ANCHOR)
    st.caption(
        f"Each with its label and the P(dog) of both runs, from {threshold:g} on called a dog; the "
        "most striking first."
    )
    kinds = _kinds(pair.both, threshold)
    if st.session_state.get(_KIND) not in kinds:
        with_photos = [name for name, found in kinds.items() if len(found)]
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
    root, paths = pair.place
    found = pair.both.assign(path=pair.both[paths]).iloc[kinds[str(kind)]]
    if found.empty:
        st.caption("None at this threshold.")
        return
    pages = -(-len(found) // _PER_PAGE)
    st.session_state[_PAGE] = min(st.session_state.get(_PAGE, 1), pages)
    place = st.empty()
    page = st.pagination(pages, key=_PAGE) if pages > 1 else 1
    shown = found.iloc[(page - 1) * _PER_PAGE : page * _PER_PAGE]
    tiles = _tiles(root, shown)
    with place.container():
        if not any(tile.jpeg for tile in tiles):
            st.info(origin.photos_elsewhere(_owner(pair)), icon=":material/hide_image:")
        photo_grid(tiles, key="compare_gallery", on_open=lambda i: _open(shown, i))
    _dialog_if_open(pair, root, found)


def link(pair: Pair) -> None:
    """Show the way to the photos of the cell that was clicked, which are far below."""
    _forget_another(pair)
    if cell := st.session_state.get(_CELL):
        st.markdown(f"[↓ {_cell_name(*cell)}](#{_ANCHOR})")


def choose_cell(letter: str, cell: tuple[str, str] | None) -> None:
    """Make the gallery show a cell (true class, said class) of run ``letter``'s confusion matrix.

    None stands for the one that it showed last.
    """
    if cell is not None:
        st.session_state[_CELL] = letter, *cell
    if _CELL in st.session_state:
        st.session_state[_KIND] = _cell_name(*st.session_state[_CELL])
        _first_page()


def _forget_another(pair: Pair) -> None:
    """Forget what was chosen of another pair of runs."""
    ids = [run.run_id for run in pair.runs.values()]
    if st.session_state.get(_PAIR, ids) != ids:
        for key in (_CELL, _PAGE):
            st.session_state.pop(key, None)
        _close()
    st.session_state[_PAIR] = ids


def _cell_name(letter: str, truth: str, said: str) -> str:
    return f"{letter}: {truth}s called {said}"


def _kinds(both: pd.DataFrame, threshold: float) -> dict[str, np.ndarray]:
    """Return the positions of each kind's photos, the clearest first."""
    kinds = of_kind(both, threshold)
    if cell := st.session_state.get(_CELL):
        kinds[_cell_name(*cell)] = of_cell(both, threshold, *cell)
    return kinds


def _first_page() -> None:
    st.session_state[_PAGE] = 1


def _tiles(root: Path | None, photos: pd.DataFrame) -> list[Tile]:
    named = list(zip(photos["path"], photos["digest"], strict=True))
    jpegs = thumbnails(root, named, unchanged_only=True) if root else [None] * len(named)
    return [
        Tile(
            printable(row["path"].rpartition("/")[2]),
            jpeg,
            comparison_text.answered(row),
        )
        for row, jpeg in zip(photos.to_dict("records"), jpegs, strict=True)
    ]


def _owner(pair: Pair) -> Run:
    """Return the run whose names stand for the photos."""
    return pair.runs["B" if pair.place[1] == "path_b" else "A"]


def _open(shown: pd.DataFrame, position: int) -> None:
    st.query_params[_OPEN] = shown["path"].iloc[position]


def _dialog_if_open(pair: Pair, root: Path | None, found: pd.DataFrame) -> None:
    path = st.query_params.get(_OPEN)
    is_open = found["path"] == path
    if path is None or not is_open.any():
        return
    photo = found[is_open].iloc[0]
    st.dialog(literal(path), width="large", on_dismiss=_close)(_one)(pair, root, photo)


def _close() -> None:
    st.query_params.pop(_OPEN, None)


def _one(pair: Pair, root: Path | None, photo: pd.Series) -> None:
    begun = " and ".join(letter for letter, run in pair.runs.items() if run.caveat)
    st.markdown(
        f"Labelled **{CLASS_NAMES[photo['label']]}**. Neither run was trained on it"
        f"{f', but what {begun} began from may have been' if begun else ''}."
    )
    columns = st.columns(3)
    content = _content(root, photo["path"], photo["digest"])
    picture = _picture(content) if isinstance(content, bytes) else content
    if isinstance(picture, UnreadableImage):
        columns[0].info(told(picture), icon=":material/broken_image:")
    else:
        columns[0].image(picture)
        columns[0].caption("Tinted is what made a run answer as it does.")
    for column, (letter, run) in zip(columns[1:], pair.runs.items(), strict=True):
        with column:
            if isinstance(content, bytes) and not isinstance(picture, UnreadableImage):
                _heat_map(run, content, picture)
            st.markdown(f"**{letter}**: P(dog) **{photo[f'p_dog_{letter.lower()}']:.4f}**")
            st.caption(literal(run.title))


def _content(root: Path | None, path: str, digest: str) -> bytes | UnreadableImage:
    if root is None:
        return UnreadableImage("missing", "Its dataset is not on this machine.")
    try:
        content = images.read_bytes(root / path)
    except UnreadableImage as error:
        return error
    if images.digest(content) != digest:
        return UnreadableImage("missing", "The file is not the one that the runs were measured on.")
    return content


def _picture(content: bytes) -> Image.Image | UnreadableImage:
    try:
        picture = images.load_upright(content, at_least_px=_SHOWN_PX)
    except UnreadableImage as error:
        return error
    picture.thumbnail((_SHOWN_PX, _SHOWN_PX))
    return picture


def _heat_map(run: Run, content: bytes, picture: Image.Image) -> None:
    if not run.can_classify:
        st.info("No heat map: this run came without its model file.", icon=":material/hide_image:")
        return
    try:
        said = cache.predictor(run)(images.Picture(content))
    except (RunError, OSError) as error:
        st.error(told(error))
        return
    st.image(overlay(picture, said.heatmap, label=class_name(said.p_dog)))
