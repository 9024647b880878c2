"""A heat map as a transparent picture, drawn over its photo."""

import numpy as np
from PIL import Image, ImageOps

from catsdogs.labels import DOG, PETS, Classes

LAYER_PX, PAINTED_PX = 96, 280
_STRENGTH = 0.7
# From weak to strong. Brightness and hue both change, so that colour-blind people can read it.
# Fur, grass and sofas have none of these colours.
COLOURS = (70, 10, 130), (220, 40, 120), (255, 235, 60)


def layer(heatmap: np.ndarray, *, label: str | None, classes: Classes = PETS) -> Image.Image:
    """Return the evidence for ``label`` as a transparent picture to overlay on a photo.

    It is RGBA, ``LAYER_PX`` squared. ``heatmap`` has shape (h, w), positive for "dog" and negative
    for "cat". The layer is transparent where there is no evidence for ``label``. If ``label`` is
    None, it shows the evidence for both classes, the strongest of each in the same colour.
    """
    labels = classes.names if label is None else (label,)
    strength = np.maximum.reduce([_strength(heatmap, classes.label(one)) for one in labels])
    grey = Image.fromarray((strength * 255).astype(np.uint8))
    grey = grey.resize((LAYER_PX, LAYER_PX), Image.Resampling.BICUBIC)
    coloured = _coloured(grey)
    coloured.putalpha(grey)
    return coloured


def painted(
    photo: Image.Image, heatmap: np.ndarray, *, label: str | None, classes: Classes = PETS
) -> Image.Image:
    """Return a square RGB copy of ``photo`` with the evidence for ``label`` over it."""
    square = photo.resize((PAINTED_PX, PAINTED_PX), Image.Resampling.BILINEAR)
    over = layer(heatmap, label=label, classes=classes).resize(
        square.size, Image.Resampling.BILINEAR
    )
    square.paste(over, mask=over.getchannel("A").point(lambda value: round(_STRENGTH * value)))
    return square


def places(heatmap: np.ndarray, classes: Classes = PETS) -> dict[str, tuple[float, float]]:
    """Return where the evidence for each class is strongest: (x, y) as shares of the picture.

    A class without any evidence is left out.
    """
    height, width = heatmap.shape
    found = {}
    for label, name in enumerate(classes.names):
        strength = _strength(heatmap, label)
        if not strength.any():
            continue
        row, column = np.unravel_index(strength.argmax(), heatmap.shape)
        found[name] = (float(column + 0.5) / width, float(row + 0.5) / height)
    return found


def _strength(heatmap: np.ndarray, label: int) -> np.ndarray:
    """Return the evidence for ``label``, from 0 to 1 (h, w); the strongest is 1."""
    evidence = np.maximum(heatmap if label == DOG else -heatmap, 0)
    return evidence / max(float(evidence.max(initial=0)), 1e-9)


def _coloured(grey: Image.Image) -> Image.Image:
    weak, middle, strong = COLOURS
    return ImageOps.colorize(grey, black=weak, mid=middle, white=strong)
