"""Cached pixels → batches for the custom CNN, augmented without leaving NumPy."""

import math

import keras
import numpy as np

from catsdogs.data.row_cache import Rows

# Shifts of up to a tenth of the side, the missing border filled with its nearest pixels.
_MAX_SHIFT = 0.1


class PixelBatches(keras.utils.PyDataset):
    """Batches of (uint8 (B, S, S, 3), float32 (B,)) from memory-mapped rows.

    With ``shuffle_seed`` the order, and with ``augment`` the pixels, differ from epoch to epoch and
    are the same for the same seed. Without, every image comes once, in order, unchanged.
    """

    def __init__(
        self,
        rows: Rows,
        labels: np.ndarray,
        positions: np.ndarray,
        *,
        batch_size: int,
        shuffle_seed: int | None = None,
        augment: bool = False,
    ) -> None:
        """Keep references only: nothing is read before the first batch is asked for."""
        super().__init__()
        self._rows, self._labels, self._positions = rows, labels, positions
        self._batch_size, self._augment = batch_size, augment
        self._shuffle_seed = shuffle_seed
        self._epoch = 0
        self._order = self._ordered()

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return math.ceil(len(self._positions) / self._batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return batch ``index`` of the current epoch."""
        chosen = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        pixels = self._rows.take(chosen)
        if self._augment:
            generator = np.random.default_rng((self._shuffle_seed or 0, self._epoch, index))
            pixels = augmented(pixels, generator)
        return pixels, self._labels[chosen].astype(np.float32)

    def on_epoch_end(self) -> None:
        """Shuffle anew."""
        self._epoch += 1
        self._order = self._ordered()

    def _ordered(self) -> np.ndarray:
        if self._shuffle_seed is None:
            return self._positions
        return np.random.default_rng((self._shuffle_seed, self._epoch)).permutation(self._positions)


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
