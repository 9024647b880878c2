"""One picture in two panes: the picture with its heat maps, and the answer with its reasons."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from catsdogs.errors import UnreadableImage
from catsdogs.images.picture import Picture
from catsdogs.inference.answers import Seen
from catsdogs.text import literal, printable
from catsdogs.ui.classify import details, evidence, feedback, insight, tray, verdict, what_if
from catsdogs.ui.classify.answers import Answered
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.shared import photo_viewer, problems
from catsdogs.ui.shared.photo_viewer import Heat, Shown, Walk

# The input, the picture and the control of its heat map fit above the fold of 800 pixels.
_HEIGHT_PX = 420
Panes = tuple[DeltaGenerator, DeltaGenerator]  # left, right
_LAST = "classify_last_shown"
_UNREADABLE = ":material/broken_image:"


@dataclass(frozen=True)
class _Last:
    """The picture that was drawn last, as the viewer shows it with this answer."""

    seen: Seen
    answer: tuple[list[str], list[str | None]]
    shown: Shown


def split() -> Panes:
    """Return the left pane, for input and picture, and the right pane, for the answer."""
    left, right = st.columns([3, 2], gap="medium")
    return left, right


def show(
    answered: Answered,
    chosen: Chosen,
    where: Panes,
    *,
    walk: Walk | None,
) -> None:
    """Draw one picture and its answer."""
    left, right = where
    picture, seen = answered.picture, answered.seen
    with right:
        if walk is not None and walk.count > 1:
            photo_viewer.steps(walk, key="classify_walk")
        try:
            if seen.error:
                raise seen.error
            content = picture.read()
            shown = _shown(seen, content, chosen)
        except UnreadableImage as error:
            st.markdown(f"**{literal(seen.name)}**")
            problems.show(error, icon=_UNREADABLE)
            _remove(answered)
            return
    with left:
        photo_viewer.show_picture(shown, key="classify_picture", height_px=_HEIGHT_PX)
    with right:
        verdict.show(seen, chosen)
        with st.container(horizontal=True, gap="small"):
            feedback.show(picture, content, chosen.classes)
            _remove(answered)
        feedback.show_outcome(content, chosen.classes)
        evidence.show(seen, chosen)
        details.show(seen, chosen)


def forget() -> None:
    """Forget the picture that was drawn last."""
    st.session_state.pop(_LAST, None)
    what_if.forget()
    insight.forget()


def walk_over(answered: Sequence[Answered], here: int, order: Sequence[int]) -> Walk | None:
    """Return the way through the pictures at the positions in ``order``, from position ``here``."""
    if here not in order:
        return None
    at = list(order).index(here)
    return Walk(at, len(order), _step(answered, order, at))


def _step(answered: Sequence[Answered], order: Sequence[int], at: int) -> Callable[[int], None]:
    return lambda step: tray.show(answered[order[at + step]].picture.key)


def _shown(seen: Seen, content: bytes, chosen: Chosen) -> Shown:
    """Return the picture as the viewer shows it; it is encoded once for the same answer.

    Raises:
        UnreadableImage: when the picture cannot be read.
    """
    answer = (seen.labels(chosen.decision), _evident(seen, chosen))
    last: _Last | None = st.session_state.get(_LAST)
    if last is None or last.seen is not seen or last.answer != answer:
        last = _Last(seen, answer, _encoded(seen, _photo(content), chosen))
        st.session_state[_LAST] = last
    return last.shown


def _photo(content: bytes) -> Image.Image:
    picture = Picture(content)
    with picture.held(at_least_px=photo_viewer.SHOWN_PX):
        photo = picture.upright(at_least_px=photo_viewer.SHOWN_PX)
    return photo


def _encoded(seen: Seen, photo: Image.Image, chosen: Chosen) -> Shown:
    name = printable(seen.name.rpartition("/")[2])
    labels = seen.labels(chosen.decision)
    is_right = None if seen.truth is None else labels[0] == seen.truth
    return photo_viewer.shown(
        name,
        photo,
        _heats(seen, chosen),
        alt=f"{name}, answered {labels[0]}"
        + (", may show both" if None in _evident(seen, chosen) else ""),
        is_right=is_right,
    )


def _heats(seen: Seen, chosen: Chosen) -> list[Heat]:
    runs = {run.run_id: run for run in chosen.runs}
    return [
        photo_viewer.heat(runs[answer.run_id], answer.heatmap, label=label)
        for answer, label in zip(seen.answers, _evident(seen, chosen), strict=True)
    ]


def _evident(seen: Seen, chosen: Chosen) -> list[str | None]:
    """Return the class that each heat map gives evidence for; None for both."""
    decision = chosen.decision
    return [
        None
        if answer.may_show_both(decision)
        else answer.classes.of(answer.calibrated_p_dog, decision.threshold)
        for answer in seen.answers
    ]


def _remove(answered: Answered) -> None:
    size = tray.size_of_file(answered.picture.key)
    st.button(
        "Remove" if size == 1 else f"Remove its ZIP ({size:,})",
        icon=":material/close:",
        type="tertiary",
        key="classify_remove",
        on_click=tray.remove,
        args=(answered.picture.key,),
    )
