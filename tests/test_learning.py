"""TensorFlow's side, without a run: the networks, the batches, what a fit reports."""

import numpy as np
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def learning():
    """The package, imported late: TensorFlow takes seconds."""
    from catsdogs.learning import export, models, pipeline, reporting

    class Learning:
        pass

    Learning.export, Learning.models = export, models
    Learning.pipeline, Learning.reporting = pipeline, reporting
    return Learning


@pytest.fixture
def fit(learning):
    """Return a function that fits a head on some vectors; gives its recorder and its events."""

    def run(vectors, *, stop_after=10**9, epochs=3):
        events = []
        reporter = learning.reporting.Reporter(
            lambda event, **values: events.append({"event": event, **values}),
            should_stop=lambda: sum(e["event"] == "batch" for e in events) >= stop_after,
        )
        head = learning.models.build_head(vectors.shape[1])
        head.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        recorder = learning.reporting.TrainingRecorder(
            reporter, keep_best=True, batch_size=8, images=len(vectors)
        )
        labels = (vectors[:, 0] > 0).astype(np.float32)
        head.fit(
            *(vectors, labels),
            validation_data=(vectors, labels),
            batch_size=8,
            epochs=epochs,
            verbose=0,
            callbacks=[recorder],
        )
        return recorder, events

    return run


@pytest.fixture
def vectors():
    return np.random.default_rng(2).normal(size=(37, 5)).astype(np.float32)


def kinds(events, kind):
    return [event for event in events if event["event"] == kind]


def test_a_fit_that_ran_to_its_end_was_not_cut_short(fit, vectors):
    recorder, events = fit(vectors)
    assert (recorder.cut_short, recorder.diverged) == (False, False)
    assert [event["epoch"] for event in kinds(events, "epoch")] == [1, 2, 3]
    assert len(kinds(events, "batch")) == 3 * 5


def test_a_stop_at_the_very_last_batch_cuts_nothing_short(fit, vectors):
    assert not fit(vectors, stop_after=15)[0].cut_short


def test_a_stop_in_the_middle_ends_after_that_batch(fit, vectors):
    recorder, events = fit(vectors, stop_after=7)
    assert recorder.cut_short
    assert len(kinds(events, "batch")) == 7


def test_a_loss_that_is_no_number_ends_the_fit_and_is_not_reported(fit, vectors):
    vectors[20] = np.nan
    recorder, events = fit(vectors)
    assert recorder.diverged
    assert kinds(events, "epoch") == []
    assert all(np.isfinite(event["loss"]) for event in kinds(events, "batch"))


def test_parameter_counts_are_exact(learning):
    assert learning.models.build_custom_cnn("plain").count_params() == 4_828_481
    assert learning.models.build_custom_cnn("default").count_params() <= 4_900_000


@pytest.mark.parametrize("recipe", ["plain", "default"])
def test_the_heat_map_is_grad_cam(learning, recipe, tmp_path):
    """Against automatic differentiation, which the exported graph does without."""
    import tensorflow as tf
    from keras import Model

    from catsdogs.litert import LiteRTModel

    model = learning.models.build_custom_cnn(recipe)
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


def test_augmented_images_are_mirrored_or_shifted_originals(learning):
    images = np.zeros((64, 20, 20, 3), dtype=np.uint8)
    images[:, 8:12, 3:6] = 255
    changed = learning.pipeline.augmented(images, np.random.default_rng(3))
    assert changed.shape == images.shape
    assert changed.dtype == np.uint8
    # The bright patch is still there, whole, somewhere near.
    assert (changed.sum(axis=(1, 2, 3)) == images[0].sum()).all()
    columns = {int(np.flatnonzero(image.any(axis=(0, 2)))[0]) for image in changed}
    assert min(columns) < 6
    assert max(columns) > 11
