"""The number of a run stays its own, whatever happens to other runs."""

from datetime import datetime
from unittest.mock import Mock

import pytest

from catsdogs.charts.style import RUN_COLOURS, run_colour
from catsdogs.runs import numbers, queue, store
from catsdogs.runs.about import About, DatasetReference, Machine
from catsdogs.runs.config import RunConfig
from catsdogs.runs.run import Remarks

ABOUT = About(dataset=DatasetReference(name="photos", fingerprint="f"), machine=Machine())


@pytest.fixture
def created(empty_machine):
    """A function that creates a run of a model, and returns it."""
    return lambda model: store.load(store.create(RunConfig(model, "photos"), ABOUT))


def test_a_run_is_named_after_its_model_and_its_number(created):
    assert created("custom_cnn").short_name == "CNN 1"
    assert created("mobilenet_v2").short_name == "MobileNet 2"


def test_runs_of_one_second_that_draw_the_same_digits_get_a_folder_each(created, monkeypatch):
    digits = iter(["beef", "beef", "cafe"])
    monkeypatch.setattr(store, "token_hex", lambda _: next(digits))
    monkeypatch.setattr(store, "datetime", Mock(now=Mock(return_value=datetime(2026, 1, 1))))
    first, second = created("custom_cnn"), created("custom_cnn")
    assert [run.run_id[-4:] for run in (first, second)] == ["beef", "cafe"]


def test_a_deleted_run_leaves_its_number_free(created):
    first, second = created("custom_cnn"), created("custom_cnn")
    queue.delete(first)
    assert store.load(second.folder).short_name == "CNN 2"
    assert created("custom_cnn").short_name == "CNN 3"


def test_runs_of_older_versions_are_numbered_by_their_age(created):
    runs = sorted((created("custom_cnn") for _ in range(3)), key=lambda run: run.run_id)
    (runs[0].folder.parent / "run-numbers.json").unlink()
    assert [store.load(run.folder).number for run in runs] == [1, 2, 3]


@pytest.mark.parametrize("content", ["", "[]", '{"a": "b"}', '{"a": Infinity}', "[" * 100_000])
def test_a_damaged_file_of_numbers_is_made_again(created, content):
    first = created("custom_cnn")
    (first.folder.parent / "run-numbers.json").write_text(content)
    second = created("custom_cnn")
    assert {numbers.number(run.folder) for run in (first, second)} == {1, 2}


def test_the_owners_name_comes_first(created):
    run = created("custom_cnn")
    store.remark(run, Remarks(name="My best"))
    assert store.load(run.folder).short_name == "My best"


def test_neighbouring_runs_differ_in_colour(created):
    colours = [run_colour(created("custom_cnn")) for _ in range(6)]
    assert len(set(colours)) == 6
    assert set(colours) <= set(RUN_COLOURS)
