"""Frozen batch normalisation, computed as part of the convolution before it.

With fixed statistics, normalising is one factor and one summand per channel. The factor goes into
the convolution's kernel and the summand becomes its bias, so a training step reads and writes its
maps less often. Jacob et al., "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference" (2018, arXiv:1712.05877), section 3.2.
"""

from itertools import pairwise

import numpy as np

from catsdogs.learning.frameworks import keras, layers


def folded(network: keras.Model) -> keras.Model:
    """Return a copy of ``network`` with its normalisation folded, computing the same function.

    The kernels of its convolutions can be trained; the biases stay as they are. A layer keeps its
    name. Every normalisation must be the layer after a convolution without a bias.
    """
    norms = dict(_norms(network))
    copy = keras.models.clone_model(
        network,
        clone_function=lambda layer: _copy(layer, norms),
        # Without the arguments of normalisation, such as its mask.
        call_function=lambda layer, *maps, **_: layer(*maps),
    )
    for name, norm in norms.items():
        factor, summand = _line(norm)
        convolution, (kernel,) = copy.get_layer(name), network.get_layer(name).get_weights()
        by_channel = factor[:, np.newaxis] if _is_depthwise(convolution) else factor
        convolution.set_weights([kernel * by_channel, summand])
        # Its gradient is a slow sum over all positions, and normalisation would not learn either.
        convolution.bias.trainable = False
    return copy


def unfold(copy: keras.Model, network: keras.Model) -> None:
    """Give ``network``, from which ``copy`` was ``folded``, the weights that the copy has now.

    The kernels are taken as they are. Normalisation keeps only the summand.
    """
    for name, norm in _norms(network):
        kernel, bias = copy.get_layer(name).get_weights()
        network.get_layer(name).set_weights([kernel])
        ones, zeros = np.ones_like(bias), np.zeros_like(bias)
        norm.set_weights([ones, bias, zeros, ones - norm.epsilon])


def _norms(network: keras.Model) -> list[tuple[str, keras.Layer]]:
    """Return each batch normalisation with the name of the convolution before it."""
    chain = pairwise(network.layers)
    return [(a.name, norm) for a, norm in chain if isinstance(norm, layers.BatchNormalization)]


def _line(norm: keras.Layer) -> tuple[np.ndarray, np.ndarray]:
    """Return the factor and the summand (C,) of each channel."""
    gamma, beta, mean, variance = norm.get_weights()
    factor = gamma / np.sqrt(variance + norm.epsilon)
    return factor, beta - mean * factor


def _copy(layer: keras.Layer, norms: dict[str, keras.Layer]) -> keras.Layer:
    if isinstance(layer, layers.BatchNormalization):
        return layers.Identity(name=layer.name)
    options = layer.get_config() | ({"use_bias": True} if layer.name in norms else {})
    return type(layer).from_config(options)


def _is_depthwise(layer: keras.Layer) -> bool:
    return isinstance(layer, layers.DepthwiseConv2D)
