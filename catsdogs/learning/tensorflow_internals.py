"""The parts of TensorFlow and LiteRT that are experimental, legacy or undocumented.

``tests/test_tensorflow_internals.py`` fails when one of them changes. Why each is needed:

fused_batch_norm     ``tf.compat.v1``: the only call that normalises bfloat16 maps in one operation
                     and returns the batch statistics. Without it, the custom CNN trains slower.
quantized            ``lite.experimental``: the only way to keep chosen operations in float32.
                     Without it, MobileNetV2 in int8 loses accuracy.
with_constant        A file stores float32 constants as plain little-endian bytes. Without this,
                     each run of a frozen MobileNetV2 would convert the whole backbone again.
"""

import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from catsdogs.errors import RunError
from catsdogs.learning.frameworks import keras
from catsdogs.learning.frameworks import tensorflow as tf

# Photos on which each int8 operation is compared with float32, and the largest error accepted, in
# steps of its scale: twice the error that rounding alone makes.
_JUDGED_ON, _MOST_STEPS = 40, 2 / math.sqrt(12)


def fused_batch_norm(
    maps: keras.KerasTensor, gamma: Any, beta: Any, *, epsilon: float
) -> tuple[keras.KerasTensor, keras.KerasTensor, keras.KerasTensor]:
    """Return normalised maps (B, h, w, C), and the batch's mean and sample variance (C,)."""
    normalised, mean, variance = tf.compat.v1.nn.fused_batch_norm(
        maps, gamma, beta, epsilon=epsilon, is_training=True
    )
    return normalised, mean, variance


def quantized(converter: Any, photos: Sequence[np.ndarray]) -> bytes:
    """Return a LiteRT file that computes in int8, calibrated on uint8 ``photos`` (S, S, 3).

    The few operations that int8 harms most stay in float32, as TensorFlow's guide to its
    quantization debugger does: https://www.tensorflow.org/lite/performance/quantization_debugger
    """
    lite = tf.lite
    converter.optimizations = [lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([photo[np.newaxis]] for photo in photos)
    debugger = lite.experimental.QuantizationDebugger(
        converter=converter,
        debug_dataset=lambda: ([photo[np.newaxis]] for photo in photos[:_JUDGED_ON]),
    )
    debugger.run()
    debugger.options = lite.experimental.QuantizationDebugOptions(
        denylisted_nodes=_harmed(debugger)
    )
    return bytes(debugger.get_nondebug_quantized_model())


def with_constant(content: bytes, old: np.ndarray, new: np.ndarray) -> bytes:
    """Return a LiteRT file with the constant ``old`` replaced by ``new``, of the same size.

    Raises:
        RunError: when ``old`` is not in the file exactly once.
    """
    pattern = old.astype("<f4").tobytes()
    if content.count(pattern) != 1:
        raise RunError(
            "Expected an exported backbone with exactly one place for the head. Received: "
            f"{content.count(pattern)} places. Delete the folder .cache/backbones and train again."
        )
    return content.replace(pattern, new.astype("<f4").tobytes())


def _harmed(debugger: Any) -> list[str]:
    """Return the operations whose values int8 changes by more than twice what rounding does."""
    table = io.StringIO()
    debugger.layer_statistics_dump(table)
    table.seek(0)
    found = pd.read_csv(table)
    steps = np.sqrt(found["mean_squared_error"]) / found["scale"]
    return list(found["tensor_name"][steps > _MOST_STEPS])
