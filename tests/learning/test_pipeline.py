"""Batches as a fit gets them: real arrays through a real TensorFlow pipeline."""

import numpy as np
import pytest

from catsdogs.features.store import Rows
from catsdogs.images.augmentation import cropped, crops
from catsdogs.learning.pipeline import Batches

pytestmark = pytest.mark.slow

PHOTOS = 11


@pytest.fixture
def pixels():
    """Smooth pictures, of which two ways to interpolate say nearly the same."""
    y, x = np.mgrid[0:40, 0:40] / 40
    waves = [np.sin(3 * x + n) * np.cos(2 * y + n) for n in range(PHOTOS)]
    return np.stack([np.repeat(127 + 120 * w[..., None], 3, -1) for w in waves]).astype(np.uint8)


def rows_of(*views):
    values = np.concatenate(views)
    half = len(values) // 2  # Two shards, so that a batch reads from both.
    places = [(0, i) if i < half else (1, i - half) for i in range(len(values))]
    return Rows([values[:half], values[half:]], np.array(places), {})


def all_of(batches, epoch=0, first_batch=0):
    parts = [(np.array(x), np.array(y)) for x, y in batches.epoch(epoch, first_batch)]
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def test_without_a_seed_every_row_comes_once_in_order(pixels):
    labels = np.arange(PHOTOS) % 2
    chosen = np.array([1, 4, 5, 9, 10])
    rows, found = all_of(Batches(rows_of(pixels), labels, chosen, 2))
    np.testing.assert_array_equal(rows, pixels[chosen])
    assert rows.dtype == np.uint8
    np.testing.assert_array_equal(found, labels[chosen][:, None].astype(np.float32))


def test_epochs_differ_and_each_repeats_from_any_batch_on(pixels):
    batches = Batches(
        rows_of(pixels), np.arange(PHOTOS), np.arange(PHOTOS), 4, shuffle_seed=5, smallest_crop=0.65
    )
    whole, order = all_of(batches, 2)
    again, _ = all_of(batches, 2)
    np.testing.assert_array_equal(whole, again)
    rest, rest_order = all_of(batches, 2, first_batch=1)
    np.testing.assert_array_equal(rest, whole[4:])
    np.testing.assert_array_equal(rest_order, order[4:])
    _, other_order = all_of(batches, 3)
    assert sorted(order) == sorted(other_order)
    assert order.tolist() != other_order.tolist()


def test_an_epoch_with_repeats_shows_every_photo_so_often_each_time_anew(pixels):
    labels = np.arange(PHOTOS)
    batches = Batches(
        rows_of(pixels), labels, labels, 4, shuffle_seed=5, smallest_crop=0.65, repeats=2
    )
    seen, order = all_of(batches)
    assert batches.images == len(seen) == 2 * PHOTOS
    assert sorted(order[:PHOTOS, 0]) == sorted(order[PHOTOS:, 0]) == labels.tolist()
    first, again = (seen[np.flatnonzero(order[:, 0] == 3)[n]] for n in (0, 1))
    assert (first != again).any()


def test_training_sees_the_crops_that_a_preview_shows(pixels):
    """``crop_and_resize`` and Pillow place pixel centres differently; smooth pictures bear it."""
    labels = np.arange(PHOTOS)
    batches = Batches(
        rows_of(pixels), labels, np.arange(PHOTOS), 4, shuffle_seed=5, smallest_crop=0.65
    )
    seen, order = all_of(batches, 1)
    generator = np.random.default_rng((5, 1))
    generator.permutation(PHOTOS)
    generator.integers(1, size=PHOTOS)
    for image, label, box in zip(seen, order[:, 0], crops(PHOTOS, 0.65, generator), strict=True):
        preview = cropped(pixels[int(label)], box).astype(int)
        assert np.abs(image.astype(int) - preview).mean() < 2


def test_an_epoch_takes_one_view_of_each_photo_and_validation_the_first():
    vectors = np.arange(PHOTOS, dtype=np.float32)[:, None]
    rows, labels = rows_of(vectors, vectors + 100), np.arange(PHOTOS)
    seen, order = all_of(Batches(rows, labels, np.arange(PHOTOS), 3, shuffle_seed=1))
    np.testing.assert_array_equal(seen % 100, order)
    assert 0 < (seen >= 100).sum() < PHOTOS
    measured, _ = all_of(Batches(rows, labels, np.arange(PHOTOS), 3))
    np.testing.assert_array_equal(measured, vectors)
