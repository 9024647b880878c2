"""The validation photos that a run gets wrong, and one of them in the viewer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from catsdogs.comparison.locating import Located, locate
from catsdogs.errors import UnreadableImage
from catsdogs.evaluation.metrics import THRESHOLD
from catsdogs.images import picture
from catsdogs.images.thumbnails import thumbnails
from catsdogs.labels import CLASS_NAMES, class_name
from catsdogs.paths import shortened
from catsdogs.runs import model_files
from catsdogs.runs.run import Run
from catsdogs.text import answer, printable
from catsdogs.ui.runs import origin
from catsdogs.ui.shared import cache, measured_photo, pager, photo_viewer, problems
from catsdogs.ui.shared.pager import Pages
from catsdogs.ui.shared.photo_grid import Tile, photo_grid
from catsdogs.ui.shared.photo_viewer import Line, Shown, Walk

_PER_PAGE = 24
_OF, _PAGE, _OPEN = "train_mistakes_of", "train_mistakes_page", "train_mistakes_open"


@dataclass(frozen=True)
class _Mistake:
    """A validation photo that the run gets wrong.

    ``path`` and ``digest`` are those of the file in ``root``, None where that is not known.
    """

    path: str
    digest: str
    label: str
    p_dog: float
    root: Path | None

    @property
    def said(self) -> str:
        return class_name(self.p_dog)

    @property
    def probability(self) -> float:
        return max(self.p_dog, 1 - self.p_dog)

    @property
    def name(self) -> str:
        return printable(self.path.rpartition("/")[2])


def count(run: Run) -> int:
    """Return how many validation photos the run gets wrong, from its result."""
    return round((1 - run.result.val_accuracy) * run.result.val_images)


def is_open(run: Run) -> bool:
    """Return whether the mistakes of ``run`` are shown."""
    return bool(st.session_state.get(_OF) == run.run_id)


def toggle(run: Run) -> None:
    """Show the mistakes of ``run``, or hide them again."""
    st.session_state[_OF] = None if is_open(run) else run.run_id
    pager.first(_PAGE)
    _close()


def show(run: Run) -> None:
    """Show the photos that ``run`` gets wrong, the surest mistakes first."""
    if not is_open(run):
        return
    st.subheader("Its mistakes", anchor=False)
    with problems.shown():
        mistakes = _mistakes(locate(run, model_files.read_predictions(run)))
        if not mistakes:
            st.caption("None: it gets every validation photo right.")
            return
        st.caption("Validation photos with a wrong answer, the most confident first.")
        pages = Pages(len(mistakes), _PER_PAGE)
        _grid(run, mistakes, pager.choose(pages, key=_PAGE))
        pager.repeat(pages, key=_PAGE)
        if st.session_state.get(_OPEN) is not None:
            st.dialog("A mistake", width="large", on_dismiss=_close)(_details)(run, mistakes)


def _mistakes(located: Located) -> list[_Mistake]:
    predictions, files = located.predictions, located.files
    labels, p_dog = predictions["label"], predictions["p_dog"]
    wrong = predictions[(p_dog >= THRESHOLD) != (labels == 1)]
    wrong = wrong.assign(sureness=(wrong["p_dog"] - THRESHOLD).abs())
    rows = wrong.sort_values("sureness", ascending=False, kind="stable")
    return [
        _Mistake(
            row["path"],
            files.get(row["digest"], row["digest"]),
            CLASS_NAMES[row["label"]],
            row["p_dog"],
            located.root,
        )
        for row in rows.to_dict("records")
    ]


def _grid(run: Run, mistakes: Sequence[_Mistake], shown: slice) -> None:
    root = mistakes[0].root
    named = [(one.path, one.digest) for one in mistakes[shown]]
    jpegs = thumbnails(root, named, unchanged_only=True) if root else [None] * len(named)
    if not any(jpegs):
        st.info(origin.photos_elsewhere(run), icon=":material/hide_image:")
    tiles = [
        Tile(one.name, jpeg, f"{one.label}, but it says {answer(one.said, one.probability)}")
        for one, jpeg in zip(mistakes[shown], jpegs, strict=True)
    ]
    photo_grid(tiles, key="train_mistakes", on_open=lambda at: _open(at + shown.start))


def _open(position: int) -> None:
    st.session_state[_OPEN] = position


def _close() -> None:
    st.session_state[_OPEN] = None


def _details(run: Run, mistakes: Sequence[_Mistake]) -> None:
    at = min(st.session_state.get(_OPEN) or 0, len(mistakes) - 1)
    one = mistakes[at]
    line = Line(run, one.said, one.probability, is_right=False)
    walk = Walk(at, len(mistakes), on_step=lambda step: _open(at + step))
    body = photo_viewer.show(_shown(run, one), [line], key="train_mistake", walk=walk)
    with body:
        st.markdown(f"Its label is **{one.label}**.")
        measured_photo.link_to_dataset(one.root, one.path)
        st.caption("The run did not learn from this photo: it belongs to the validation photos.")


def _shown(run: Run, one: _Mistake) -> Shown:
    """Return the photo with its heat map, or the reason why it cannot be shown."""
    alt = f"A {one.label} that the run calls a {one.said}"
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
    return photo_viewer.shown(one.name, photo, heats, alt=alt, is_right=False)
