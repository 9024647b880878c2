"""A heat map as a transparent picture, drawn over its photo."""

import numpy as np
from PIL import Image, ImageOps

LAYER_PX = 96
# From weak to strong. Brightness and hue both change, so that colour-blind people can read it.
# Fur, grass and sofas have none of these colours.
COLOURS = (70, 10, 130), (220, 40, 120), (255, 235, 60)


def layer(heatmap: np.ndarray, *, label: str) -> Image.Image:
    """Return the evidence for ``label`` as a transparent picture to overlay on a photo.

    It is RGBA, ``LAYER_PX`` squared. ``heatmap`` has shape (h, w), positive for "dog" and negative
    for "cat". The layer is transparent where there is no evidence for ``label``.
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
    weak, middle, strong = COLOURS
    return ImageOps.colorize(grey, black=weak, mid=middle, white=strong)
