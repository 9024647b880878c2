"""Training images, mirrored and shifted."""

import numpy as np

from catsdogs.data.augmentation import augmented


def test_augmented_images_are_mirrored_or_shifted_originals():
    images = np.zeros((64, 20, 20, 3), dtype=np.uint8)
    images[:, 8:12, 3:6] = 255
    changed = augmented(images, np.random.default_rng(3))
    assert changed.shape == images.shape
    assert changed.dtype == np.uint8
    # The bright patch is still there, whole, somewhere near.
    assert (changed.sum(axis=(1, 2, 3)) == images[0].sum()).all()
    columns = {int(np.flatnonzero(image.any(axis=(0, 2)))[0]) for image in changed}
    assert min(columns) < 6
    assert max(columns) > 11
