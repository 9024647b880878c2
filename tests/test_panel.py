"""Which run answers about a picture, and which one decides whether it shows a pet at all."""

import io

import numpy as np
import pytest
from conftest import command_line
from PIL import Image

from catsdogs.errors import RunError
from catsdogs.images.picture import Picture, read_bytes
from catsdogs.inference import rejection
from catsdogs.inference.panel import Decision, Panel, judge
from catsdogs.inference.predictor import Output, Predictor
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.config import RunConfig


@pytest.fixture
def made(empty_machine):
    """Return a function that makes a run, perhaps one that can tell what is neither."""

    def make(model, *, data="photos", can_tell=True):
        about = About(dataset=DatasetReference(name=data, fingerprint="f"))
        folder = store.create(RunConfig(model, f"/{data}"), about)
        if can_tell:
            (folder / layout.REFERENCES).touch()
        return store.load(folder)

    return make


def test_mobilenet_judges_itself_and_the_newest_one_on_the_same_data_a_custom_cnn(made):
    cnn, newer, older = made("custom_cnn"), made("mobilenet_v2"), made("mobilenet_v2")
    usable = [newer, older, cnn]
    assert judge(older, usable) is older
    assert judge(cnn, usable) is newer


def test_a_custom_cnn_judges_itself_where_no_other_can(made):
    cnn = made("custom_cnn")
    elsewhere, mute = made("mobilenet_v2", data="drawings"), made("mobilenet_v2", can_tell=False)
    assert judge(cnn, [elsewhere, mute, cnn]) is cnn
    of_before = made("custom_cnn", can_tell=False)
    assert judge(of_before, [elsewhere, mute, of_before]) is None


def test_a_judge_that_cannot_be_loaded_stops_nobody(made):
    class Loaded:
        side, references = 8, None

        def __call__(self, picture):
            return Output(0.9, np.zeros((1, 1), np.float32), None)

        def shows_both(self, picture, heatmap):
            return None

        def calibrated(self, p_dog):
            return p_dog

    def load(run):
        if run.config.model == "mobilenet_v2":
            raise RunError("damaged")
        return Loaded()

    cnn, broken = made("custom_cnn"), made("mobilenet_v2")
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9)).save(buffer, "PNG")
    picture = Picture(buffer.getvalue())
    (answer,) = Panel([cnn], [broken, cnn], load).answers(picture)
    assert (answer.p_dog, answer.likeness) == (0.9, None)
    with pytest.raises(RunError):
        Panel([cnn, broken], [broken, cnn], load)


def test_who_answers_and_judges_is_loaded_once(made):
    loaded = []
    cnn, newer = made("custom_cnn"), made("mobilenet_v2")
    Panel([cnn, newer], [newer, cnn], loaded.append)
    assert loaded == [cnn, newer]


@pytest.fixture
def trained(trained_machine):
    runs = store.list_runs()[0]
    sample = trained_machine / "data" / "sample"
    content = read_bytes(sample / model_files.read_predictions(runs[0])["path"][0])
    return runs, content


@pytest.mark.slow
def test_each_run_answers_as_it_does_alone(trained):
    runs, content = trained
    together = Panel(runs, runs, Predictor).answers(Picture(content))
    for run, answer in zip(runs, together, strict=True):
        (alone,) = Panel([run], [run], Predictor).answers(Picture(content))
        assert (alone.run_id, alone.p_dog) == (answer.run_id, answer.p_dog)
        np.testing.assert_array_equal(alone.heatmap, answer.heatmap)
        assert alone.likeness == answer.likeness
        assert answer.latency_ms > 0


@pytest.mark.slow
def test_what_is_shown_is_calibrated_and_what_is_like_training_is_named(trained):
    runs, content = trained
    for run, answer in zip(
        runs, Panel(runs, runs, Predictor).answers(Picture(content)), strict=True
    ):
        logits = [np.log(p / (1 - p)) for p in (answer.p_dog, answer.calibrated_p_dog)]
        temperature = run.result.calibration.temperature
        assert logits[0] / logits[1] == pytest.approx(temperature, rel=1e-3)
        training = {one.path for one in answer.likeness.nearest}
        assert len(training) == rejection.SHOWN
        assert not training & set(model_files.read_predictions(run)["path"])
        assert answer.label(Decision(false_refusal=0.001)) in ("cat", "dog")


@pytest.mark.slow
def test_a_run_of_before_answers_without_a_word_on_neither(trained):
    runs, content = trained
    (runs[0].folder / layout.REFERENCES).unlink()
    (answer,) = Panel(runs[:1], runs[:1], Predictor).answers(Picture(content))
    assert answer.likeness is None
    assert answer.label(Decision()) in ("cat", "dog")


@pytest.mark.slow
def test_damaged_references_are_an_error_that_names_the_run(trained, tmp_path):
    runs, content = trained
    (runs[0].folder / layout.REFERENCES).write_bytes(b"damaged")
    with pytest.raises(RunError, match=runs[0].run_id):
        Panel(runs, runs, Predictor)
    (tmp_path / "photo.jpg").write_bytes(content)
    status, said = command_line("classify", tmp_path / "photo.jpg", "--run", runs[0].run_id)
    assert (status, "references.npz" in said["error"]) == (1, True)
