"""Cached rows (pixels or vectors) → batches, the same at every run with the same seed."""

import math

import keras
import numpy as np

from catsdogs.data.augmentation import augmented
from catsdogs.data.row_cache import Rows


class Batches(keras.utils.PyDataset):
    """Batches of (rows (B, …), float32 labels (B,)) from memory-mapped rows.

    With ``shuffle_seed`` the order, and with ``augment`` the pixels, differ from epoch to epoch;
    they depend on nothing but the seed, the epoch and the batch. So a fit that begins at
    ``first_epoch`` and ``first_batch`` (both from 0) sees what an uninterrupted one sees there.
    Without a seed, every row comes once, in order, unchanged.
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
        first_epoch: int = 0,
        first_batch: int = 0,
    ) -> None:
        """Keep references only: nothing is read before the first batch is asked for."""
        super().__init__()
        self._rows, self._labels, self._positions = rows, labels, positions
        self._batch_size, self._augment = batch_size, augment
        self._shuffle_seed = shuffle_seed
        self._epoch, self._first_batch = first_epoch, first_batch
        self._order = self._ordered()

    def __len__(self) -> int:
        """Return the number of batches in an epoch, from the first one on."""
        return math.ceil(len(self._positions) / self._batch_size) - self._first_batch

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return batch ``index`` of the current epoch, counted from the first one."""
        number = self._first_batch + index
        chosen = self._order[number * self._batch_size : (number + 1) * self._batch_size]
        rows = self._rows.take(chosen)
        if self._augment:
            generator = np.random.default_rng((self._shuffle_seed or 0, self._epoch, number))
            rows = augmented(rows, generator)
        return rows, self._labels[chosen].astype(np.float32)

    def on_epoch_end(self) -> None:
        """Shuffle anew."""
        self._epoch += 1
        self._order = self._ordered()

    def _ordered(self) -> np.ndarray:
        if self._shuffle_seed is None:
            return self._positions
        return np.random.default_rng((self._shuffle_seed, self._epoch)).permutation(self._positions)
