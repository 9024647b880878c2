"""TensorFlow's side, without a run: the networks and their export."""

import numpy as np
import pytest

from catsdogs.runs.config import RECIPES, RunConfig

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def learning():
    """The package, imported late: TensorFlow takes seconds."""
    from catsdogs.learning import export, models

    class Learning:
        pass

    Learning.export, Learning.models = export, models
    return Learning


def test_parameter_counts_are_exact(learning):
    plain, default = (RunConfig("custom_cnn", "/photos", recipe=recipe) for recipe in RECIPES[::-1])
    assert learning.models.build_custom_cnn(plain).count_params() == 4_828_481
    assert learning.models.build_custom_cnn(default).count_params() <= 4_900_000


@pytest.mark.parametrize("recipe", ["plain", "default"])
def test_the_heat_map_is_grad_cam(learning, recipe, tmp_path):
    """Against automatic differentiation, which the exported graph does without."""
    import tensorflow as tf
    from keras import Model

    from catsdogs.litert import LiteRTModel

    model = learning.models.build_custom_cnn(RunConfig("custom_cnn", "/photos", recipe=recipe))
    pixels = np.random.default_rng(1).integers(0, 256, (1, 150, 150, 3), dtype=np.uint8)
    learning.export.export_custom_cnn(model, tmp_path / "model.tflite")
    found = LiteRTModel(tmp_path / "model.tflite")(pixels[0])["heatmap"]

    last = model.get_layer(learning.models.LAST_MAPS)
    maps = tf.convert_to_tensor(Model(model.input, last.output)(pixels))
    kernel, bias = model.layers[-1].get_weights()
    with tf.GradientTape() as tape:
        tape.watch(maps)
        hidden = maps
        for layer in model.layers[model.layers.index(last) + 1 : -1]:
            hidden = layer(hidden, training=False)
        logit = tf.matmul(hidden, kernel) + bias
    weights = tf.reduce_mean(tape.gradient(logit, maps), axis=(1, 2))
    expected = tf.reduce_sum(maps * weights[:, None, None, :], axis=-1)[0]
    np.testing.assert_allclose(found, expected, atol=1e-6)
