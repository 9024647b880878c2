"""The pictures that Home offers to try."""

import pytest
from conftest import PROJECT

from catsdogs.dataset import index
from catsdogs.inference import answers
from catsdogs.inference.panel import Decision, Panel
from catsdogs.inference.predictor import Predictor
from catsdogs.labels import CLASS_NAMES, NEITHER, label_of_path
from catsdogs.runs import store
from catsdogs.sources import current
from catsdogs.ui.classify import examples


@pytest.fixture(scope="module")
def panel():
    """The two models that come with the project."""
    runs = [store.load(folder) for folder in shipped()]
    return Panel(runs, runs, Predictor)


def shipped():
    return [model.parent for model in (PROJECT / "artifacts").glob("reference-*/model.tflite")]


@pytest.mark.slow
@pytest.mark.parametrize(("label", "number"), examples.DRAWINGS)
def test_both_shipped_models_are_right_about_the_drawings(panel, label, number):
    seen = answers.see("drawing.jpg", lambda: examples.drawing(label, number), panel)
    assert seen.labels(Decision()) == [CLASS_NAMES[label]] * 2


@pytest.mark.slow
@pytest.mark.parametrize("name", examples.SCENES)
def test_both_shipped_models_call_the_scenes_neither(panel, name):
    seen = answers.see(name, lambda: examples.scene(name), panel)
    assert seen.labels(Decision()) == [NEITHER] * 2


def test_real_photos_come_from_the_validation_side_of_the_dataset(kaggle_folder):
    current.choose(kaggle_folder)
    assert len(examples.examples()) == 8  # Not scanned yet: the included ones.
    index.scan(kaggle_folder)
    offered = examples.examples()
    names = [one.picture.name for one in offered]
    assert sorted(label_of_path(name) for name in names) == [0, 0, 1, 1]
    assert names != sorted(names)
    assert all(one.thumbnail for one in offered)
    for one in offered:
        assert one.picture.read() == (kaggle_folder / one.picture.name).read_bytes()


def test_an_example_whose_file_is_gone_has_no_thumbnail(kaggle_folder):
    current.choose(kaggle_folder)
    index.scan(kaggle_folder)
    for path in kaggle_folder.iterdir():
        path.unlink()
    assert not any(one.thumbnail for one in examples.examples())
