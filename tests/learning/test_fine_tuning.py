"""MobileNetV2 on drawn pictures, with its real weights: fine-tuned, stopped, resumed, in int8."""

import numpy as np
import pytest
from conftest import command_line

from catsdogs.features.litert import LiteRTModel
from catsdogs.inference.predictor import Predictor
from catsdogs.runs import layout, model_files, queue
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(tmp_path_factory, imagenet_weights, put_backbone):
    root = tmp_path_factory.mktemp("tuned")
    places = {f"CATSDOGS_{name}": root / name.lower() for name in ("DATA", "ARTIFACTS", "CACHE")}
    places["CATSDOGS_MOBILENET_WEIGHTS"] = imagenet_weights
    put_backbone(imagenet_weights, root / "cache")
    with pytest.MonkeyPatch.context() as patch:
        for name, place in places.items():
            patch.setenv(name, str(place))
        assert command_line("data", "sample", "--images", 60)[0] == 0
        yield places


@pytest.fixture
def sample(world, monkeypatch):
    for name, place in world.items():
        monkeypatch.setenv(name, str(place))
    return world["CATSDOGS_DATA"] / "sample"


@pytest.fixture(scope="module")
def frozen(world):
    """A run of the head alone, and the cached rows that it left."""
    run = trained(world["CATSDOGS_DATA"] / "sample")
    assert run.state is State.FINISHED, run.message
    return run, cached(world)


def trained(sample, **settings):
    config = RunConfig("mobilenet_v2", str(sample), epochs=2, batch_size=8, **settings)
    return queue.follow(queue.start(config), lambda seen: None)


def cached(world):
    return {path.name for path in world["CATSDOGS_CACHE"].rglob("*.npy")}


@pytest.mark.long
def test_mirrored_views_are_computed_once(frozen, sample, world):
    _, before = frozen
    assert trained(sample, augment=True).state is State.FINISHED
    with_views = cached(world)
    assert len(with_views) == len(before) + 1
    trained(sample, augment=True, seed=2)
    assert cached(world) == with_views


@pytest.mark.parametrize(
    ("begin", "mirrored"),
    [("block_16", False), pytest.param("all", True, marks=pytest.mark.long)],
)
def test_a_fine_tuned_runs_exported_model_gives_its_predictions(sample, begin, mirrored):
    settings = {"fine_tune": 1, "fine_tune_from": begin, "mirrored_view": mirrored}
    run = trained(sample, **settings, fine_tune_learning_rate=1e-3)
    assert run.state is State.FINISHED, run.message
    assert [epoch.epoch for epoch in run.view.epochs] == [1, 2, 3]
    assert run.result.parameters == 2_259_265
    table = model_files.read_predictions(run)
    answers = dict(Predictor(run).p_dog_of_files(sample, list(table["path"])))
    np.testing.assert_allclose([answers[path] for path in table["path"]], table["p_dog"], atol=1e-3)


@pytest.mark.long
def test_fine_tuning_that_was_stopped_resumes_exactly(sample):
    settings = {"fine_tune": 3, "fine_tune_from": "block_16", "fine_tune_learning_rate": 1e-3}
    whole = trained(sample, **settings)
    config = RunConfig("mobilenet_v2", str(sample), epochs=2, batch_size=8, **settings)
    asked = []

    def stop_in_the_third_epoch(seen):
        if len(seen.view.epochs) >= 2 and not asked:
            asked.append(seen)
            queue.request_stop(seen)

    run = queue.follow(queue.start(config), stop_in_the_third_epoch)
    assert run.state is State.STOPPED
    assert len(run.view.epochs) < 5
    run = queue.follow(queue.resume(run), lambda seen: None)
    assert run.state is State.FINISHED, run.message
    found, expected = (model_files.read_predictions(r)["p_dog"] for r in (run, whole))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.long
def test_an_int8_engine_learns_from_close_vectors_and_is_measured_on_exact_ones(frozen, sample):
    exact, close = frozen[0], trained(sample, engine="litert-int8")
    assert close.state is State.FINISHED, close.message
    assert (exact.result.engine, close.result.engine) == ("litert", "litert-int8")
    assert close.result.val_loss != exact.result.val_loss
    table = model_files.read_predictions(close)
    answers = dict(Predictor(close).p_dog_of_files(sample, list(table["path"])))
    np.testing.assert_allclose([answers[path] for path in table["path"]], table["p_dog"], atol=1e-3)


@pytest.mark.long
def test_keras_computes_the_same_vectors(frozen, sample):
    by_keras, exact = trained(sample, engine="keras"), frozen[0]
    assert by_keras.result.engine == "keras"
    p_dog = [model_files.read_predictions(run)["p_dog"] for run in (by_keras, exact)]
    np.testing.assert_allclose(*p_dog, atol=1e-3)


@pytest.mark.long
@pytest.mark.parametrize(
    ("form", "share", "agreement"), [("litert-int8", 0.4, 0.8), ("litert-float16", 0.55, 1)]
)
def test_a_run_is_exported_smaller_with_what_it_is_worth(
    frozen, sample, tmp_path, form, share, agreement
):
    run, _ = frozen
    out = tmp_path / "small.tflite"
    status, result = command_line("export", run.run_id, "--format", form, "--out", out)
    assert status == 0, result
    assert out.stat().st_size < share * (run.folder / layout.LITERT_MODEL).stat().st_size
    assert result["images"] == run.result.val_images
    assert result["same_label"] >= agreement
    image = np.zeros((224, 224, 3), np.uint8)
    assert set(LiteRTModel(out)(image)) == {"p_dog", "heatmap", "embedding"}
