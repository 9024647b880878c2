"""Edits of a decoded picture: turned, cropped, blurred, recoloured, noisy or partly covered.

Pillow makes each edit; 0 is the amount that leaves the picture as it is. Several edits are made in
the order of ``EDITS``; the brush covers last. All sizes are shares of the picture's sides, so an
edit means the same for every number of pixels.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

from catsdogs.errors import ConfigError

# Noise is drawn once for this many pixels a side and then enlarged, so that it does not depend on
# the size of the picture. The seed keeps the noise the same while its strength changes.
_GRAIN, _SEED = 224, 0
# Hue is stored as one byte for a full circle.
_HUES = 256


@dataclass(frozen=True)
class Edit:
    """One kind of edit: its range, its step on a slider, and how an amount is written."""

    title: str
    least: float
    most: float
    step: float
    unit: str  # "°", or "%" of what ``meaning`` says
    meaning: str
    apply: Callable[[Image.Image, float], Image.Image]

    @property
    def amounts(self) -> list[float]:
        """All steps from ``least`` to ``most``; 0 is one of them."""
        first, last = round(self.least / self.step), round(self.most / self.step)
        return [round(number * self.step, 6) for number in range(first, last + 1)]

    def written(self, amount: float) -> str:
        """Return an amount with its unit: "−40 %", "15°"."""
        sign = "−" if amount < 0 else "+" if self.least < 0 < amount else ""
        value = abs(amount) if self.unit == "°" else abs(amount) * 100
        space = "" if self.unit == "°" else "\N{NO-BREAK SPACE}"
        return f"{sign}{round(value, 1):g}{space}{self.unit}"


@dataclass(frozen=True)
class Stroke:
    """A brush stroke: the points (x, y) of its middle line, and its radius.

    Points are shares of the width and height, the radius one of the shorter side.
    """

    points: tuple[tuple[float, float], ...]
    radius: float


@dataclass(frozen=True)
class Edits:
    """The edits of one picture: an amount for each kind, and brush strokes."""

    amounts: Mapping[str, float] = field(default_factory=dict)
    strokes: tuple[Stroke, ...] = ()

    def with_amount(self, kind: str, amount: float) -> "Edits":
        """Return a copy in which the edit ``kind`` has another amount; 0 takes it out."""
        others = {name: value for name, value in self.amounts.items() if name != kind}
        return replace(self, amounts={**others, kind: amount} if amount else others)

    def with_stroke(self, stroke: Stroke) -> "Edits":
        """Return a copy with one more brush stroke."""
        return replace(self, strokes=(*self.strokes, stroke))

    def __bool__(self) -> bool:
        """Return whether anything is changed."""
        return bool(self.strokes) or any(self.amounts.values())


NO_EDITS = Edits()


def edited(image: Image.Image, edits: Edits) -> Image.Image:
    """Return ``image`` (RGB) with all edits; the same object if there are none."""
    for kind, edit in EDITS.items():
        if amount := edits.amounts.get(kind, 0):
            image = edit.apply(image, amount)
    return _covered(image, edits.strokes) if edits.strokes else image


def require_amount(kind: str, amount: float) -> None:
    """Check the name and the amount of an edit.

    Raises:
        ConfigError: if there is no such edit, or the amount is out of its range.
    """
    if kind not in EDITS:
        raise ConfigError(f"Expected an edit: one of {', '.join(EDITS)}. Received: {kind}.")
    edit = EDITS[kind]
    if not edit.least <= amount <= edit.most:
        raise ConfigError(
            f"Expected {kind} from {edit.least:g} to {edit.most:g}: {edit.meaning}. "
            f"Received: {amount:g}."
        )


def mean_colour(image: Image.Image) -> tuple[int, int, int]:
    """Return the mean of each channel: the colour that says least about what a picture shows."""
    red, green, blue = (round(value) for value in np.asarray(image).mean(axis=(0, 1)))
    return red, green, blue


def _turned(image: Image.Image, degrees: float) -> Image.Image:
    return image.rotate(-degrees, Image.Resampling.BILINEAR, fillcolor=mean_colour(image))


def _cropped(image: Image.Image, share: float) -> Image.Image:
    width, height = image.size
    across, down = width * share / 2, height * share / 2
    box = across, down, width - across, height - down
    return image.resize(image.size, Image.Resampling.BILINEAR, box=box)


def _blurred(image: Image.Image, share: float) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(share * min(image.size)))


def _brightened(image: Image.Image, amount: float) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(1 + amount)


def _saturated(image: Image.Image, amount: float) -> Image.Image:
    return ImageEnhance.Color(image).enhance(1 + amount)


def _recoloured(image: Image.Image, degrees: float) -> Image.Image:
    hue, saturation, value = image.convert("HSV").split()
    turn = round(degrees / 360 * _HUES) % _HUES
    turned = ImageChops.add_modulo(hue, Image.new("L", image.size, turn))
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")


def _noisy(image: Image.Image, deviation: float) -> Image.Image:
    grain = np.random.default_rng(_SEED).standard_normal((_GRAIN, _GRAIN, 3), dtype=np.float32)
    down, across = (np.arange(side) * _GRAIN // side for side in image.size[::-1])
    pixels = np.asarray(image) + 255 * deviation * grain[down[:, None], across]
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def _covered(image: Image.Image, strokes: tuple[Stroke, ...]) -> Image.Image:
    covered, colour = image.copy(), mean_colour(image)
    draw, (width, height) = ImageDraw.Draw(covered), image.size
    for stroke in strokes:
        radius = stroke.radius * min(image.size)
        points = [(x * width, y * height) for x, y in stroke.points]
        for point in points:
            draw.circle(point, radius, fill=colour)
        draw.line(points, fill=colour, width=max(1, round(2 * radius)))
    return covered


EDITS: dict[str, Edit] = {
    "rotate": Edit("Rotate", -180, 180, 10, "°", "degrees clockwise", _turned),
    "crop": Edit("Crop", 0, 0.8, 0.02, "%", "the share of both sides that is cut off", _cropped),
    "blur": Edit(
        "Blur", 0, 0.1, 0.0025, "%", "the radius as a share of the shorter side", _blurred
    ),
    "brightness": Edit(
        "Brightness", -0.95, 0.95, 0.05, "%", "all channels times 1 + the amount", _brightened
    ),
    "saturation": Edit(
        "Saturation", -1, 1, 0.05, "%", "the distance from grey times 1 + the amount", _saturated
    ),
    "hue": Edit("Hue", -180, 180, 10, "°", "degrees around the circle of colours", _recoloured),
    "noise": Edit("Noise", 0, 0.4, 0.01, "%", "the standard deviation as a share of white", _noisy),
}
