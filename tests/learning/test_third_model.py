"""A third model needs an entry in ``runs/models.py`` and one in ``learning/models.py``: no more."""

import json
import subprocess
import sys

import keras
import pytest
from keras import layers

from catsdogs.cli.parser import main
from catsdogs.learning import models as networks
from catsdogs.learning import worker
from catsdogs.runs import models, queue, store
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State, phases_of
from catsdogs.runs.models import ModelInfo
from catsdogs.sources.sample import draw_sample
from catsdogs.system import processes
from catsdogs.ui.train import settings

pytestmark = [
    pytest.mark.slow,
    # TensorFlow's own conversion to NumPy, which the worker meets in a process of its own.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]
NAME, SIDE = "two_convolutions", 32


def build_two_convolutions(config, *, precision=None):
    pixels = keras.Input((SIDE, SIDE, 3), dtype="uint8", name="image")
    x = layers.Rescaling(1 / 255)(pixels)
    x = layers.MaxPooling2D()(layers.Conv2D(8, 3)(x))
    x = layers.ReLU()(x)
    x = layers.MaxPooling2D()(layers.Conv2D(8, 3)(x))
    x = layers.ReLU(name=networks.LAST_MAPS)(x)
    x = layers.Dense(8, name=networks.HIDDEN)(layers.Flatten()(x))
    x = layers.ReLU(name=f"{networks.HIDDEN}_active")(x)
    return keras.Model(pixels, layers.Dense(1, activation="sigmoid", name="p_dog")(x), name=NAME)


@pytest.fixture
def third_model(monkeypatch):
    register(monkeypatch)


def register(monkeypatch):
    """Register the model where a new one is registered."""
    info = ModelInfo(
        short_title="Tiny",
        title="Two convolutions",
        side=SIDE,
        learning_rate=1e-3,
        dropout=0.0,
        smallest_crop=0.8,
        summary="The smallest network that can be trained here.",
        augmentation="Crop and mirror.",
    )
    monkeypatch.setitem(models.MODELS, NAME, info)
    monkeypatch.setitem(networks.NETWORKS, NAME, build_two_convolutions)


@pytest.fixture
def trained(third_model, tmp_path, monkeypatch):
    """Two runs of it, trained by the worker's own code in this process, where it is registered."""
    draw_sample(tmp_path / "sample", images=40)
    sleepers = []

    def launch(module, folder, *, log, on_exit):
        sleepers.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))
        return processes.identity_of(sleepers[-1].pid)

    def run(seed):
        config = RunConfig(NAME, str(tmp_path / "sample"), epochs=1, batch_size=8, seed=seed)
        queued = queue.start(config)
        assert worker.main(queued.folder) == 0
        return store.load(queued.folder)

    monkeypatch.setattr(processes, "launch", launch)
    yield [run(seed) for seed in (1, 1)]
    for sleeper in sleepers:
        sleeper.kill()
        sleeper.wait()


def test_it_trains_compares_classifies_and_exports(trained, tmp_path, capsys):
    def said(*words):
        assert main([*map(str, words), "--json"]) in (0, 2)
        return json.loads(capsys.readouterr().out)

    a, b = (run.run_id for run in trained)
    assert all(run.state is State.FINISHED for run in trained)
    assert (
        said("runs", "show", a)["result"]["parameters"]
        == build_two_convolutions(None).count_params()
    )
    assert said("compare", a, b)["difference"]["value"] == 0
    (answer,) = said("classify", tmp_path / "sample" / "cat.0.jpg", "--run", a)
    assert {result["run"] for result in answer["results"]} == {a}
    for form, name in (("keras", "a.keras"), ("litert", "a.tflite")):
        assert said("export", a, "--format", form, "--out", tmp_path / name)["bytes"] > 1000
    assert trained[0].title.startswith("Two convolutions")


def test_form_and_phases_know_what_it_can_do(third_model):
    assert phases_of(models.MODELS[NAME]) == ("decode", "fit", "evaluate", "export")
    shown = [name for name, one in settings.SETTINGS.items() if one.applies(models.MODELS[NAME])]
    assert "precision" in shown
    assert not {"fine_tune", "fine_tune_from", "engine"} & set(shown)
