"""Cat and dog faces: outlines, coats and features.

``face(rng, label)`` draws one picture and chooses the JPEG quality to save it with.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from catsdogs.sources.drawing.scene import Scene, background, combed, new_scene, photographed
from catsdogs.sources.drawing.shapes import (
    DARK,
    WHITE,
    Colour,
    Pen,
    Points,
    Random,
    lens,
    mirrored,
    mix,
    oval,
    ragged,
    shrunk,
    sides,
    smooth,
)

PINK, TONGUE = (224, 150, 146), (226, 104, 118)
IRISES = ((132, 182, 76), (228, 180, 56), (100, 168, 212), (190, 200, 96), (216, 142, 52))
COATS = (  # (base, markings)
    ((206, 128, 62), (246, 226, 196)),
    ((52, 47, 50), (240, 238, 234)),
    ((132, 132, 138), (236, 236, 236)),
    ((132, 90, 58), (226, 194, 152)),
    ((232, 212, 178), (86, 62, 50)),
    ((214, 168, 98), (250, 236, 208)),
    ((92, 62, 46), (200, 146, 96)),
    ((240, 236, 228), (58, 52, 54)),
    ((242, 238, 232), (202, 122, 60)),
    ((98, 104, 118), (200, 204, 212)),
    ((172, 146, 120), (74, 58, 50)),
)
MARKINGS = (  # by label
    ("solid", "bib", "patches", "points", "tabby", "tabby"),
    ("solid", "bib", "patches", "points", "spots", "solid"),
)

# Right halves of outlines, which start and end on the middle line, and right ears.
TRUNK = ((0, 0.3), (0.55, 0.35), (0.75, 1.0), (1.15, 1.7), (1.3, 3.4), (0, 3.6))
BLAZE = ((0, -0.72), (0.14, -0.5), (0.15, 0), (0.6, 0.5), (0.5, 1.1), (0, 1.2))
CAT_HEAD = ((0, -0.8), (0.5, -0.76), (0.86, -0.4), (1.05, 0.2), (0.8, 0.62), (0.35, 0.86), (0, 0.9))
CAT_EAR = ((0.16, -0.68), (0.46, -1.08), (0.86, -1.45), (0.98, -0.85), (0.96, -0.2))
CAT_NOSE = ((0, 0.2), (0.12, 0.2), (0.05, 0.31), (0, 0.34))
CAT_LIP = ((0, 0.3), (0, 0.42), (0.1, 0.5), (0.22, 0.49), (0.3, 0.43))
DOG_HEAD = ((0, -0.88), (0.45, -0.84), (0.78, -0.45), (0.8, 0), (0.66, 0.45), (0.52, 0.85), (0, 1))
PRICKED_EAR = ((0.12, -0.72), (0.34, -1.25), (0.6, -1.52), (0.8, -1.3), (0.82, -0.4))
FOLDED_EAR = ((0.2, -0.75), (0.5, -1.15), (0.85, -1.15), (0.84, -0.4))
EAR_FLAP = ((0.48, -1.14), (0.88, -1.18), (1.14, -0.72), (1.1, -0.5), (0.86, -0.62))
FLOPPY_EAR = ((0.4, -0.84), (0.84, -0.78), (1.1, -0.2), (1.12, 0.6), (0.9, 0.78), (0.72, 0.5))
DOG_NOSE = ((0, 0.22), (0.2, 0.24), (0.26, 0.36), (0.12, 0.52), (0, 0.55))
DOG_LIP = ((0, 0.5), (0, 0.76), (0.12, 0.88), (0.3, 0.88), (0.46, 0.74))
DOG_TONGUE = ((0, 0.84), (0.14, 0.88), (0.18, 1.2), (0, 1.36))


@dataclass(frozen=True)
class Animal:
    """An animal while it is drawn: its fur, its outline (255 inside), and its colours."""

    pen: Pen
    outline: Pen
    rng: Random
    base: Colour
    second: Colour
    marking: str
    muzzle: Colour
    ear: Colour

    def fur(self, points: Points, colour: Colour, depth: float = 0.0) -> None:
        """Fill a shape with a ragged edge and add it to the animal's outline."""
        tufted = ragged(points, self.rng)
        self.pen.fill(tufted, colour, depth)
        self.outline.fill(tufted, 255, depth)


def face(rng: Random, label: int) -> tuple[Image.Image, int]:
    """Return one picture and the JPEG quality to save it with."""
    scene = new_scene(rng)
    picture = background(scene.canvas, rng)
    animal = _animal(scene, MARKINGS[label], rng)
    (_cat_fur, _dog_fur)[label](animal)
    figure = Pen(combed(animal.pen.image, scene, rng), scene.pose)
    (_cat_features, _dog_features)[label](figure, animal)
    picture.paste(figure.image, mask=animal.outline.image)
    return photographed(picture, scene, rng), scene.quality


def _animal(scene: Scene, markings: tuple[str, ...], rng: Random) -> Animal:
    """Return a new animal, of which only the trunk is drawn."""
    base, second = COATS[rng.integers(len(COATS))]
    marking = markings[rng.integers(len(markings))]
    pen = Pen(Image.new("RGB", scene.canvas, base), scene.pose)
    outline = Pen(Image.new("L", scene.canvas), scene.pose)
    muzzle = {"points": mix(second, base, 0.15), "bib": second}.get(marking, mix(base, WHITE, 0.35))
    ear = second if marking in ("points", "patches") else mix(base, DARK, 0.15)
    animal = Animal(pen, outline, rng, base, second, marking, muzzle, ear)
    animal.fur(mirrored(TRUNK), mix(base, DARK, 0.15))
    if marking in ("bib", "tabby"):
        pen.fill(ragged(oval(0, 1.75, 0.5, 0.9), rng), mix(second, DARK, 0.08))
    if scene.collar:
        pen.line(
            [(-0.8, 0.9), (-0.4, 1.15), (0, 1.22), (0.4, 1.15), (0.8, 0.9)], scene.collar, 0.16
        )
    return animal


def _head(animal: Animal, outline: Points) -> None:
    """Draw the head with its markings, clipped to its outline."""
    animal.fur(outline, animal.base)
    coat = Pen(animal.pen.image.copy(), animal.pen.pose)
    inside = Pen(Image.new("L", coat.image.size), coat.pose)
    inside.fill(outline, 255)
    _mark(coat, animal)
    animal.pen.image.paste(coat.image, mask=inside.image)


def _mark(coat: Pen, animal: Animal) -> None:
    rng, second = animal.rng, animal.second
    side = rng.choice((-1, 1))
    if animal.marking == "tabby":
        stripes = [(x * 1.3, -0.9, x * 0.8, -0.4) for x in (0, 0.2, 0.4)]
        stripes += [(1.1, y, 0.6, y * 0.8 + 0.08) for y in (0.05, 0.3, 0.55)]
        for stripe in (half for x in stripes for half in sides(lens(*x, 0.06))):
            coat.fill(stripe, mix(animal.base, DARK, 0.5))
    elif animal.marking == "bib":
        coat.fill(ragged(mirrored(BLAZE) * (rng.uniform(0.7, 1.4), 1), rng), second, 0.3)
    elif animal.marking == "patches":
        coat.fill(ragged(oval(side * 0.5, -0.25, 0.42, 0.5, 0.3 * side), rng), second, 0.2)
        third = mix(second, (200, 120, 60), 0.6)
        coat.fill(ragged(oval(-side * 0.6, -0.75, 0.45, 0.4), rng), third)
    elif animal.marking == "points":
        coat.fill(ragged(oval(0, 0.3, 0.55, 0.62), rng), second, 0.3)
    elif animal.marking == "spots":
        for x, y, r in rng.uniform((-1, -0.9, 0.04), (1, 0.9, 0.14), (22, 3)):
            coat.fill(oval(x, y, r, r * rng.uniform(0.7, 1.1)), second, 0.2)


def _cat_fur(cat: Animal) -> None:
    ear = np.array(CAT_EAR) * cat.rng.uniform((0.88, 0.9), (1.06, 1.08))
    for half in sides(ear):
        cat.fur(half, cat.ear, -0.15)
    for half in sides(shrunk(ear)):
        cat.pen.fill(half, mix(PINK, cat.base, 0.2), -0.1)
    _head(cat, mirrored(CAT_HEAD) * (cat.rng.uniform(0.94, 1.06), 1))
    cat.pen.fill(oval(0, 0.62, 0.24, 0.18), cat.muzzle, 0.45)
    for half in sides(oval(0.2, 0.42, 0.27, 0.2)):
        cat.pen.fill(half, cat.muzzle, 0.5)


def _cat_features(pen: Pen, cat: Animal) -> None:
    rng, mouth = cat.rng, mix(cat.muzzle, DARK, 0.75)
    iris = IRISES[rng.integers(len(IRISES))]
    slit, lid = rng.uniform(0.035, 0.15), rng.uniform(0.15, 0.22)
    for side in (-1, 1):
        x, y, tilt = side * 0.42, -0.08, -0.22 * side
        pen.fill(oval(x, y, 0.25, lid + 0.035, tilt), DARK, 0.35)
        pen.fill(oval(x, y, 0.215, lid, tilt), iris, 0.35)
        pen.fill(oval(x, y, slit, lid * 0.92), DARK, 0.35)
        pen.fill(oval(x - 0.07, y - 0.07, 0.045, 0.045), WHITE, 0.35)
        pen.line(np.array(CAT_LIP) * (side, 1), mouth, 0.03, 0.55)
        for y in (0.32, 0.42, 0.52):
            path = np.array([(0.34, y), (0.8, y * 1.6 - 0.32), (1.3, y * 3 - 0.86)])
            pen.line((path + rng.normal(0, 0.02, 2)) * (side, 1), mouth, 0.016, 0.4)
    pen.fill(mirrored(CAT_NOSE), PINK if rng.random() < 0.6 else DARK, 0.55)


def _dog_fur(dog: Animal) -> None:
    ears = (_pricked_ears, _folded_ears, *[_floppy_ears] * 3)[dog.rng.integers(5)]
    if ears is not _floppy_ears:
        ears(dog)
    _head(dog, mirrored(DOG_HEAD) * dog.rng.uniform((0.92, 0.98), (1.06, 1.08)))
    if ears is _floppy_ears:
        ears(dog)
    dog.pen.fill(oval(0, 0.35, 0.36, 0.5), dog.muzzle, 0.6)
    dog.fur(oval(0, 0.85, 0.34, 0.28), mix(dog.muzzle, DARK, 0.35), 0.6)
    for half in sides(oval(0.22, 0.66, 0.32, 0.3)):
        dog.fur(half, dog.muzzle, 0.75)


def _pricked_ears(dog: Animal) -> None:
    ear = np.array(PRICKED_EAR) * dog.rng.uniform(0.92, 1.04, 2)
    for half in sides(smooth(ear)):
        dog.fur(half, dog.ear, -0.15)
    for half in sides(smooth(shrunk(ear))):
        dog.pen.fill(half, mix(PINK, DARK, 0.35), -0.1)


def _folded_ears(dog: Animal) -> None:
    for half in sides(np.array(FOLDED_EAR)):
        dog.fur(half, dog.ear)
    for half in sides(np.array(EAR_FLAP)):
        dog.fur(half, mix(dog.ear, DARK, 0.2))


def _floppy_ears(dog: Animal) -> None:
    ear = smooth(np.array(FLOPPY_EAR)) * dog.rng.uniform((0.92, 1), (1.1, 1.05))
    ear[:, 1] *= np.where(ear[:, 1] > 0, dog.rng.uniform(0.7, 1.6), 1)
    for half in sides(ear):
        dog.fur(half, mix(dog.ear, DARK, 0.2))


def _dog_features(pen: Pen, dog: Animal) -> None:
    for x in (-0.36, 0.36):
        pen.fill(oval(x, -0.14, 0.17, 0.16), DARK, 0.35)
        pen.fill(oval(x, -0.14, 0.13, 0.13), (92, 56, 32), 0.35)
        pen.fill(oval(x, -0.14, 0.085, 0.085), DARK, 0.35)
        pen.fill(oval(x - 0.05, -0.2, 0.04, 0.04), WHITE, 0.35)
    if dog.rng.random() < 0.5:
        tongue = mirrored(DOG_TONGUE)
        dog.outline.fill(tongue, 255, 0.7)
        pen.fill(tongue, TONGUE, 0.7)
        pen.line([(0, 0.9), (0, 1.18)], mix(TONGUE, DARK, 0.25), 0.025, 0.7)
    for half in sides(np.array(DOG_LIP)):
        pen.line(half, mix(dog.muzzle, DARK, 0.8), 0.035, 0.85)
    pen.fill(mirrored(DOG_NOSE), DARK, 0.95)
    pen.fill(oval(-0.07, 0.29, 0.08, 0.035), (120, 112, 112), 0.95)
