"""P(dog) of an edited picture, over the range of an edit, and where the answer changes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from catsdogs.images.edits import EDITS, NO_EDITS, Edits, edited
from catsdogs.images.parallel import map_ordered
from catsdogs.images.picture import Picture, squeezed
from catsdogs.inference.predictor import Predictor
from catsdogs.labels import Classes

# More pixels than the model sees make edits slower, and hardly change their result.
_SIDES_KEPT = 2
# Each halves the part of a slider's step in which the answer changes.
_HALVINGS = 5


@dataclass(frozen=True)
class Curve:
    """Calibrated P(dog) of one run for each amount of one edit, other edits staying as they are.

    ``flips_at`` is the amount nearest to 0 whose class differs from that at 0, found to a 32nd of
    the distance between two amounts; None if no amount changes it. ``flips_to`` is its class.
    """

    amounts: tuple[float, ...]
    p_dog: tuple[float, ...]
    flips_at: float | None
    flips_to: str | None


class Editable:
    """A picture that one run classifies again after each edit.

    Edits start from the decoded picture, reduced by a whole number if it has many more pixels than
    the model's input. Without edits, the answer is exactly that of ``Predictor``.
    """

    def __init__(self, picture: Picture, predictor: Predictor) -> None:
        """Decode the picture.

        Raises:
            UnreadableImage: with the reason.
        """
        self._predictor = predictor
        self._original = picture.square(predictor.side)
        self._image = _reduced(picture.upright(at_least_px=predictor.side), predictor.side)

    @property
    def side(self) -> int:
        """The width and height of the model's input, in pixels."""
        return self._predictor.side

    def image(self, edits: Edits) -> Image.Image:
        """Return the edited picture before it is squeezed to the model's input."""
        return edited(self._image, edits)

    def pixels(self, edits: Edits) -> np.ndarray:
        """Return the model's input: uint8 of shape (side, side, 3)."""
        if not edits:
            return self._original
        return squeezed(self.image(edits), self.side)

    @property
    def classes(self) -> Classes:
        """The classes that the run tells apart."""
        return self._predictor.classes

    def p_dog(self, edits: Edits) -> float:
        """Return the calibrated P(dog) of the edited picture."""
        return self._predictor.calibrated(self._predictor.of_pixels(self.pixels(edits)).p_dog)


def curve(
    picture: Editable,
    kind: str,
    edits: Edits = NO_EDITS,
    *,
    threshold: float,
    amounts: Sequence[float] | None = None,
) -> Curve:
    """Return P(dog) over ``amounts`` of an edit, and over 0; by default over a slider's steps.

    The other edits in ``edits`` are made, too. Runs on several threads.
    """

    def p_dog(amount: float) -> float:
        return picture.p_dog(edits.with_amount(kind, amount))

    steps = sorted({*(EDITS[kind].amounts if amounts is None else amounts), 0.0})
    found = dict(zip(steps, map_ordered(steps, p_dog), strict=True))
    points = tuple(found), tuple(found.values())
    named = picture.classes
    classes = {amount: named.of(one, threshold) for amount, one in found.items()}
    if (between := _first_flip(classes)) is None:
        return Curve(*points, None, None)
    same, other = between
    flip = _narrowed(same, other, lambda one: named.of(p_dog(one), threshold) != classes[0])
    return Curve(*points, flip, classes[other])


def _first_flip(classes: dict[float, str]) -> tuple[float, float] | None:
    """Return the amount nearest to 0 that changes the class, after its neighbour towards 0."""
    steps = list(classes)
    at_zero = steps.index(0)
    flips = [
        (steps[at + (1 if at < at_zero else -1)], amount)
        for at, amount in enumerate(steps)
        if classes[amount] != classes[0]
    ]
    return min(flips, key=lambda pair: abs(pair[1]), default=None)


def _narrowed(same: float, other: float, is_flipped: Callable[[float], bool]) -> float:
    """Return an amount that changes the class, near one that does not, by bisection."""
    for _ in range(_HALVINGS):
        middle = (same + other) / 2
        if is_flipped(middle):
            other = middle
        else:
            same = middle
    return other


def _reduced(image: Image.Image, side: int) -> Image.Image:
    factor = min(image.size) // (_SIDES_KEPT * side)
    return image.reduce(factor) if factor > 1 else image
