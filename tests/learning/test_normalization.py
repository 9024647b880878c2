"""The statistics of batch normalisation that validation sees."""

import numpy as np
import pytest

from catsdogs.learning.frameworks import keras, layers, tensorflow
from catsdogs.learning.normalization import FusedBatchNormalization, settle
from catsdogs.learning.pipeline import Batches
from catsdogs.runs.config import RunConfig

pytestmark = pytest.mark.slow


@pytest.fixture
def batches():
    rows = np.random.default_rng(1).normal(3, 2, (4, 8, 6, 6, 3)).astype(np.float32)
    labels = np.zeros((4, 8, 1), np.float32)
    return tensorflow.data.Dataset.from_tensor_slices((rows, labels))


@pytest.mark.parametrize("kind", [layers.BatchNormalization, FusedBatchNormalization])
def test_settled_statistics_are_those_of_the_batches(kind, batches):
    norm = kind(momentum=0.9)
    maps = keras.Input((6, 6, 3))
    settle(keras.Model(maps, norm(maps)), lambda: batches)
    rows = np.stack([rows for rows, _ in batches])
    expected = rows.mean(axis=(1, 2, 3)).mean(axis=0)
    np.testing.assert_allclose(norm.moving_mean, expected, rtol=1e-4)
    np.testing.assert_allclose(
        norm.moving_variance, rows.var(axis=(1, 2, 3)).mean(axis=0), rtol=0.01
    )
    assert norm.momentum == 0.9


def test_a_network_without_normalisation_reads_no_batch():
    def none():
        pytest.fail("expected no batch to be asked for")

    vector = keras.Input((3,))
    settle(keras.Model(vector, layers.Dense(1)(vector)), none)


def test_validation_computes_with_the_weights_that_have_just_moved_as_training_does():
    keras.utils.set_random_seed(1)
    rows = np.random.default_rng(2).normal(5, 3, (256, 8)).astype(np.float32)
    vector = keras.Input((8,))
    x = layers.BatchNormalization(momentum=0.95)(layers.Dense(32)(vector))
    network = keras.Model(vector, layers.Dense(1)(layers.ReLU()(x)))
    in_training = np.asarray(network(rows, training=True))
    assert np.abs(network.predict(rows, verbose=0) - in_training).max() > 1
    settle(network, lambda: [(rows, None)])
    np.testing.assert_allclose(network.predict(rows, verbose=0), in_training, atol=1e-4)


def test_a_sample_is_whole_photos_of_the_training_side():
    config = RunConfig("custom_cnn", "photos")
    rows = np.arange(20 * 12, dtype=np.uint8).reshape(20, 2, 2, 3)
    batches = Batches(
        _Memory(rows),
        np.zeros(20, np.int8),
        np.arange(10),
        config.batch_size,
        shuffle_seed=1,
        smallest_crop=0.5,
        repeats=2,
    )
    (first,) = batches.sample(0, 1)
    assert sorted(row.tobytes() for row in first[0].numpy()) == sorted(
        row.tobytes() for row in rows[:10]
    )


class _Memory:
    """Rows in memory, as ``Rows`` gives them from its cache."""

    def __init__(self, rows):
        self._rows, self.shards, self.places = rows, [rows], np.arange(len(rows))

    def take(self, positions):
        return self._rows[positions]
