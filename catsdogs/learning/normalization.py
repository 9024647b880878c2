"""Batch normalisation: in one fused TensorFlow operation, and its statistics for validation."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from catsdogs.learning.frameworks import keras, layers, ops
from catsdogs.learning.tensorflow_internals import fused_batch_norm


def settle(network: keras.Model, batches: Callable[[], Iterable[Any]]) -> None:
    """Set the running statistics of ``network`` to their means over batches of rows and labels.

    ``batches`` is called only if the network has any.

    Running statistics lag behind weights that change fast. Before the rate has fallen, a network
    can therefore measure much worse on validation photos than it is: Wu and Johnson, "Rethinking
    'Batch' in BatchNorm" (2021, arXiv:2105.07576), section 3.
    """
    norms = [one for one in network.layers if isinstance(one, layers.BatchNormalization)]
    if not norms:
        return
    momentums = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0  # Each batch leaves its own statistics.
    found = [_statistics(network, rows, norms) for rows, _ in batches()]
    for norm, momentum, *pairs in zip(norms, momentums, *found, strict=True):
        norm.momentum = momentum
        mean, variance = np.mean(pairs, axis=0)
        norm.moving_mean.assign(mean)
        norm.moving_variance.assign(variance)


def _statistics(
    network: keras.Model, rows: Any, norms: list[keras.Layer]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the mean and the variance (C,) that each layer has for these rows."""
    network(rows, training=True)
    return [(np.asarray(one.moving_mean), np.asarray(one.moving_variance)) for one in norms]


class FusedBatchNormalization(layers.BatchNormalization):
    """Batch normalisation of maps (B, h, w, C), for training. Variables and values match Keras.

    Only the running variance differs: it is the sample variance, n / (n - 1) times as large.

    Keras uses a dozen operations, each of which reads and writes all maps, and computes bfloat16
    maps in float32. The fused operation keeps the type of the maps, with float32 statistics. Do not
    save this layer: in safe mode, Keras loads only its own.
    """

    def __init__(self, **options: Any) -> None:
        # Autocast would round the statistics.
        super().__init__(**options, autocast=False)

    def call(
        self,
        inputs: keras.KerasTensor,
        training: bool | None = None,
        mask: keras.KerasTensor | None = None,
    ) -> keras.KerasTensor:
        """Return the normalised maps; in training, update the running statistics too."""
        if not training:
            return super().call(inputs, training=training, mask=mask)
        normalised, mean, variance = fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon
        )
        for running, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            running.assign(ops.stop_gradient(running * self.momentum + value * (1 - self.momentum)))
        return normalised
