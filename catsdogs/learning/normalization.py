"""Batch normalisation in TensorFlow's one operation for it."""

from typing import Any

import keras
from keras import layers, ops

from catsdogs.learning.tensorflow_internals import fused_batch_norm


class FusedBatchNormalization(layers.BatchNormalization):
    """Batch normalisation of maps (B, h, w, C), for training; of Keras' variables and values.

    Only the running variance is another: that of a sample, n / (n - 1) times as large.

    Keras composes it of a dozen operations, each of which reads and writes all maps; and where maps
    are bfloat16 it computes in float32. TensorFlow's own keeps the maps as they are and the
    statistics in float32. It is not for files: Keras loads no layer that is not its own.
    """

    def __init__(self, **options: Any) -> None:
        # Without autocast, which would round the statistics.
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
