"""The scene of a drawn picture: its size, light and backdrop, and the effects of the camera.

Nothing here depends on the animal in the picture, so nothing here can reveal its class.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from catsdogs.sources.drawing.shapes import WHITE, Colour, Pose, Random, Size, any_colour, scaled

SKY, CLOUD, LAWN, SHADE = (112, 166, 220), (226, 234, 242), (132, 176, 102), (64, 112, 52)


@dataclass(frozen=True)
class Scene:
    """The settings of one picture, chosen at random and independent of its animal."""

    size: Size
    canvas: Size
    pose: Pose
    light: tuple[float, float]
    gains: tuple[float, ...]
    blur: float
    noise: float
    quality: int
    collar: Colour | None


def new_scene(rng: Random) -> Scene:
    """Return the random settings of one picture."""
    size = _size(rng)
    # The picture is drawn a little larger and then reduced, which smooths the edges.
    canvas = scaled(size, min(max(1.4 * max(size), 260), 560) / max(size))
    stray = 3 if rng.random() < 0.12 else 1  # Sometimes half outside the frame.
    share = rng.normal((0.5, 0.54), (0.1 * stray, 0.05 * stray)).clip(0.1, 0.9)
    x, y = (np.array(canvas) * share).tolist()
    radius, roll = min(canvas) * rng.uniform(0.2, 0.38), rng.normal(0, 0.18)
    return Scene(
        size=size,
        canvas=canvas,
        pose=Pose((x, y), radius, roll, yaw=rng.uniform(-0.34, 0.34), pitch=rng.uniform(-0.1, 0.1)),
        light=(rng.uniform(-0.8, 0.8), rng.uniform(-0.9, 0.1)),
        gains=tuple((rng.uniform(0.8, 1.15) * rng.normal(1, 0.04, 3)).tolist()),
        blur=rng.normal(0.3, 0.7),
        noise=rng.uniform(0, 0.16),
        quality=int(rng.integers(55, 96)),
        collar=any_colour(rng, 130, 60) if rng.random() < 0.3 else None,
    )


def background(size: Size, rng: Random) -> Image.Image:
    """Return a backdrop. It is drawn small and enlarged, which is fast and puts it out of focus."""
    kinds = (_wall, _stripes, _room, _lawn, _sky, _bokeh)
    small = kinds[rng.integers(len(kinds))](scaled(size, 0.5), rng)
    small = small.filter(ImageFilter.BoxBlur(rng.uniform(0.5, 2.5)))
    return small.resize(size, Image.Resampling.BILINEAR)


def combed(figure: Image.Image, scene: Scene, rng: Random) -> Image.Image:
    """Return the figure with hairs that point away from the nose, and with light and shade."""
    pose, count = scene.pose, 700
    angle, away = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.uniform(0.02, 3, count))
    bend, length = angle + rng.normal(0, 0.3, count), rng.uniform(0.08, 0.24, count)
    roots = np.stack([np.cos(angle), np.sin(angle)], 1) * away[:, None]
    tips = roots + np.stack([np.cos(bend), np.sin(bend)], 1) * length[:, None]
    paths = np.reshape(pose.place(np.hstack([roots, tips]).reshape(-1, 2), 0.2), (-1, 4))
    hairs = Image.new("L", scene.canvas, 128)
    draw = ImageDraw.Draw(hairs)
    for path, tone in zip(paths.tolist(), rng.integers(96, 160, count).tolist(), strict=True):
        draw.line(path, tone, 1)
    relief = ImageChops.add(hairs, _light(scene), offset=-128)
    return ImageChops.add(figure, Image.merge("RGB", [relief] * 3), offset=-128)


def photographed(picture: Image.Image, scene: Scene, rng: Random) -> Image.Image:
    """Return the picture at its final size, with a camera's blur, vignette, grain and exposure."""
    picture = picture.resize(scene.size, Image.Resampling.BILINEAR)
    if scene.blur > 0.3:
        picture = picture.filter(ImageFilter.BoxBlur(scene.blur * max(scene.size) / 500))
    grain = Image.frombytes("L", scene.size, rng.bytes(math.prod(scene.size)))
    grain = grain.point([round(128 + (value - 128) * scene.noise) for value in range(256)])
    vignette = Image.radial_gradient("L").resize(scene.size, Image.Resampling.BILINEAR)
    vignette = vignette.point([128 - value // 8 for value in range(256)])
    veil = ImageChops.add(grain, vignette, offset=-128)
    picture = ImageChops.add(picture, Image.merge("RGB", [veil] * 3), offset=-128)
    return picture.point([min(255, round(v * gain)) for gain in scene.gains for v in range(256)])


def _size(rng: Random) -> Size:
    """Return a random size like Kaggle's: half have a long side of 500, a few are tiny or large."""
    rare = rng.random()
    if rare < 0.02:
        return (59, 50) if rare < 0.01 else (1024, 768)
    long_side = 500 if rng.random() < 0.5 else rng.triangular(110, 470, 500)
    aspect = 4 / 3 if rng.random() < 0.3 else math.exp(rng.normal(0.06, 0.27))
    return round(long_side * min(1, aspect)), round(long_side * min(1, 1 / aspect))


def _light(scene: Scene) -> Image.Image:
    """Return the light on a ball: above 128 towards the lamp, below 128 on the far side."""
    far, reach = 98, round(2.4 * scene.pose.radius)
    ball = Image.radial_gradient("L").resize((2 * reach, 2 * reach), Image.Resampling.BILINEAR)
    light = Image.new("L", scene.canvas, far)
    x, y = np.array(scene.pose.centre) + scene.pose.radius * np.array(scene.light)
    falloff = [max(far, 154 - value // 3) for value in range(256)]
    light.paste(ball.point(falloff), (round(x) - reach, round(y) - reach))
    return light


def _wall(size: Size, rng: Random) -> Image.Image:
    return _blend(any_colour(rng, 150), any_colour(rng, 120), size)


def _stripes(size: Size, rng: Random) -> Image.Image:
    picture, colour = _wall(size, rng), any_colour(rng, 170)
    step = size[0] / rng.integers(5, 14)
    for x in np.arange(0, size[0], step).tolist():
        ImageDraw.Draw(picture).rectangle((x, 0, x + step / 2, size[1]), colour)
    return picture


def _room(size: Size, rng: Random) -> Image.Image:
    picture, (width, height) = _wall(size, rng), size
    draw, floor = ImageDraw.Draw(picture), height * rng.uniform(0.6, 0.85)
    draw.rectangle((-9, floor, width + 9, height + 9), any_colour(rng, 110), WHITE, 2)
    x, y = rng.uniform((0, 0), (0.7, 0.2)) * size
    frame = (x, y, x + width * 0.28, y + height * 0.36)
    draw.rectangle(frame, any_colour(rng, 150, 50), WHITE, 3)
    return picture


def _lawn(size: Size, rng: Random) -> Image.Image:
    picture, (width, height) = _blend(LAWN, SHADE, size), size
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width, height * rng.uniform(0.05, 0.4)), CLOUD)
    for x, y, lean, green in rng.uniform((0, 0.3, -4, 90), (width, 1.1, 4, 180), (160, 4)).tolist():
        draw.line((x, y * height, x + lean, (y - 0.12) * height), (66, int(green), 46), 1)
    return picture


def _sky(size: Size, rng: Random) -> Image.Image:
    picture = _blend(SKY, CLOUD, size)
    for x, y, r in rng.uniform((0, 0, 0.04), (1, 0.8, 0.12), (14, 3)) * size[0]:
        box = (x - 2 * r, y - 0.7 * r, x + 2 * r, y + 0.7 * r)
        ImageDraw.Draw(picture).ellipse(box, WHITE)
    return picture


def _bokeh(size: Size, rng: Random) -> Image.Image:
    picture = _blend(any_colour(rng, 60), any_colour(rng, 90), size)
    for x, y, r in rng.uniform((0, 0, 0.02), (1, 1, 0.1), (24, 3)) * size[0]:
        ImageDraw.Draw(picture).ellipse((x - r, y - r, x + r, y + r), any_colour(rng, 150, 40))
    return picture


def _blend(top: Colour, bottom: Colour, size: Size) -> Image.Image:
    ramp = Image.linear_gradient("L").resize(size, Image.Resampling.BILINEAR)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), ramp)
