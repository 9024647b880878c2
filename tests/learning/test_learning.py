"""TensorFlow's side, without a run: the networks and their export."""

import numpy as np
import pytest

from catsdogs.features.litert import LiteRTModel
from catsdogs.runs.config import RunConfig
from catsdogs.runs.effective import centre_crop

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def learning():
    """The package, imported late: TensorFlow takes seconds."""
    from catsdogs.learning import export, frameworks, models, views, weights

    class Learning:
        pass

    Learning.export, Learning.models, Learning.views = export, models, views
    Learning.keras, Learning.weights = frameworks.keras, weights
    return Learning


def test_parameter_counts_are_exact(learning):
    plain, default = (
        RunConfig("custom_cnn", "/photos", recipe=recipe) for recipe in ("plain", "default")
    )
    assert learning.models.build_custom_cnn(plain).count_params() == 4_828_481
    assert learning.models.build_custom_cnn(default).count_params() == 3_342_161


@pytest.mark.parametrize("recipe", ["plain", "default"])
def test_the_heat_map_is_grad_cam(learning, recipe, tmp_path):
    """Against automatic differentiation, which the exported graph does without."""
    import tensorflow as tf
    from keras import Model

    model = learning.models.build_custom_cnn(RunConfig("custom_cnn", "/photos", recipe=recipe))
    pixels = np.random.default_rng(1).integers(0, 256, (1, 150, 150, 3), dtype=np.uint8)
    learning.export.export_network(model, tmp_path / "model.tflite")
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


@pytest.mark.parametrize("training", [True, False])
def test_fused_normalisation_is_keras_own(learning, training):
    """Its values, its gradients and the statistics that it leaves."""
    import tensorflow as tf
    from keras import layers

    from catsdogs.learning.normalization import FusedBatchNormalization

    maps = tf.random.stateless_normal((8, 6, 5, 3), (1, 2)) * [1.0, 2.0, 3.0] + [0.0, 1.0, 2.0]
    slopes = tf.random.stateless_normal(maps.shape, (3, 4))
    found = []
    for kind in (layers.BatchNormalization, FusedBatchNormalization):
        layer = kind(momentum=0.9)
        layer.build(maps.shape)
        layer.gamma.assign([0.5, 1.5, 2.0])
        layer.beta.assign([0.1, 0.2, 0.3])
        with tf.GradientTape() as tape:
            tape.watch(maps)
            values = layer(maps, training=training)
            loss = tf.reduce_sum(values * slopes)
        gradients = tape.gradient(loss, [maps, layer.gamma.value, layer.beta.value])
        found.append([values, *gradients, layer.moving_mean.value, layer.moving_variance.value])
    for expected, value in zip(*found, strict=True):
        # The fused running variance is that of a sample: n / (n - 1) of Keras', for 240 values.
        np.testing.assert_allclose(value, expected, rtol=5e-3, atol=1e-4)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_network_to_train_has_the_weights_of_the_one_to_keep(learning, precision):
    config = RunConfig("custom_cnn", "/photos")
    trained = learning.models.build_custom_cnn(config, precision=precision)
    kept = learning.models.build_custom_cnn(config)
    first = next(layer for layer in trained.layers if hasattr(layer, "gamma"))
    first.gamma.assign(np.linspace(0.5, 1.5, 48))
    kept.set_weights(trained.get_weights())
    assert {type(layer).__module__.split(".")[0] for layer in kept.layers} == {"keras"}
    # Outside training, the one to train sees the middle by itself.
    kept = learning.views.with_views(kept, learning.views.Views(centre_crop(config)))
    pixels = np.random.default_rng(1).integers(0, 256, (4, 150, 150, 3), dtype=np.uint8)
    answers = [network.predict(pixels, verbose=0) for network in (trained, kept)]
    np.testing.assert_allclose(*answers, atol=1e-5 if precision == "float32" else 0.02)


def _network(learning, model):
    if model == "custom_cnn":
        return learning.models.build_custom_cnn(RunConfig(model, "/photos"))
    backbone = learning.models.build_backbone(learning.weights.find_weights())
    head = learning.models.build_head(1280, dropout=0.2)
    return learning.models.assemble_mobilenet_v2(backbone, head)


@pytest.mark.parametrize(
    ("model", "share", "is_mirrored"),
    [
        ("custom_cnn", 1, True),
        ("custom_cnn", 0.85, False),
        pytest.param("mobilenet_v2", 0.95, True, marks=pytest.mark.long),
    ],
)
def test_views_are_answered_with_the_mean_of_their_logits(
    learning, model, share, is_mirrored, tmp_path
):
    """In Keras, in its file, in LiteRT's, and in a smaller one; heat maps lie where they belong."""
    learning.keras.utils.set_random_seed(1)
    network = _network(learning, model)
    side = network.input_shape[1]
    pixels = np.random.default_rng(1).integers(0, 256, (side, side, 3), dtype=np.uint8)
    pixels[:, : side // 2] //= 4  # The left half is dark: the two views differ.
    exact = _views_of(pixels, share, is_mirrored)
    seen = learning.views.Views(share, is_mirrored)
    p = learning.views.for_views(network, seen).predict(np.stack(exact), verbose=0)[:, 0]
    expected = 1 / (1 + np.exp(-np.log(p / (1 - p)).mean()))

    complete = learning.views.with_views(network, seen)
    complete.save(tmp_path / "model.keras")
    loaded = learning.keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    answer = loaded.predict(pixels[np.newaxis], verbose=0).item()
    assert answer == pytest.approx(expected, abs=1e-5)
    # Without predict(), a layer that assumes training would make the layers after it train, too.
    assert np.asarray(loaded(pixels[np.newaxis])).item() == pytest.approx(answer, abs=1e-5)
    assert loaded.count_params() == network.count_params()
    for name, exported in (("one", network), ("all", loaded)):
        learning.export.export_network(exported, tmp_path / f"{name}.tflite")
    one, found = (LiteRTModel(tmp_path / f"{name}.tflite") for name in ("one", "all"))
    # This file takes whole pixels.
    views = [np.ascontiguousarray(np.round(view).astype(np.uint8)) for view in exact]
    outputs, (first, *others) = found(pixels), [one(view) for view in views]
    assert outputs["p_dog"].item() == pytest.approx(answer, abs=2e-5)
    heat, vector = first["heatmap"], first["embedding"]
    for other in others:
        heat = (heat + other["heatmap"][:, ::-1]) / 2
        vector = (vector + other["embedding"]) / 2
    _require_in_the_middle(outputs["heatmap"], heat, share)
    distance = np.linalg.norm(outputs["embedding"] - vector) / np.linalg.norm(vector)
    assert distance < (1e-4 if share == 1 else 0.02)
    learning.export.export_float16(loaded, tmp_path / "half.tflite")
    half = LiteRTModel(tmp_path / "half.tflite")(pixels)["p_dog"].item()
    assert half == pytest.approx(expected, abs=5e-3)
    sizes = [(tmp_path / f"{name}.tflite").stat().st_size for name in ("one", "all")]
    assert sizes[1] < 1.05 * sizes[0]  # The weights are there once.


def _views_of(pixels, share, is_mirrored):
    import tensorflow as tf

    side = len(pixels)
    margin = round(side * (1 - share) / 2)
    middle = pixels[margin : side - margin, margin : side - margin]
    view = np.asarray(tf.image.resize(middle, (side, side)))
    return [view, view[:, ::-1]] if is_mirrored else [view]


def _require_in_the_middle(found, heat, share):
    """The map of the whole has the mean of the middle's, and its values where they belong."""
    assert found.mean() == pytest.approx(heat.mean(), rel=0.05, abs=0.02)
    if share == 1:
        np.testing.assert_allclose(found, heat, atol=1e-4)
        return
    begin, slack = (1 - share) / 2, 0.1 * float(np.abs(heat).max())
    for row, column in np.ndindex(heat.shape):
        y, x = (int((begin + share * (at + 0.5) / len(heat)) * len(found)) for at in (row, column))
        assert found[y, x] == pytest.approx(heat[row, column] / share**2, rel=0.02, abs=slack)
    edge = int(begin * len(found))
    assert not found[:edge].any()
    assert not found[:, :edge].any()
