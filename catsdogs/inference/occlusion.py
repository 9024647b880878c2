"""Occlusion: how the answer changes when a part of the picture is covered.

Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (2014, arXiv:1311.2901):
the only evidence for a heat map that does not look inside the model.
"""

import numpy as np
import pandas as pd
from PIL import Image

from catsdogs.images.edits import mean_colour
from catsdogs.images.parallel import map_ordered
from catsdogs.images.picture import Picture
from catsdogs.inference.predictor import Predictor

# Positions a side. The patch is twice as long as their distance, so that neighbours overlap.
GRID = 10
# A probability of exactly 0 or 1 has no logit.
_EPSILON = 1e-7


def occlusion_map(predictor: Predictor, picture: Picture) -> np.ndarray:
    """Return how much the logit falls when a patch is covered: float32 (``GRID``, ``GRID``).

    It has the sign of a heat map: positive where the picture is evidence for "dog". The patch has
    the mean colour of the picture, and a fifth of its width and height. Runs on several threads.

    Raises:
        UnreadableImage: with the reason.
    """
    pixels = picture.square(predictor.side)
    colour = mean_colour(Image.fromarray(pixels))

    def logit(place: tuple[int, int] | None) -> float:
        covered = pixels if place is None else _covered(pixels, place, colour)
        p_dog = float(np.clip(predictor.of_pixels(covered).p_dog, _EPSILON, 1 - _EPSILON))
        return float(np.log(p_dog / (1 - p_dog)))

    whole, *parts = map_ordered([None, *np.ndindex(GRID, GRID)], logit)
    return (whole - np.array(parts, dtype=np.float32)).reshape(GRID, GRID)


def agreement(occlusion: np.ndarray, heatmap: np.ndarray) -> float | None:
    """Return Spearman's rank correlation of an occlusion map and a heat map, from -1 to 1.

    The heat map is averaged to the size of the occlusion map. None if one of them is the same
    everywhere. Adebayo et al. compare saliency maps by this measure (2018, arXiv:1810.03292).
    """
    size = occlusion.shape[::-1]
    resized = Image.fromarray(heatmap.astype(np.float32)).resize(size, Image.Resampling.BOX)
    ranks = [pd.Series(one.ravel()).rank() for one in (occlusion, np.asarray(resized))]
    if any(one.nunique() == 1 for one in ranks):
        return None
    return float(ranks[0].corr(ranks[1]))


def _covered(
    pixels: np.ndarray, place: tuple[int, int], colour: tuple[int, int, int]
) -> np.ndarray:
    """Return a copy with the patch around the cell at ``place`` (row, column) covered."""
    cell, covered = pixels.shape[0] / GRID, pixels.copy()
    rows, columns = (
        slice(max(round((at - 0.5) * cell), 0), round((at + 1.5) * cell)) for at in place
    )
    covered[rows, columns] = colour
    return covered
