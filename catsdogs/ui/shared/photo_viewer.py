"""The photo viewer, the same on all pages: a large picture with heat maps, and its answers.

body = photo_viewer.show(picture, lines, key="…", walk=walk)
with body:
    ...  # the page's own evidence and decisions, beside the picture
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.components.v2 import component
from streamlit.delta_generator import DeltaGenerator

from catsdogs import text
from catsdogs.charts.style import run_colour
from catsdogs.inference import heatmap
from catsdogs.runs.run import Run
from catsdogs.text import literal, printable
from catsdogs.ui.shared import run_chips
from catsdogs.ui.shared.streamlit_internals import file_address

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

SHOWN_PX = 480
_QUALITY = 85


@dataclass(frozen=True)
class Heat:
    """A heat map: the name and colour of its run, and a transparent PNG to overlay on the picture.

    ``places`` are (x, y), as shares of the picture, where it names a class.
    """

    name: str
    colour: str
    png: bytes
    places: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """A picture to show: a JPEG of at most ``SHOWN_PX`` a side, and a text that describes it.

    Without a ``jpeg``, ``message`` says why. ``is_right`` marks its answer as right or wrong.
    ``ratio`` is its width divided by its height.
    """

    name: str
    jpeg: bytes | None
    alt: str
    heats: tuple[Heat, ...] = ()
    is_right: bool | None = None
    message: str = ""
    ratio: float = 1.0


@dataclass(frozen=True)
class Line:
    """One run's answer: "cat" with its probability; ``is_right`` is None without a known truth."""

    run: Run
    label: str
    probability: float
    is_right: bool | None = None
    note: str = ""


@dataclass(frozen=True)
class Walk:
    """The place of the photo among others: ``on_step`` is called with -1 or 1."""

    at: int
    count: int
    on_step: Callable[[int], None]


def shown(
    name: str,
    photo: Image.Image,
    heats: Sequence[Heat] = (),
    *,
    alt: str = "",
    is_right: bool | None = None,
) -> Shown:
    """Return ``photo`` (RGB, upright) as the viewer shows it."""
    photo = photo.copy()
    photo.thumbnail((SHOWN_PX, SHOWN_PX), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=_QUALITY)
    return Shown(
        name,
        buffer.getvalue(),
        alt or printable(name),
        tuple(heats),
        is_right,
        ratio=photo.width / photo.height,
    )


def heat(run: Run, evidence: np.ndarray, *, label: str | None) -> Heat:
    """Return the heat map of ``run`` for ``label``; ``evidence`` (h, w) is positive for "dog".

    Without a label, it shows the evidence for both classes, and where each is strongest.
    """
    buffer = io.BytesIO()
    heatmap.layer(evidence, label=label, classes=run.classes).save(buffer, "PNG")
    places = {} if label else heatmap.places(evidence, run.classes)
    return Heat(run_chips.name(run), run_colour(run), buffer.getvalue(), places)


def show(
    picture: Shown,
    lines: Sequence[Line] = (),
    *,
    key: str,
    walk: Walk | None = None,
    height_px: int = SHOWN_PX,
    heat_on: bool = True,
) -> DeltaGenerator:
    """Draw the viewer; return the container beside the picture, for what the page adds.

    With ``heat_on``, a heat map lies over the picture until the user takes it off.
    """
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_picture(picture, key=f"{key}_picture", height_px=height_px, heat_on=heat_on)
    with right:
        if walk is not None:
            steps(walk, key=key)
        st.markdown(f"**{literal(picture.name)}**")
        answers(lines)
    return right


def show_picture(
    picture: Shown, *, key: str, height_px: int = SHOWN_PX, heat_on: bool = True
) -> None:
    """Draw the picture, at most ``height_px`` high, and the control of its heat maps."""
    data = {
        "alt": picture.alt,
        "src": file_address(picture.jpeg, key=key) if picture.jpeg else "",
        "message": picture.message,
        "height": height_px,
        "heat_on": heat_on,
        "scale": [f"rgb({red}, {green}, {blue})" for red, green, blue in heatmap.COLOURS],
        "ratio": picture.ratio,
        "mark": "" if picture.is_right is None else "right" if picture.is_right else "wrong",
        "heats": [
            {
                "name": heat.name,
                "colour": heat.colour,
                "places": heat.places,
                "src": file_address(heat.png, key=f"{key}_heat_{number}", kind="image/png"),
            }
            for number, heat in enumerate(picture.heats)
        ],
    }
    _element()(key=key, data=data)


def answers(lines: Sequence[Line]) -> None:
    """Draw each run's answer on a line: its chip, and "cat 99.9 % ✓"."""
    for line in lines:
        said = text.answer(literal(line.label), line.probability, is_right=line.is_right)
        colour = "" if line.is_right is None else "green" if line.is_right else "red"
        marked = f":{colour}[**{said}**]" if colour else f"**{said}**"
        st.markdown(f"{run_chips.chip(line.run)}\u2003{marked}")
        if line.note:
            st.caption(literal(line.note))


def steps(walk: Walk, *, key: str) -> None:
    """Draw the buttons to the previous and the next photo; the arrow keys press them."""
    with st.container(horizontal=True, vertical_alignment="center"):
        for title, step, icon, shortcut in (
            ("Previous", -1, ":material/chevron_left:", "left"),
            ("Next", 1, ":material/chevron_right:", "right"),
        ):
            st.button(
                title,
                icon=icon,
                key=f"{key}_{title.lower()}",
                shortcut=shortcut,
                disabled=not 0 <= walk.at + step < walk.count,
                on_click=_step,
                args=(walk, step),
            )
        st.caption(f"{walk.at + 1:,} of {walk.count:,}", width="content")


def _step(walk: Walk, step: int) -> None:
    # A key that is held down also presses the button at the end of the row.
    if 0 <= walk.at + step < walk.count:
        walk.on_step(step)


@cache
def _element() -> "ComponentRenderer":
    javascript, css = (
        Path(__file__).with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".js", ".css")
    )
    return component("catsdogs_photo_viewer", js=javascript, css=css)
