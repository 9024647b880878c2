"""The parts of photos that training sees: crops, half of them mirrored."""

import numpy as np
import pytest

from catsdogs.images.augmentation import cropped, crops


def test_crops_lie_within_the_photo_and_half_are_mirrored():
    top, left, bottom, right = crops(2000, 0.65, np.random.default_rng(3)).T
    low, high = np.minimum(left, right), np.maximum(left, right)
    assert min(top.min(), low.min()) >= 0
    assert max(bottom.max(), high.max()) <= 1 + 1e-6
    area, aspect = (bottom - top) * (high - low), (bottom - top) / (high - low)
    # A box as tall or as wide as the photo is cut to it, and so a little smaller than was drawn.
    assert area.min() >= 0.65 / 1.2
    assert aspect.min() >= 1 / 1.2 - 1e-6
    assert aspect.max() <= 1.2 + 1e-6
    assert np.mean(left > right) == pytest.approx(0.5, abs=0.05)


def test_the_same_seed_draws_the_same_crops():
    first, again = (crops(5, 0.65, np.random.default_rng(8)) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_the_whole_box_is_the_photo_and_the_mirrored_one_its_mirror_image():
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8)
    np.testing.assert_array_equal(cropped(pixels, np.float32([0, 0, 1, 1])), pixels)
    np.testing.assert_array_equal(cropped(pixels, np.float32([0, 1, 1, 0])), pixels[:, ::-1])


def test_a_crop_enlarges_what_is_in_its_box():
    pixels = np.zeros((20, 20, 3), np.uint8)
    pixels[:10, :10] = 200
    assert (cropped(pixels, np.float32([0, 0, 0.4, 0.4])) == 200).all()
    assert (cropped(pixels, np.float32([0.6, 0, 1, 0.4])) == 0).all()
