"""Random mirroring and cropping, so that training images differ a little in each epoch.

The result is one box per photo, so a training graph and a preview can apply the same crops.
"""

import math

import numpy as np
from PIL import Image

_WIDEST_ASPECT = 1.2


def crops(count: int, smallest: float, generator: np.random.Generator) -> np.ndarray:
    """Return float32 (count, 4): top, left, bottom and right of each box, as shares of the sides.

    Each box covers at least the share ``smallest`` of the photo's area: Inception's crops (Szegedy
    et al., 2015, arXiv:1409.4842). Half of the boxes are mirrored: left is greater than right.
    """
    area = generator.uniform(smallest, 1, count)
    aspect = np.exp(generator.uniform(-1, 1, count) * math.log(_WIDEST_ASPECT))
    height = np.minimum(np.sqrt(area * aspect), 1)
    width = np.minimum(np.sqrt(area / aspect), 1)
    top, left = generator.uniform(0, 1 - height), generator.uniform(0, 1 - width)
    boxes = np.stack([top, left, top + height, left + width], axis=1)
    mirrored = generator.random(count) < 0.5
    boxes[mirrored] = boxes[mirrored][:, [0, 3, 2, 1]]
    return boxes.astype(np.float32)


def cropped(pixels: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return uint8 ``pixels`` (S, S, 3) cropped to ``box`` and scaled back to (S, S, 3)."""
    side = pixels.shape[0]
    top, left, bottom, right = (float(share) * side for share in box)
    extent = (min(left, right), top, max(left, right), bottom)
    seen = Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR, box=extent)
    array = np.asarray(seen)
    return array[:, ::-1] if left > right else array
