"""Cached rows (pixels, activations, vectors) → batches, the same for the same seed."""

from dataclasses import dataclass, replace

import numpy as np

from catsdogs.features.store import Rows
from catsdogs.images.augmentation import crops
from catsdogs.labels import CAT, DOG
from catsdogs.learning.frameworks import tensorflow as tf


@dataclass(frozen=True)
class Batches:
    """Batches of (rows (B, …), float32 labels (B, 1)) from memory-mapped rows.

    ``positions`` select photos among the N ``labels``. If there are k × N ``rows``, each block of N
    is another view of the same photos; an epoch draws one view for each photo.

    With ``shuffle_seed`` the order, the views and, for pixels, with ``smallest_crop`` (a share of
    the area) the crop of each photo change every epoch, and depend only on the seed and the
    epoch. Without a seed, every photo comes once, in order, unchanged. ``repeats`` is the number of
    passes over all photos in an epoch.
    """

    rows: Rows
    labels: np.ndarray
    positions: np.ndarray
    batch_size: int
    shuffle_seed: int | None = None
    smallest_crop: float | None = None
    repeats: int = 1

    @property
    def images(self) -> int:
        """The number of images in an epoch: each photo ``repeats`` times."""
        return len(self.positions) * self.repeats

    @property
    def dogs(self) -> int:
        """The number of photos of dogs."""
        return int((self.labels[self.positions] == DOG).sum())

    @property
    def balanced_weights(self) -> dict[int, float]:
        """The weight of a photo of each class with which both classes count the same.

        The mean weight is 1. King and Zeng, "Logistic Regression in Rare Events Data" (2001).
        """
        photos, dogs = len(self.positions), self.dogs
        return {
            label: photos / (2 * max(count, 1))
            for label, count in ((CAT, photos - dogs), (DOG, dogs))
        }

    def epoch(self, number: int = 0, first_batch: int = 0) -> tf.data.Dataset:
        """Return the batches of epoch ``number`` from ``first_batch`` on; both count from 0."""
        order, boxes = self._drawn(number)
        rest = slice(first_batch * self.batch_size, None)
        columns = (order[rest],) if boxes is None else (order[rest], boxes[rest])
        batches = tf.data.Dataset.from_tensor_slices(columns).batch(self.batch_size)
        return batches.map(self._read).prefetch(2).with_options(_options())

    def sample(self, number: int, batches: int) -> tf.data.Dataset:
        """Return the first ``batches`` of an epoch ``number``, with whole photos."""
        return replace(self, smallest_crop=None, repeats=1).epoch(number).take(batches)

    def _drawn(self, epoch: int) -> tuple[np.ndarray, np.ndarray | None]:
        if self.shuffle_seed is None:
            return self.positions, None
        generator = np.random.default_rng((self.shuffle_seed, epoch))
        passes = [generator.permutation(self.positions) for _ in range(self.repeats)]
        order = np.concatenate(passes)
        photos = len(self.labels)
        order = order + photos * generator.integers(
            len(self.rows.places) // photos, size=len(order)
        )
        if self.smallest_crop is None:
            return order, None
        return order, crops(len(order), self.smallest_crop, generator)

    def _read(
        self, chosen: tf.Tensor, boxes: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        row = self.rows.shards[0][0]
        # The only Python call: it copies from the memory map. TensorFlow does everything else.
        rows = tf.numpy_function(self.rows.take, [chosen], row.dtype, stateful=False)
        rows = tf.ensure_shape(rows, (None, *row.shape))
        if boxes is not None:
            rows = _cropped(rows, boxes)
        labels = tf.constant(self.labels, tf.float32)
        return rows, tf.gather(labels, chosen % len(self.labels))[:, tf.newaxis]


def _cropped(pixels: tf.Tensor, boxes: tf.Tensor) -> tf.Tensor:
    """Return uint8 (B, S, S, 3): each photo's box, resized to S."""
    count, side = tf.shape(pixels)[0], pixels.shape[1:3]
    seen = tf.image.crop_and_resize(pixels, boxes, tf.range(count), side)
    return tf.cast(tf.round(seen), tf.uint8)


def _options() -> tf.data.Options:
    options = tf.data.Options()
    # tf.data's autotuner may sleep for as long as it has run, and the end of an epoch waits for it.
    options.autotune.enabled = False
    return options
