"""Runs that come with the project: their content and abilities, and that they cannot change."""

import json
import os
import re
import socket
import subprocess

import numpy as np
import pytest
from conftest import NATIVE_ZIP, PROJECT, WEIGHTS, command_line

from catsdogs import paths
from catsdogs.errors import RunError
from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL
from catsdogs.features.backbones import IMAGENET, SHIPPED
from catsdogs.inference.predictor import Predictor
from catsdogs.inference.rejection import COUNT, References
from catsdogs.runs import layout, model_files, queue, store
from catsdogs.sources import opening
from tools import results

ARTIFACTS = PROJECT / "artifacts"
WITH_MODEL = {"reference-custom_cnn", "reference-mobilenet_v2-fine_tuned"}
WITHOUT = {"reference-custom_cnn-plain", "reference-mobilenet_v2"}
MOST_BYTES = 24_000_000


@pytest.fixture
def a_reference_run(trained_machine):
    """One of two trained runs, as if it came with the project, without its Keras file."""
    run = store.list_runs()[0][0]
    about = json.loads((run.folder / layout.CONFIG).read_text("utf-8"))
    (run.folder / layout.CONFIG).write_text(json.dumps({**about, "reference": True}), "utf-8")
    (run.folder / layout.KERAS_MODEL).unlink()
    return store.load(run.folder)


@pytest.fixture
def shipped(monkeypatch):
    """The runs in the project's own folder, by id."""
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(ARTIFACTS))
    found, broken = store.list_runs()
    assert not broken
    return {run.run_id: run for run in found if run.is_reference}


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [queue.delete, queue.resume, lambda run: queue.extend(run, 1)],
    ids=["delete", "resume", "extend"],
)
def test_a_reference_run_stays_as_it_is(a_reference_run, change):
    before = {path: path.read_bytes() for path in a_reference_run.folder.iterdir()}
    with pytest.raises(RunError, match="Expected a run of your own"):
        change(a_reference_run)
    assert {path: path.read_bytes() for path in a_reference_run.folder.iterdir()} == before


@pytest.mark.slow
def test_the_command_line_says_which_run_is_one(a_reference_run):
    status, result = command_line("runs", "delete", a_reference_run.run_id)
    assert status == 1
    assert "python -m catsdogs train" in result["error"]
    _, listed = command_line("runs", "list")
    assert [run["run"] for run in listed if run["reference"]] == [a_reference_run.run_id]


@pytest.mark.slow
def test_a_reference_run_is_exported_as_it_came(a_reference_run, tmp_path):
    out = tmp_path / "out"
    assert (
        command_line("export", a_reference_run.run_id, "--format", "litert", "--out", out)[0] == 0
    )
    for form in ("keras", "litert-int8", "litert-float16"):
        other = tmp_path / form
        status, result = command_line(
            "export", a_reference_run.run_id, "--format", form, "--out", other
        )
        assert status == 1
        assert "--format litert" in result["error"]
        assert not other.exists()


@pytest.mark.slow
def test_one_without_its_model_is_compared_but_not_asked(a_reference_run, photo, tmp_path):
    (a_reference_run.folder / layout.LITERT_MODEL).unlink()
    picture = photo(tmp_path / "a.jpg")
    status, result = command_line("classify", picture, "--run", a_reference_run.run_id)
    assert status == 1
    assert "without its model file" in result["error"]
    (other,) = (run for run in store.list_runs()[0] if not run.is_reference)
    _, answers = command_line("classify", picture)
    assert [one["run"] for one in answers[0]["results"]] == [other.run_id]
    assert command_line("compare", a_reference_run.run_id, other.run_id)[0] == 0


def test_what_is_shipped_is_small_and_shows_no_photo():
    listed = subprocess.run(
        ["git", "-C", PROJECT, "ls-files", "-z", "artifacts"], capture_output=True, check=True
    )
    names = [PROJECT / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    assert sum(path.stat().st_size for path in names) <= MOST_BYTES
    for path in names:
        content = path.read_bytes()
        assert b"\xff\xd8\xff" not in content[:4], path
        assert b"\x89PNG" not in content[:4], path
        if path.suffix in (".json", ".jsonl", ".md"):
            assert not re.search(rb"/(home|tmp|root|work|Users)/", content), path


def test_four_runs_are_shipped_and_two_of_them_can_be_asked(shipped):
    assert set(shipped) == WITH_MODEL | WITHOUT
    assert {name for name, run in shipped.items() if run.can_classify} == WITH_MODEL
    assert {run.run_id for run in store.best_usable()} == WITH_MODEL
    for run in shipped.values():
        assert run.about.annotations.excluded > 0
        assert run.config.seed == 1
        assert len(model_files.read_predictions(run)) == run.result.val_images
        assert run.view.epochs
    assert shipped["reference-mobilenet_v2-fine_tuned"].config.fine_tune_from == "block_4"


@pytest.mark.slow
def test_the_shipped_models_call_noise_neither(shipped, photo, tmp_path):
    _, answers = command_line("classify", photo(tmp_path / "noise.png", size=(300, 300)))
    said = {one["run"]: one["label"] for one in answers[0]["results"]}
    assert said == dict.fromkeys(WITH_MODEL, "neither")


def test_the_shipped_fine_tuned_run_knows_other_things_and_keeps_to_its_limit(shipped):
    kept = References.read(shipped["reference-mobilenet_v2-fine_tuned"].folder)
    assert kept.knows_others
    assert len(kept.vectors_int8) == COUNT
    assert kept.rates.validation <= kept.rates.unseen <= DEFAULT_FALSE_REFUSAL


def test_the_results_in_the_readme_are_those_of_the_runs():
    text = (PROJECT / "README.md").read_text("utf-8")
    assert results.BEGIN + results.table(ARTIFACTS) + results.END in text


@pytest.mark.realdata
@pytest.mark.slow
def test_the_shipped_models_say_of_real_photos_what_training_ended_with(shipped, native_zip):
    root = opening.open_source(NATIVE_ZIP)
    for name in WITH_MODEL:
        run = shipped[name]
        said = model_files.read_predictions(run).set_index("path")["p_dog"]
        names = [path for path in said.index if (root / path).is_file()]
        answers = dict(Predictor(run).p_dog_of_files(root, names))
        assert len(names) > 300
        both = np.array([[said[path], answers[path]] for path in names])
        assert np.mean((both[:, 0] >= 0.5) == (both[:, 1] >= 0.5)) >= 0.997
        assert np.abs(both[:, 0] - both[:, 1]).mean() < 0.002


@pytest.fixture
def closed_network(tmp_path, monkeypatch):
    """No weights in Keras' cache, and a proxy that nobody answers at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("CATSDOGS_MOBILENET_WEIGHTS", raising=False)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    return tmp_path


@pytest.mark.slow
def test_behind_a_closed_network_a_run_begins_from_the_shipped_backbone_and_says_so(
    closed_network, trained_machine, put_backbone
):
    put_backbone(paths.shipped_backbone(), trained_machine / "cache")
    sample = trained_machine / "data" / "sample"
    status, result = command_line(
        *("train", "--model", "mobilenet_v2", "--data", sample, "--epochs", 1)
    )
    assert status == 0, result
    run = store.find(result["run"])
    assert run.began_from == SHIPPED
    assert "optimistic" in run.caveat
    assert run.caveat in (run.folder / layout.MODEL_CARD).read_text("utf-8")
    assert command_line("runs", "show", run.run_id)[1]["caveat"] == run.caveat
    (other, *_) = (one for one in store.list_runs()[0] if one.config.model == "custom_cnn")
    assert (other.began_from, other.caveat) == (IMAGENET, "")
    assert command_line("compare", run.run_id, other.run_id)[1]["caveats"] == {"a": run.caveat}


@pytest.mark.long
@pytest.mark.slow
def test_a_run_goes_on_only_from_the_weights_that_it_began_from(
    closed_network, trained_machine, imagenet_weights
):
    sample = trained_machine / "data" / "sample"
    arguments = ("train", "--model", "mobilenet_v2", "--data", sample, "--epochs", 1)
    began_offline = store.find(command_line(*arguments)[1]["run"])
    from_imagenet = {"CATSDOGS_MOBILENET_WEIGHTS": imagenet_weights}
    began_online = store.find(command_line(*arguments, **from_imagenet)[1]["run"])
    extend = ("--epochs", 1)
    status, _ = command_line("runs", "extend", began_offline.run_id, *extend, **from_imagenet)
    assert (status, store.load(began_offline.folder).began_from) == (0, SHIPPED)
    status, said = command_line("runs", "extend", began_online.run_id, *extend)
    assert status == 1
    assert "Expected the weights that this run started from (imagenet)" in said["error"]
    assert store.load(began_online.folder).began_from == IMAGENET


@pytest.mark.slow
def test_a_file_in_the_place_of_the_weights_is_told_and_stays(closed_network, trained_machine):
    path = closed_network / "keras" / "models" / WEIGHTS
    path.parent.mkdir(parents=True)
    path.write_bytes(b"my own")
    sample = trained_machine / "data" / "sample"
    status, said = command_line("train", "--model", "mobilenet_v2", "--data", sample)
    assert status == 1
    assert "Expected ImageNet's weights" in said["error"]
    assert path.read_bytes() == b"my own"
