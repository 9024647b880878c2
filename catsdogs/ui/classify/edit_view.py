"""An edited picture with a slider or a brush, and P(dog) of each run over the slider's range.

All steps of the slider are one tall JPEG, a frame above the other: the browser moves it, and needs
no server while the slider moves.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from streamlit.components.v2 import component

from catsdogs.charts.style import run_colour
from catsdogs.images.edits import EDITS, Edits, Stroke
from catsdogs.images.parallel import map_ordered
from catsdogs.inference.what_if import Curve, Editable
from catsdogs.runs.run import Run
from catsdogs.text import percent, printable
from catsdogs.ui.classify.runs import Chosen
from catsdogs.ui.shared.reported import reported
from catsdogs.ui.shared.streamlit_internals import file_address

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_FRAME_PX, _QUALITY = 320, 80


@dataclass(frozen=True)
class Flip:
    """Where an answer changes: a share of the slider's range, the amount in words, the class."""

    place: float
    text: str
    to: str


@dataclass(frozen=True)
class Answers:
    """The answers of one run, one for each amount: P(dog), the class, and both in words."""

    name: str
    colour: str
    p: Sequence[float]
    classes: Sequence[str]
    said: Sequence[str]
    flip: Flip | None


@dataclass(frozen=True)
class View:
    """An edit over its range as the browser gets it: the frames, and each run's answers about them.

    ``frames`` is a JPEG of all frames, one per amount; the brush has one frame.
    """

    frames: bytes
    ratio: float
    amounts: tuple[float, ...]
    runs: tuple[Answers, ...]


def computed(
    kind: str,
    edits: Edits,
    chosen: Chosen,
    pictures: Sequence[Editable],
    curves: Sequence[Curve],
) -> View:
    """Return the view of an edit. Pictures and curves are those of the chosen runs, in order."""
    amounts = curves[0].amounts
    largest = max(pictures, key=lambda one: one.side)
    made = [edits.with_amount(kind, amount) if kind in EDITS else edits for amount in amounts]
    images = list(map_ordered(made, lambda one: _small(largest.image(one))))
    runs = (
        _of_run(run, title, found, chosen, kind)
        for run, title, found in zip(chosen.runs, chosen.titles.values(), curves, strict=True)
    )
    return View(_stacked(images), images[0].width / images[0].height, amounts, tuple(runs))


def show(
    view: View,
    kind: str,
    *,
    amount: float,
    turn: int,
    threshold: float,
    positive: str,
    key: str,
    on_settled: Callable[[float], None],
    on_stroke: Callable[[Stroke], None],
) -> None:
    """Draw the view with ``amount`` as the current one.

    ``on_settled`` gets the amount at which the user let go of the slider, ``on_stroke`` a stroke of
    the brush. The slider follows ``amount`` only if ``turn`` is another number than before: the
    user may have moved on meanwhile.
    """

    def settled() -> None:
        at = reported(key, "settled")
        if at is not None:
            on_settled(view.amounts[int(at)])

    def stroked() -> None:
        drawn = reported(key, "stroke")
        if drawn:
            on_stroke(Stroke(tuple((x, y) for x, y in drawn["points"]), drawn["radius"]))

    edit = EDITS.get(kind)
    nearest = min(range(len(view.amounts)), key=lambda at: abs(view.amounts[at] - amount))
    data = {
        "title": edit.title if edit else "Brush size",
        "hint": "" if edit else "Paint over a part of the picture to cover it.",
        "amounts": [edit.written(one) for one in view.amounts] if edit else [],
        "origin": view.amounts.index(0),
        "at": nearest,
        "turn": turn,
        "frames": file_address(view.frames, key=f"{key}_frames"),
        "ratio": view.ratio,
        "runs": [asdict(one) for one in view.runs],
        "threshold": threshold,
        "axis": f"P({printable(positive)})",
    }
    _element()(key=key, data=data, on_settled_change=settled, on_stroke_change=stroked)


def _of_run(run: Run, title: str, found: Curve, chosen: Chosen, kind: str) -> Answers:
    labels = [chosen.classes.of(p_dog, chosen.decision.threshold) for p_dog in found.p_dog]
    said = [
        f"{printable(label)} {percent(chosen.classes.probability(label, p_dog))}"
        for label, p_dog in zip(labels, found.p_dog, strict=True)
    ]
    return Answers(title, run_colour(run), found.p_dog, labels, said, _flip(found, kind))


def _flip(found: Curve, kind: str) -> Flip | None:
    if found.flips_at is None or found.flips_to is None:
        return None
    place = (found.flips_at - found.amounts[0]) / (found.amounts[-1] - found.amounts[0])
    return Flip(place, EDITS[kind].written(found.flips_at), printable(found.flips_to))


def _small(image: Image.Image) -> Image.Image:
    image = image.copy()
    image.thumbnail((_FRAME_PX, _FRAME_PX), Image.Resampling.BILINEAR)
    return image


def _stacked(images: Sequence[Image.Image]) -> bytes:
    width, height = images[0].size
    tall = Image.new("RGB", (width, height * len(images)))
    for number, image in enumerate(images):
        tall.paste(image, (0, number * height))
    buffer = io.BytesIO()
    tall.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


@cache
def _element() -> "ComponentRenderer":
    javascript, css = (
        Path(__file__).with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".js", ".css")
    )
    return component("catsdogs_edit_view", js=javascript, css=css)
