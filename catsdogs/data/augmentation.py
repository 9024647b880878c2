"""Training images, mirrored and shifted at random: what a photo could as well have looked like."""

import numpy as np

# Shifts of up to a tenth of the side, the missing border filled with its nearest pixels.
_MAX_SHIFT = 0.1


def augmented(pixels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return uint8 (B, S, S, 3), half of the images mirrored and all of them shifted a little."""
    side = pixels.shape[1]
    reach = round(_MAX_SHIFT * side)
    mirrored = np.where(
        generator.random(len(pixels))[:, None, None, None] < 0.5, pixels[:, :, ::-1], pixels
    )
    padded = np.pad(mirrored, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    corners = generator.integers(0, 2 * reach + 1, size=(len(pixels), 2))
    shifted = [
        image[top : top + side, left : left + side]
        for image, (top, left) in zip(padded, corners, strict=True)
    ]
    return np.stack(shifted)
