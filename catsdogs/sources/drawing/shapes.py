"""Points, colours and a pen: the parts of the drawn pictures.

The unit of shapes is the radius of the head, with x to the right, y down, and the middle of the
head at (0, 0). A ``Pose`` maps them to pixels.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Points = NDArray[np.float64]  # (N, 2)
Corners = tuple[tuple[float, float], ...]
Size = tuple[int, int]
Random = np.random.Generator

DARK, WHITE = (30, 24, 26), (247, 244, 240)


@dataclass(frozen=True)
class Pose:
    """The head's centre and radius in pixels, its roll in radians, its yaw and pitch in radii."""

    centre: tuple[float, float]
    radius: float
    roll: float
    yaw: float
    pitch: float

    def place(self, points: Points, depth: float) -> list[float]:
        """Return pixels x0, y0, x1, … of points that are ``depth`` radii nearer to the viewer."""
        cos, sin = math.cos(self.roll), math.sin(self.roll)
        turned = (points + np.multiply((self.yaw, self.pitch), depth)) @ ((cos, sin), (-sin, cos))
        pixels: list[float] = (turned * self.radius + self.centre).ravel().tolist()
        return pixels


@dataclass(frozen=True)
class Pen:
    """Draws shapes onto one image in the coordinates of one pose."""

    image: Image.Image
    pose: Pose

    def fill(self, points: Points, colour: Colour | int, depth: float = 0.0) -> None:
        """Fill a closed shape."""
        ImageDraw.Draw(self.image).polygon(self.pose.place(points, depth), colour)

    def line(self, points: ArrayLike, colour: Colour, width: float, depth: float = 0.0) -> None:
        """Draw a line ``width`` radii wide."""
        path = self.pose.place(np.asarray(points, float), depth)
        width_px = max(1, round(width * self.pose.radius))
        ImageDraw.Draw(self.image).line(path, colour, width_px, joint="curve")


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """Return the colour that is ``share`` of the way from ``a`` to ``b``."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def any_colour(rng: Random, brightness: float, spread: float = 20) -> Colour:
    """Return a random colour near a brightness of 0 to 255; ``spread`` makes it more colourful."""
    grey = rng.normal(brightness, 25)
    red, green, blue = rng.normal(grey, spread, 3).clip(10, 245).astype(int).tolist()
    return red, green, blue


def oval(x: float, y: float, rx: float, ry: float, tilt: float = 0.0) -> Points:
    """Return an ellipse of 28 points, turned by ``tilt`` radians."""
    angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    along, across = rx * np.cos(angle), ry * np.sin(angle)
    cos, sin = math.cos(tilt), math.sin(tilt)
    return np.stack([x + along * cos - across * sin, y + along * sin + across * cos], 1)


def lens(x0: float, y0: float, x1: float, y1: float, width: float) -> Points:
    """Return a stripe from one point to another that is pointed at both ends."""
    start, end, across = np.array(((x0, y0), (x1, y1), (y0 - y1, x1 - x0)))
    bulge = across / np.hypot(*across) * width
    return smooth(np.array([start, (start + end) / 2 + bulge, end, (start + end) / 2 - bulge]))


def mirrored(right: Corners) -> Points:
    """Return a smooth closed outline. Its right half starts and ends on the middle line."""
    half = np.array(right)
    return smooth(np.concatenate([half, half[-2:0:-1] * (-1, 1)]))


def sides(right: Points) -> tuple[Points, Points]:
    """Return the mirror image of a shape, on the left, and the shape itself."""
    return right * (-1, 1), right


def shrunk(points: Points) -> Points:
    """Return a shape at three fifths of its size, with nearly the same middle."""
    middle = points.mean(0)
    return (points - middle) * 0.6 + middle + (0, 0.04)


def smooth(corners: Points) -> Points:
    """Return a closed Catmull-Rom spline through the corners, with six points per corner."""
    powers = np.linspace(0, 1, 6, endpoint=False)[:, None] ** np.arange(4)
    basis = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2
    near = np.stack([np.roll(corners, shift, axis=0) for shift in (1, 0, -1, -2)], 1)  # (N, 4, 2)
    curve: Points = (powers @ basis @ near).reshape(-1, 2)
    return curve


def ragged(outline: Points, rng: Random) -> Points:
    """Return the outline with tufts of fur: three points for each one, each a little displaced."""
    share = np.array([[0], [1 / 3], [2 / 3]])
    fine = outline[:, None] * (1 - share) + np.roll(outline, -1, axis=0)[:, None] * share
    tufts = rng.normal(1, 0.022, (*fine.shape[:2], 1))
    middle = outline.mean(0)
    ragged: Points = (middle + (fine - middle) * tufts).reshape(-1, 2)
    return ragged


def scaled(size: Size, factor: float) -> Size:
    """Return a scaled size in whole pixels, at least one in each direction."""
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))
