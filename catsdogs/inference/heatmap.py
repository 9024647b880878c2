"""A heat map painted over its photo."""

import numpy as np
from PIL import Image, ImageOps

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
    evidence = np.maximum(heatmap if label == "dog" else -heatmap, 0)
    strength = evidence / max(float(evidence.max(initial=0)), 1e-9)
    grey = Image.fromarray((strength * 255).astype(np.uint8))
    grey = grey.resize(photo.size, Image.Resampling.BICUBIC)
    colours = ImageOps.colorize(grey, black=_WEAK, mid=_MIDDLE, white=_STRONG)
    return Image.composite(colours, photo, grey.point(lambda value: value * opacity))
