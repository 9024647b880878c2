"""A run's downloads: every format made, measured and kept, whatever one of them does."""

import shutil
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import PROJECT

from catsdogs import paths
from catsdogs.background import tasks
from catsdogs.background.tasks import TaskState
from catsdogs.errors import Cancelled, RunError
from catsdogs.exports import downloads, making, measuring, preparing
from catsdogs.exports.agreement import Agreement
from catsdogs.exports.downloads import Download, Prepared
from catsdogs.exports.formats import FORMATS
from catsdogs.inference import latency
from catsdogs.runs import store
from catsdogs.system import files

REFERENCE = "reference-custom_cnn"
QUICK = ("keras", "litert", "web")


@pytest.fixture
def run(empty_machine):
    """A run that came with the project, without its photos."""
    folder = paths.artifacts_dir() / REFERENCE
    shutil.copytree(PROJECT / "artifacts" / REFERENCE, folder)
    return store.load(folder)


@pytest.fixture
def quick(monkeypatch):
    """A table of the formats that are made in no time, and fewer rounds to time them."""
    monkeypatch.setattr(preparing, "FORMATS", {name: FORMATS[name] for name in QUICK})
    monkeypatch.setattr(latency, "FEWEST", 5)
    monkeypatch.setattr(latency, "MOST", 5)


def prepared(run, watch=lambda: None) -> Prepared:
    return preparing.prepare(run, lambda *_: None, watch)


def content(run, download: Download, name: str) -> bytes:
    with zipfile.ZipFile(downloads.file_of(run, download)) as package:
        return package.read(name)


def test_a_run_without_its_photos_is_made_and_timed_but_not_measured(run, quick):
    found = prepared(run)
    assert found == downloads.read(run)
    litert, page = (found.by_format[name] for name in ("litert", "web"))
    making.make(FORMATS["litert"], run, run.folder / "again.tflite")
    expected = (run.folder / "again.tflite").read_bytes()
    assert content(run, litert, "model.tflite") == expected
    assert litert.size_bytes == downloads.file_of(run, litert).stat().st_size
    assert litert.latency.low_ms <= litert.latency.median_ms <= litert.latency.high_ms
    assert content(run, page, "model.html").startswith(b"<!doctype html>")
    assert "no copy of its dataset" in found.no_photos
    assert all(download.quality is None for download in found.downloads)
    assert "LiteRT file only" in found.by_format["keras"].problem


def test_a_format_that_fails_leaves_the_others(run, quick, monkeypatch):
    def refuse(*_):
        raise RunError("the card is missing")

    monkeypatch.setattr(preparing, "page", refuse)
    found = prepared(run).by_format
    assert found["web"] == Download("web", problem="the card is missing")
    assert found["litert"].file
    assert {path.name for path in downloads.folder_of(run).iterdir()} == {
        "table.json",
        found["litert"].file,
    }


def test_cancelling_keeps_what_was_prepared_before_and_leaves_nothing_else(run, quick):
    before = prepared(run)

    def stop():
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        prepared(run, stop)
    assert downloads.read(run) == before
    assert [path.name for path in downloads.places().glob("[!.]*")] == [
        downloads.folder_of(run).name
    ]
    assert not list(downloads.places().glob(".new-*"))


def test_removing_a_runs_files_spares_a_run_whose_name_begins_alike(run, quick):
    other = downloads.places() / f"{REFERENCE}-plain-12345678"
    prepared(run)
    other.mkdir()
    downloads.forget(run)
    assert downloads.read(run) is None
    assert other.is_dir()


def test_only_the_files_of_the_latest_runs_are_kept(run, quick):
    for number in range(20):
        files.write_text(downloads.places() / f"run{number}-12345678" / "table.json", "{}")
    prepared(run)
    assert len(list(downloads.places().glob("*/table.json"))) < 20
    assert downloads.read(run) is not None


def test_a_damaged_table_counts_as_none(run, quick):
    prepared(run)
    (downloads.folder_of(run) / "table.json").write_text('{"downloads": 3}')
    assert downloads.read(run) is None


def test_a_quality_counts_each_change_and_what_it_does_to_the_accuracy():
    own = np.array([0.1, 0.9, 0.4, 0.6, np.nan])
    p_dog = np.array([0.1, 0.2, 0.7, 0.6, 0.5])
    found = measuring.quality(p_dog, own, np.array([0, 0, 0, 1, 1]))
    assert (found.images, found.to_cat, found.to_dog) == (4, 1, 1)
    assert (found.accuracy, found.own_accuracy) == (0.75, 0.75)
    assert found.equivalence_p > 0.05


def test_a_model_that_another_program_measured_keeps_its_figures_if_no_label_changes():
    same = Agreement(500, 0.96, same_label=1.0, largest_difference=1e-4, to_cat=0, to_dog=0)
    found = measuring.stated(same)
    assert (found.images, found.accuracy, found.own_accuracy) == (500, 0.96, 0.96)
    assert found.equivalence_p < 0.05
    assert measuring.stated(replace(same, to_cat=1)) is None


def test_an_onnx_file_that_does_not_run_is_refused(tmp_path):
    pytest.importorskip("onnxruntime")
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(RunError, match=r"model\.onnx"):
        measuring.loaded(FORMATS["onnx"], tmp_path / "model.onnx")


def test_an_equal_model_is_equivalent_on_enough_photos():
    own = np.linspace(0, 1, 2000)
    assert measuring.quality(own, own, own > 0.4).equivalence_p < 0.001


@pytest.mark.slow
def test_a_trained_run_is_measured_on_its_own_photos(trained_machine, quick):
    run = store.best_usable()[0]
    found = prepared(run).by_format
    assert found["keras"].quality.own_accuracy == pytest.approx(run.result.val_accuracy)
    assert found["litert"].quality.images == run.result.val_images
    assert found["litert"].quality == found["web"].quality
    assert found["keras"].latency is None


def test_the_task_ends_when_asked_to_and_a_second_start_joins_the_first(run, monkeypatch):
    launched = []
    monkeypatch.setattr(tasks.job, "launch", lambda module, folder, log: launched.append(folder))
    first = tasks.start(preparing.KIND, run.run_id)
    assert tasks.start(preparing.KIND, run.run_id).folder == first.folder
    assert launched == [first.folder]
    tasks.cancel(first)
    preparing.main(first.folder)
    assert tasks.find(preparing.KIND, run.run_id).state is TaskState.CANCELLED
    assert downloads.read(run) is None


def test_making_a_file_ends_when_the_watch_raises(run, monkeypatch):
    def asked(program, *arguments, watch):
        watch()

    monkeypatch.setattr(making.processes, "answer_of", asked)
    monkeypatch.setattr(making, "find_spec", lambda name: SimpleNamespace())

    def stop():
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        making.make(FORMATS["onnx"], run, paths.cache_dir() / "model.onnx", watch=stop)
