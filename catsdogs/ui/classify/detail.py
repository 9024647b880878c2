"""One picture in detail: the answers of the runs, their heat maps and their evidence."""

import math
from collections.abc import Sequence

import streamlit as st
from PIL import Image

from catsdogs.errors import UnreadableImage
from catsdogs.evaluation.metrics import THRESHOLD
from catsdogs.images.picture import Picture
from catsdogs.inference.answers import Seen
from catsdogs.inference.heatmap import overlay
from catsdogs.inference.panel import Answer
from catsdogs.inference.rejection import Likeness
from catsdogs.labels import CLASS_NAMES, DOG, NEITHER, class_name
from catsdogs.runs.run import Run
from catsdogs.text import literal
from catsdogs.ui.classify import evidence, feedback
from catsdogs.ui.classify.answers import Answered
from catsdogs.ui.classify.inputs import Given
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.shared import problems

_SHOWN_PX = 480
_COLUMNS = 4
_OPEN, _CLOSED = "classify_open", "classify_closed"
_OPACITY, _FULL_OPACITY = 0.65, 1.0
_ALMOST = 0.999
_UNREADABLE = ":material/broken_image:"


def one(answered: Answered, chosen: Chosen) -> None:
    """Show the only picture."""
    # An unreadable picture has no heat map.
    opacity = _FULL_OPACITY if answered.seen.error else _opacity("classify_opacity")
    _card(answered, chosen, opacity)


def several(cards: Sequence[Answered], chosen: Chosen) -> None:
    """Show some pictures one below the other."""
    opacity = _opacity("classify_opacity")
    for answered in cards:
        with st.container(border=True):
            _card(answered, chosen, opacity)


def open_(picture: Given) -> None:
    """Open a picture in a dialog when this page is drawn next."""
    st.session_state[_OPEN] = picture.key


def times_closed() -> int:
    """Return how often the dialog was closed in this session."""
    return int(st.session_state.get(_CLOSED, 0))


def dialog_if_open(answered: Sequence[Answered], chosen: Chosen, *, walk: Sequence[int]) -> None:
    """Show the dialog when a picture is open; its arrows move through the positions in ``walk``."""
    position = {one.picture.key: i for i, one in enumerate(answered)}
    opened = position.get(st.session_state.get(_OPEN, ("", 0)))
    if opened is None:
        st.session_state.pop(_OPEN, None)
        return

    def content() -> None:
        here = position[st.session_state.get(_OPEN, answered[opened].picture.key)]
        _arrows(answered, here, walk)
        _card(answered[here], chosen, _opacity("classify_dialog_opacity"))

    st.dialog("A picture in detail", width="large", on_dismiss=_close)(content)()


def sureness(answer: Answer, label: str) -> float:
    """Return the calibrated probability of "cat" or "dog"."""
    is_dog = label == CLASS_NAMES[DOG]
    return answer.calibrated_p_dog if is_dog else 1 - answer.calibrated_p_dog


def _close() -> None:
    st.session_state.pop(_OPEN, None)
    st.session_state[_CLOSED] = times_closed() + 1


def _arrows(answered: Sequence[Answered], here: int, walk: Sequence[int]) -> None:
    if here not in walk:
        return
    at = list(walk).index(here)
    row = st.container(horizontal=True, vertical_alignment="center")
    for title, step, key in (("Previous", -1, "left"), ("Next", 1, "right")):
        is_there = 0 <= at + step < len(walk)
        row.button(
            title,
            key=f"classify_{key}",
            shortcut=key,
            disabled=not is_there,
            on_click=open_,
            args=(answered[walk[at + step]].picture,) if is_there else None,
        )
    row.caption(f"{at + 1:,} of {len(walk):,}", width="content")


def _opacity(key: str) -> float:
    return st.slider(
        "Heat map",
        min_value=0.0,
        max_value=_FULL_OPACITY,
        value=_OPACITY,
        step=0.05,
        key=key,
        width=320,
        help="Tints the regions that made a run say what it says.",
    )


def _card(answered: Answered, chosen: Chosen, opacity: float) -> None:
    picture, seen = answered.picture, answered.seen
    st.markdown(f"**{literal(seen.name)}**")
    if seen.error:
        problems.show(seen.error, icon=_UNREADABLE)
        return
    try:
        content = picture.read()
        photo = _photo(content)
    except UnreadableImage as error:
        problems.show(error, icon=_UNREADABLE)
        return
    _verdict(seen, chosen)
    _answers(seen, photo, chosen, opacity)
    evidence.show(seen, chosen)
    feedback.show(picture, content)


def _answers(seen: Seen, photo: Image.Image, chosen: Chosen, opacity: float) -> None:
    """Show the picture, and beside it the answer of each run."""
    runs = {run.run_id: run for run in chosen.runs}
    cells = [None, *seen.answers]
    for start in range(0, len(cells), _COLUMNS):
        row = cells[start : start + _COLUMNS]
        # All rows have the same number of columns, so that all photos have the same size.
        for column, answer in zip(st.columns(min(len(cells), _COLUMNS)), row, strict=False):
            with column:
                if answer is None:
                    _original(photo, seen)
                else:
                    _answer(runs[answer.run_id], answer, photo, chosen, opacity)


def _photo(content: bytes) -> Image.Image:
    picture = Picture(content)
    with picture.held(at_least_px=_SHOWN_PX):
        photo = picture.upright(at_least_px=_SHOWN_PX)
        photo.thumbnail((_SHOWN_PX, _SHOWN_PX), Image.Resampling.BILINEAR)
    return photo


def _verdict(seen: Seen, chosen: Chosen) -> None:
    """Show whether the runs agree with each other, and with the label in the picture's name."""
    labels = seen.labels(chosen.decision)
    if len(labels) > 1 and seen.disagree(chosen.decision):
        named = zip(chosen.titles.values(), labels, strict=True)
        each = ", ".join(f"{literal(title)}: **{label}**" for title, label in named)
        st.warning(f"The runs disagree. {each}", icon=":material/compare_arrows:")
    elif len(labels) > 1 and labels[0] == NEITHER:
        st.info("It looks like nothing in training: **neither**.", icon=":material/help:")
    elif len(labels) > 1:
        all_ = "Both" if len(labels) == 2 else f"All {len(labels)}"
        st.success(f"{all_} runs say **{labels[0]}**.", icon=":material/check:")
    if seen.truth and set(labels) != {seen.truth}:
        st.warning(f"By its name it is a **{seen.truth}**.", icon=":material/label:")


def _original(photo: Image.Image, seen: Seen) -> None:
    st.image(photo, width="stretch")
    changes = f": {', '.join(seen.changes)}" if seen.changes else " as it is"
    st.caption(f"The picture, read{changes}.")


def _answer(run: Run, answer: Answer, photo: Image.Image, chosen: Chosen, opacity: float) -> None:
    label = answer.label(chosen.decision)
    if_pet = class_name(answer.calibrated_p_dog, chosen.decision.threshold)
    st.markdown(f"### {label.capitalize()}")
    if label == NEITHER:
        st.caption(f"It looks unlike the training photos. If it is a pet after all, a {if_pet}:")
    sure = sureness(answer, if_pet)
    st.progress(sure, text=_how_sure(sure, chosen))
    st.image(overlay(photo, answer.heatmap, label=if_pet, opacity=opacity), width="stretch")
    st.markdown(
        f"P(dog) {answer.calibrated_p_dog:.4f}",
        help="Calibrated on the run's validation photos. Raw, as the model puts it out: "
        f"{answer.p_dog:.6f}.",
    )
    if answer.likeness:
        _how_alike(answer.likeness, chosen)
    data = literal(run.about.dataset.name)
    st.caption(f"{literal(run.title)}, trained on {data} · {answer.latency_ms:.1f}\u00a0ms")


def _how_sure(sure: float, chosen: Chosen) -> str:
    if sure < THRESHOLD:
        return f"{sure:.1%} sure: called so by the threshold of {chosen.decision.threshold:g}"
    return f"{sure:.1%} sure" if sure < _ALMOST else f"more than {_ALMOST:.1%} sure"


def _how_alike(likeness: Likeness, chosen: Chosen) -> None:
    refused = chosen.decision.false_refusal
    likeness_text = f"Likeness to training photos {likeness.similarity:.3f}"
    if refused is None:
        st.caption(likeness_text)
        return
    floor = likeness.floors[refused]
    if math.isinf(floor):
        st.caption(
            f"{likeness_text}. The run had too few validation photos to tell how many pets a floor "
            "would refuse, so nothing is called neither."
        )
        return
    side = "below" if likeness.is_neither(refused) else "not below"
    st.caption(
        f"{likeness_text}, {side} the floor of {floor:.3f}",
        help=f"Mean cosine similarity to the training photos most like it. "
        f"{refused:.1%} of the validation photos, all of cats or dogs, are below the floor.",
    )
