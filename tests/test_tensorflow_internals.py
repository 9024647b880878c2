"""The undocumented parts of TensorFlow and LiteRT that training and export use."""

import numpy as np
import pytest

from catsdogs.errors import RunError

pytestmark = pytest.mark.slow
KERNEL = np.linspace(1, 2, 8, dtype=np.float32)  # of the head


@pytest.fixture(scope="module")
def internals():
    from catsdogs.learning import tensorflow_internals

    return tensorflow_internals


@pytest.fixture(scope="module")
def converter():
    """Return a function that makes a converter of a network: one convolution, mean, P(dog)."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    pixels = keras.Input((16, 16, 3), dtype="uint8")
    maps = keras.layers.Conv2D(8, 3, activation="relu")(keras.layers.Rescaling(1 / 255)(pixels))
    pooled = keras.layers.GlobalAveragePooling2D()(maps)
    head = keras.layers.Dense(1, activation="sigmoid")
    network = keras.Model(pixels, head(pooled))
    head.set_weights([KERNEL[:, np.newaxis], np.zeros(1)])
    image = tf.TensorSpec((1, 16, 16, 3), tf.uint8, name="image")
    call = tf.function(lambda image: {"p_dog": network(image, training=False)})
    variables = tf.Module()
    variables.held = [variable.value for variable in network.variables]
    return lambda: tf.lite.TFLiteConverter.from_concrete_functions(
        [call.get_concrete_function(image)], variables
    )


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_fused_normalisation_returns_the_statistics_of_the_batch(internals, dtype):
    import tensorflow as tf

    values = np.random.default_rng(0).normal(3, 2, (8, 6, 5, 3)).astype(np.float32)
    gamma, beta = tf.ones(3), tf.zeros(3)
    maps, mean, variance = internals.fused_batch_norm(
        tf.cast(values, dtype), gamma, beta, epsilon=1e-3
    )
    assert maps.dtype == dtype
    assert (mean.dtype, variance.dtype) == (tf.float32, tf.float32)
    np.testing.assert_allclose(mean, values.mean(axis=(0, 1, 2)), atol=0.02)
    np.testing.assert_allclose(variance, values.var(axis=(0, 1, 2), ddof=1), rtol=0.02)


# The debugger itself uses the interpreter that TensorFlow deprecates.
@pytest.mark.filterwarnings(r"ignore:\s*Warning. tf.lite.Interpreter is deprecated:UserWarning")
def test_a_file_in_int8_answers_as_the_one_in_float32(internals, converter, tmp_path):
    from catsdogs.features.litert import LiteRTModel

    photos = list(np.random.default_rng(0).integers(0, 256, (20, 16, 16, 3), dtype=np.uint8))
    (tmp_path / "float32.tflite").write_bytes(converter().convert())
    (tmp_path / "int8.tflite").write_bytes(internals.quantized(converter(), photos))
    whole, small = (LiteRTModel(tmp_path / f"{name}.tflite") for name in ("float32", "int8"))
    for photo in photos:
        assert small(photo)["p_dog"].item() == pytest.approx(whole(photo)["p_dog"].item(), abs=0.05)


def test_a_constant_stands_once_in_a_file_and_can_be_replaced(internals, converter, tmp_path):
    from catsdogs.features.litert import LiteRTModel

    content = converter().convert()
    changed = internals.with_constant(content, KERNEL, np.zeros_like(KERNEL))
    assert len(changed) == len(content)
    path = tmp_path / "changed.tflite"
    path.write_bytes(changed)
    photo = np.full((16, 16, 3), 200, dtype=np.uint8)
    assert LiteRTModel(path)(photo)["p_dog"].item() == pytest.approx(0.5)


def test_a_constant_that_is_not_there_is_refused(internals):
    with pytest.raises(RunError, match="exactly one place"):
        internals.with_constant(b"", np.ones(2), np.zeros(2))
