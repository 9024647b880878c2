"""Batch normalisation in one fused TensorFlow operation."""

from typing import Any

from catsdogs.learning.frameworks import keras, layers, ops
from catsdogs.learning.tensorflow_internals import fused_batch_norm


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
