"""A heat map painted over its photo."""

import numpy as np
from PIL import Image, ImageOps

LAYER_PX = 96
# From weak to strong. Brightness and hue both change, so that colour-blind people can read it.
# Fur, grass and sofas have none of these colours.
_WEAK, _MIDDLE, _STRONG = (70, 10, 130), (220, 40, 120), (255, 235, 60)


def overlay(
    photo: Image.Image, heatmap: np.ndarray, *, label: str, opacity: float = 0.65
) -> Image.Image:
    """Return ``photo`` (RGB) with the evidence for ``label`` tinted.

    ``heatmap`` has shape (h, w), positive for "dog" and negative for "cat". The strongest region
    gets ``opacity``; evidence for the other class stays clear.
    """
    grey = _strength(heatmap, label=label).resize(photo.size, Image.Resampling.BICUBIC)
    return Image.composite(_coloured(grey), photo, grey.point(lambda value: value * opacity))


def layer(heatmap: np.ndarray, *, label: str) -> Image.Image:
    """Return the evidence for ``label`` as a transparent picture to overlay on a photo.

    It is RGBA, ``LAYER_PX`` squared; ``heatmap`` is that of ``overlay``. Where there is no
    evidence, the layer is transparent.
    """
    grey = _strength(heatmap, label=label).resize((LAYER_PX, LAYER_PX), Image.Resampling.BICUBIC)
    coloured = _coloured(grey)
    coloured.putalpha(grey)
    return coloured


def _strength(heatmap: np.ndarray, *, label: str) -> Image.Image:
    """Return the evidence for ``label`` as grey values (h, w); the strongest is 255."""
    evidence = np.maximum(heatmap if label == "dog" else -heatmap, 0)
    strength = evidence / max(float(evidence.max(initial=0)), 1e-9)
    return Image.fromarray((strength * 255).astype(np.uint8))


def _coloured(grey: Image.Image) -> Image.Image:
    return ImageOps.colorize(grey, black=_WEAK, mid=_MIDDLE, white=_STRONG)
