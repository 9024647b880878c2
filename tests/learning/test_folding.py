"""Batch normalisation folded into convolutions: the same function, and back."""

import numpy as np
import pytest

from catsdogs.learning import models
from catsdogs.learning.folding import folded, unfold
from catsdogs.learning.frameworks import keras, layers

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def network():
    """A small network with the three kinds of convolutions that MobileNetV2 has."""
    keras.utils.set_random_seed(1)
    maps = keras.Input((16, 16, 3))
    x = layers.BatchNormalization()(layers.Conv2D(8, 3, strides=2, use_bias=False)(maps))
    y = layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x))
    z = layers.BatchNormalization()(layers.Conv2D(8, 1, use_bias=False)(layers.ReLU(6)(y)))
    network = keras.Model(maps, layers.Add()([x, z]))
    generator = np.random.default_rng(2)
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([generator.uniform(0.2, 2, 8) for _ in range(4)])
    return network


@pytest.fixture(scope="module")
def maps():
    return np.random.default_rng(3).normal(size=(4, 16, 16, 3)).astype(np.float32)


def test_a_folded_network_computes_the_same(network, maps):
    copy = folded(network)
    assert not any(isinstance(one, layers.BatchNormalization) for one in copy.layers)
    np.testing.assert_allclose(copy.predict(maps), network.predict(maps), rtol=1e-4, atol=1e-5)


def test_only_kernels_learn(network):
    assert [one.name for one in folded(network).trainable_variables] == ["kernel"] * 3


def test_a_network_takes_the_trained_weights_back(network, maps):
    copy = folded(network)
    copy.compile(keras.optimizers.SGD(0.1), loss="mse")
    before = network.predict(maps)
    copy.fit(maps, before + 1, epochs=3, verbose=0)
    trained = copy.predict(maps)
    assert np.abs(trained - before).max() > 0.1
    unfold(copy, network)
    np.testing.assert_allclose(network.predict(maps), trained, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "begin",
    ["block_16", *(pytest.param(name, marks=pytest.mark.long) for name in ("block_4", "all"))],
)
def test_mobilenet_v2_takes_its_trained_blocks_back(begin, imagenet_weights):
    backbone = models.build_backbone(imagenet_weights)
    head = models.build_head(1280, dropout=0.2)
    trained = models.build_trainable(backbone, head, begin)
    shape = trained.input_shape[1:]
    rows = np.random.default_rng(4).uniform(0, 6 if begin == "block_16" else 255, (2, *shape))
    rows = rows.astype("float16" if begin == "block_16" else "uint8")
    trained.compile(keras.optimizers.Adam(1e-3), loss="binary_crossentropy")
    trained.fit(rows, np.array([[0.0], [1.0]]), epochs=2, verbose=0)
    expected = trained.predict(rows)
    models.take_trained(trained, backbone, begin)
    again = models.build_trainable(backbone, head, begin).predict(rows)
    np.testing.assert_allclose(again, expected, atol=1e-5)
    assert models.assemble_mobilenet_v2(backbone, head).count_params() == 2_259_265
