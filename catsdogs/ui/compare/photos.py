"""A page of photos that both runs answered, and one of them in the viewer, over the page."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from textwrap import shorten

import numpy as np
import pandas as pd
import streamlit as st

from catsdogs.comparison.pair import Pair
from catsdogs.errors import UnreadableImage
from catsdogs.evaluation.metrics import THRESHOLD
from catsdogs.images import picture as images
from catsdogs.images.thumbnails import thumbnails
from catsdogs.labels import Classes
from catsdogs.paths import shortened
from catsdogs.reports import comparison_text
from catsdogs.runs.run import Run
from catsdogs.text import literal, printable
from catsdogs.ui.runs import origin
from catsdogs.ui.shared import cache, measured_photo, pager, photo_viewer, problems
from catsdogs.ui.shared.open_photo import OpenPhoto
from catsdogs.ui.shared.pager import Pages
from catsdogs.ui.shared.photo_grid import Tile, photo_grid
from catsdogs.ui.shared.photo_viewer import Heat, Line, Shown, Walk

_MOST_COLUMNS = 6
_TABLE_PX = 220
_LONGEST_NAME = 20  # characters of a run's name below a photo
_OPEN = OpenPhoto("image")
_PAIR = "compare_pair"  # the runs that the pages and the open photo belong to
_WALKED = "compare_walked"  # the key of the list that the open photo is in


@dataclass(frozen=True)
class Listed:
    """Photos of a pair, in order: ``positions`` in ``Pair.both``.

    ``key`` is unique on the page. Each tile quotes the runs in ``quoted``, by letter.
    """

    key: str
    title: str
    pair: Pair
    positions: np.ndarray
    quoted: tuple[str, ...]
    threshold: float = THRESHOLD
    per_page: int = 24

    @property
    def pages(self) -> Pages:
        """The pages of the list."""
        return Pages(len(self.positions), self.per_page)

    @property
    def page_key(self) -> str:
        """The key of its page number in the session."""
        return f"{self.key}_page"

    @property
    def table(self) -> pd.DataFrame:
        """The rows of ``Pair.both`` in order, with ``path`` and ``digest`` of the files here."""
        _, paths = self.pair.place
        both = self.pair.both
        digests = self.pair.digests_here(both["digest"])
        return both.assign(path=both[paths], digest=digests).iloc[self.positions]


def forget_other_pair(pair: Pair) -> bool:
    """Close the open photo of another pair of runs; return whether the pair is a new one."""
    ids = [run.run_id for run in pair.runs.values()]
    is_new = st.session_state.get(_PAIR, ids) != ids
    if is_new:
        _OPEN.close()
    st.session_state[_PAIR] = ids
    return is_new


def choose_page(listed: Listed) -> slice:
    """Draw the page numbers and return the items to show: all if only their names are known."""
    root, _ = listed.pair.place
    return pager.choose(listed.pages, key=listed.page_key) if root else slice(None)


def repeat_pages(listed: Listed) -> None:
    """Draw the page numbers once more, below the photos."""
    root, _ = listed.pair.place
    if root:
        pager.repeat(listed.pages, key=listed.page_key)


def show(listed: Listed, items: slice, *, reveal: str = "") -> None:
    """Show a page of the photos, ``items`` of them, and the open one over the page.

    Whenever ``reveal`` changes, the page scrolls to the photos.
    """
    shown = listed.table.iloc[items]
    root, _ = listed.pair.place
    tiles = _tiles(root, shown, listed.pair.classes, partial(_quoted, listed))
    if any(tile.jpeg for tile in tiles):
        photo_grid(
            tiles,
            key=f"{listed.key}_grid",
            on_open=lambda position: _open(listed.key, shown["path"].iloc[position]),
            on_turn=lambda step: pager.turn(listed.pages, step, key=listed.page_key),
            most_columns=_MOST_COLUMNS,
            reveal=reveal,
        )
        if listed.pair.is_matched_by_number:
            st.caption("Photos whose size differs from the runs' are matched by Kaggle's numbers.")
    else:
        _names(listed)
    _dialog_if_open(listed)


def _names(listed: Listed) -> None:
    """Say where the photos are, and list their names and answers: they are not on this machine."""
    st.info(origin.photos_elsewhere(_owner(listed.pair)), icon=":material/hide_image:")
    rows = [
        {
            "Photo": printable(photo["path"]),
            "Label": listed.pair.classes.name(photo["label"]),
            **{
                name: comparison_text.answer(
                    photo[f"p_dog_{letter.lower()}"], classes=listed.pair.classes
                )
                for letter, name in listed.pair.names.items()
            },
        }
        for photo in listed.table.to_dict("records")
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height=_TABLE_PX,
        key=f"{listed.key}_names",
        alt=f"Photos and answers: {printable(listed.title)}",
    )


def _tiles(
    root: Path | None, photos: pd.DataFrame, classes: Classes, note: Callable[[pd.Series], str]
) -> list[Tile]:
    named = list(zip(photos["path"], photos["digest"], strict=True))
    jpegs = thumbnails(root, named, unchanged_only=True) if root else [None] * len(named)
    return [
        Tile(classes.name(row["label"]), jpeg, note(row))
        for (_, row), jpeg in zip(photos.iterrows(), jpegs, strict=True)
    ]


def _quoted(listed: Listed, photo: pd.Series) -> str:
    """Return the answers of the quoted runs: "CNN 3: dog 73.2 %", "both say dog"."""
    letter, classes = listed.quoted[0], listed.pair.classes
    p_dog = float(photo[f"p_dog_{letter.lower()}"])
    if len(listed.quoted) > 1:
        return f"both say {classes.of(p_dog, listed.threshold)}"
    name = shorten(listed.pair.names[letter], _LONGEST_NAME, placeholder="…")
    said = comparison_text.answer(p_dog, threshold=listed.threshold, classes=classes)
    return f"{name}: {said}"


def _owner(pair: Pair) -> Run:
    """Return the run whose dataset the paths of the photos belong to."""
    _, paths = pair.place
    return pair.runs["B" if paths == "path_b" else "A"]


def _open(key: str, path: str) -> None:
    st.session_state[_WALKED] = key
    _OPEN.open(path)


def _dialog_if_open(listed: Listed) -> None:
    table = listed.table
    is_walked = st.session_state.get(_WALKED, listed.key) == listed.key
    if is_walked and (table["path"] == _OPEN.path()).any():
        st.dialog(literal(listed.title), width="large", on_dismiss=_OPEN.close)(_viewer)(
            listed, table
        )


def _viewer(listed: Listed, table: pd.DataFrame) -> None:
    path = _OPEN.path() or table["path"].iloc[0]
    at = int(np.flatnonzero(table["path"] == path)[0])
    photo, pair = table.iloc[at], listed.pair
    picture, notes = _picture(pair, photo, listed.threshold)
    lines = [
        _line(run, photo[f"p_dog_{letter.lower()}"], photo["label"], listed, notes.get(letter, ""))
        for letter, run in pair.runs.items()
    ]
    walk = Walk(at, len(table), lambda step: _open(listed.key, table["path"].iloc[at + step]))
    with photo_viewer.show(picture, lines, key="compare_viewer", walk=walk):
        st.markdown(f"Labelled **{literal(pair.classes.name(photo['label']))}**.")
        _trained_on(pair)
        measured_photo.link_to_dataset(pair.place[0], photo["path"])


def _line(run: Run, p_dog: float, label: int, listed: Listed, note: str) -> Line:
    said = run.classes.of(p_dog, listed.threshold)
    probability = float(run.classes.probability(said, p_dog))
    return Line(run, said, probability, said == run.classes.name(label), note)


def _picture(pair: Pair, photo: pd.Series, threshold: float) -> tuple[Shown, dict[str, str]]:
    """Return the picture with its heat maps, and why a run has none, by letter."""
    root, _ = pair.place
    name = printable(photo["path"].rpartition("/")[2])
    alt = f"{name}, labelled {pair.classes.name(photo['label'])}"
    try:
        content = measured_photo.content(root, photo["path"], photo["digest"])
        original = images.load_upright(content, at_least_px=photo_viewer.SHOWN_PX)
    except UnreadableImage as error:
        return Shown(name, None, alt, message=shortened(str(error))), {}
    heats, notes = [], {}
    for letter, run in pair.runs.items():
        if not run.can_classify:
            notes[letter] = "No heat map: this run came without its model file."
            continue
        with problems.shown():
            heats.append(_heat(run, content, threshold))
    return photo_viewer.shown(name, original, heats, alt=alt), notes


def _heat(run: Run, content: bytes, threshold: float) -> Heat:
    answer = cache.predictor(run)(images.Picture(content))
    return photo_viewer.heat(run, answer.heatmap, label=run.classes.of(answer.p_dog, threshold))


def _trained_on(pair: Pair) -> None:
    doubtful = " and ".join(name for name, run in pair.named(pair.runs).items() if run.caveat)
    but = f", but the weights that {literal(doubtful)} began from may have been" if doubtful else ""
    st.caption(f"Neither run was trained on this photo{but}.")
