"""On which photos two runs differ: galleries that follow the threshold, and one photo at a time."""

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from catsdogs.data import images, sources
from catsdogs.data.thumbnails import thumbnails
from catsdogs.errors import RunError, UnreadableImage
from catsdogs.inference.heatmap import overlay
from catsdogs.labels import CLASS_NAMES, DOG
from catsdogs.runs.store import Run
from catsdogs.ui import cache
from catsdogs.ui.photo_grid import Tile, photo_grid
from catsdogs.ui.text import literal, printable

_PER_PAGE = 24
_SHOWN_PX = 480
_KIND, _PAGE = "compare_kind", "compare_page"
_OPEN = "image"  # in the address, which another page clears
_PAIR = "compare_pair"  # whose photos they are
_CELL = "compare_cell"  # of a confusion matrix: run, true class, said class


def show(pair: tuple[Run, Run], both: pd.DataFrame, threshold: float) -> None:
    """Show the photos of one kind, such as those that only A has right.

    ``both`` are the images that both runs were measured on, as ``comparison.shared`` has them.
    """
    _forget_another(pair)
    st.subheader("On which images")
    st.caption("Each with its label and the P(dog) of both runs, the clearest first.")
    kinds = _kinds(both, threshold)
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
    root, paths = _place(pair)
    found = both.assign(path=both[paths]).iloc[kinds[str(kind)]]
    if found.empty:
        st.caption("None at this threshold.")
        return
    pages = -(-len(found) // _PER_PAGE)
    st.session_state[_PAGE] = min(st.session_state.get(_PAGE, 1), pages)
    place = st.empty()
    page = st.pagination(pages, key=_PAGE) if pages > 1 else 1
    shown = found.iloc[(page - 1) * _PER_PAGE : page * _PER_PAGE]
    with place.container():
        photo_grid(_tiles(root, shown), key="compare_gallery", on_open=lambda i: _open(shown, i))
    _dialog_if_open(pair, root, found)


def choose_cell(letter: str, cell: tuple[str, str] | None) -> None:
    """Make the gallery show a cell (true class, said class) of run ``letter``'s confusion matrix.

    None stands for the one that it showed last.
    """
    if cell is not None:
        st.session_state[_CELL] = letter, *cell
    if _CELL in st.session_state:
        st.session_state[_KIND] = _cell_name(*st.session_state[_CELL])
        _first_page()


def _forget_another(pair: tuple[Run, Run]) -> None:
    """Forget what was chosen of another pair of runs."""
    ids = [run.run_id for run in pair]
    if st.session_state.get(_PAIR, ids) != ids:
        for key in (_CELL, _PAGE):
            st.session_state.pop(key, None)
        _close()
    st.session_state[_PAIR] = ids


def _cell_name(letter: str, truth: str, said: str) -> str:
    return f"{letter}: {truth}s called {said}"


def _kinds(both: pd.DataFrame, threshold: float) -> dict[str, np.ndarray]:
    """Return the positions of each kind's photos, the clearest first."""
    truth = (both["label"] == DOG).to_numpy()
    p_dog = {letter: both[f"p_dog_{letter.lower()}"].to_numpy() for letter in "AB"}
    right = {letter: (p >= threshold) == truth for letter, p in p_dog.items()}
    # How far from the truth each run is, and how far the two are from each other.
    off = {letter: np.abs(p - truth) for letter, p in p_dog.items()}
    apart = np.abs(p_dog["A"] - p_dog["B"])
    kinds = {
        "A right, B wrong": _sorted(right["A"] & ~right["B"], apart),
        "B right, A wrong": _sorted(right["B"] & ~right["A"], apart),
        "Both wrong": _sorted(~right["A"] & ~right["B"], off["A"] + off["B"]),
        "All mistakes of A": _sorted(~right["A"], off["A"]),
        "All mistakes of B": _sorted(~right["B"], off["B"]),
    }
    if cell := st.session_state.get(_CELL):
        letter, true_class, said = cell
        is_said = (p_dog[letter] >= threshold) == (said == "dog")
        kinds[_cell_name(*cell)] = _sorted(is_said & (truth == (true_class == "dog")), off[letter])
    return kinds


def _sorted(chosen: np.ndarray, by: np.ndarray) -> np.ndarray:
    positions = np.flatnonzero(chosen)
    return positions[np.argsort(-by[positions], kind="stable")]


def _first_page() -> None:
    st.session_state[_PAGE] = 1


def _place(pair: tuple[Run, Run]) -> tuple[Path | None, str]:
    """Return the folder of a run's photos, of one that has them, and which column names them."""
    for run, paths in zip(pair, ("path_a", "path_b"), strict=True):
        folder = sources.opened(Path(run.config.data))
        if folder is not None:
            return folder, paths
    return None, "path_a"  # They are not on this machine: their names stand for them.


def _tiles(root: Path | None, photos: pd.DataFrame) -> list[Tile]:
    named = list(zip(photos["path"], photos["digest"], strict=True))
    jpegs = thumbnails(root, named, unchanged_only=True) if root else [None] * len(named)
    return [
        Tile(
            printable(row["path"].rpartition("/")[2]),
            jpeg,
            f"{CLASS_NAMES[row['label']]} · A {row['p_dog_a']:.0%} · B {row['p_dog_b']:.0%}",
        )
        for row, jpeg in zip(photos.to_dict("records"), jpegs, strict=True)
    ]


def _open(shown: pd.DataFrame, position: int) -> None:
    st.query_params[_OPEN] = shown["path"].iloc[position]


def _dialog_if_open(pair: tuple[Run, Run], root: Path | None, found: pd.DataFrame) -> None:
    path = st.query_params.get(_OPEN)
    is_open = found["path"] == path
    if path is None or not is_open.any():
        return
    photo = found[is_open].iloc[0]
    st.dialog(literal(path), width="large", on_dismiss=_close)(_one)(pair, root, photo)


def _close() -> None:
    st.query_params.pop(_OPEN, None)


def _one(pair: tuple[Run, Run], root: Path | None, photo: pd.Series) -> None:
    st.markdown(f"Labelled **{CLASS_NAMES[photo['label']]}**")
    columns = st.columns(3)
    content = _content(root, photo["path"], photo["digest"])
    picture = _picture(content) if isinstance(content, bytes) else content
    if isinstance(picture, UnreadableImage):
        columns[0].info(literal(str(picture)), icon=":material/broken_image:")
    else:
        columns[0].image(picture)
    for column, letter, run in zip(columns[1:], "AB", pair, strict=True):
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
        return UnreadableImage("missing", "The file holds another picture by now.")
    return content


def _picture(content: bytes) -> Image.Image | UnreadableImage:
    try:
        picture = images.load_upright(content, at_least_px=_SHOWN_PX)
    except UnreadableImage as error:
        return error
    picture.thumbnail((_SHOWN_PX, _SHOWN_PX))
    return picture


def _heat_map(run: Run, content: bytes, picture: Image.Image) -> None:
    try:
        answer = cache.predictor(run).classify(content)
    except (RunError, OSError) as error:
        st.error(literal(str(error)))
        return
    st.image(overlay(picture, answer.heatmap, label=answer.label))
