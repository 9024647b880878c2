"""Runs from version 95141af, before the code was rearranged, with the code of today.

``old_runs/README.md`` says what they are and how they were made.
"""

import json
import shutil
import tarfile

import numpy as np
import pytest
from conftest import PROJECT, command_line

from catsdogs import paths
from catsdogs.dataset import index
from catsdogs.features.backbones import SHIPPED
from catsdogs.inference.predictor import Predictor
from catsdogs.inference.rejection import References
from catsdogs.runs import layout, model_files, queue, store
from catsdogs.runs.events import State
from catsdogs.runs.run import Remarks
from catsdogs.sources.sample import draw_sample

pytestmark = pytest.mark.slow

ARCHIVE = PROJECT / "tests" / "old_runs" / "runs.tar.xz"
IMAGES, SEED = 60, 7
STATES = {
    "finished": State.FINISHED,
    "fine_tuned": State.FINISHED,
    "stopped": State.STOPPED,
    "failed": State.FAILED,
    "lost": State.LOST,
    "queued": State.QUEUED,
}
WITH_MODEL = ("finished", "fine_tuned", "stopped")


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """The photos that the runs were trained on, drawn by today's code."""
    return draw_sample(tmp_path_factory.mktemp("old") / "sample", images=IMAGES, seed=SEED)


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory, sample):
    """The folders of the old runs by name. Only the path of the photos is another."""
    root = tmp_path_factory.mktemp("old_runs")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(root, filter="data")
    for folder in root.iterdir():
        config = folder / layout.CONFIG
        about = json.loads(config.read_text("utf-8"))
        about["config"]["data"] = str(sample)
        config.write_text(json.dumps(about), "utf-8")
    return root


@pytest.fixture
def old(unpacked, empty_machine):
    """Return a function that puts old runs, by name, among this machine's runs."""

    def put(*names):
        folders = []
        for name in names:
            about = json.loads((unpacked / name / layout.CONFIG).read_text("utf-8"))
            folders.append(empty_machine / "artifacts" / about["run"])
            shutil.copytree(unpacked / name, folders[-1])
        return [store.load(folder) for folder in folders]

    return put


def ended(run):
    return queue.follow(run, lambda seen: None)


def epochs(run):
    return [epoch.epoch for epoch in run.view.epochs]


def test_todays_sample_is_the_one_they_were_trained_on(old, sample):
    runs = old(*STATES)
    fingerprint = index.scan(sample).fingerprint()
    assert {run.about.dataset.fingerprint for run in runs} == {fingerprint}


def test_each_is_listed_in_the_state_it_was_left_in(old):
    runs = old(*STATES)
    listed, broken = store.list_runs()
    assert not broken
    assert [run.state for run in runs] == list(STATES.values())
    assert {run.run_id: run.state for run in listed} == {run.run_id: run.state for run in runs}


def test_what_its_owner_said_of_one_is_kept(old):
    (run,) = old("finished")
    assert run.remarks == Remarks("old", "one", starred=True)


@pytest.mark.parametrize("name", WITH_MODEL)
def test_files_that_are_kept_are_as_their_run_left_them(old, name):
    (run,) = old(name)
    for file in (layout.LITERT_MODEL, layout.PREDICTIONS, layout.REFERENCES):
        model_files.intact(run, file)
    assert len(model_files.read_predictions(run)) == run.result.val_images
    assert References.read(run.folder) is not None


@pytest.mark.parametrize(("name", "planned"), [("finished", 3), ("fine_tuned", 3), ("lost", 150)])
def test_its_settings_and_epochs_are_read(old, name, planned):
    (run,) = old(name)
    assert (run.config.model, run.config.batch_size, run.config.seed) == ("mobilenet_v2", 8, SEED)
    assert run.epochs_planned == planned
    assert epochs(run) == list(range(1, run.epochs_done + 1))
    assert run.began_from == SHIPPED


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_MODEL)
def test_a_model_gives_the_answers_that_were_recorded(old, sample, name):
    (run,) = old(name)
    recorded = model_files.read_predictions(run).set_index("path")["p_dog"]
    found = dict(Predictor(run).p_dog_of_files(sample, list(recorded.index)))
    # The model is kept in half the precision that it was trained in.
    np.testing.assert_allclose([found[path] for path in recorded.index], recorded, atol=0.01)


@pytest.mark.slow
def test_two_are_compared_and_classify_together(old, sample):
    ids = [run.run_id for run in old("finished", "fine_tuned")]
    status, result = command_line("compare", *ids)
    assert status == 0, result
    assert result["images"] == 12
    status, answers = command_line("classify", sample / "cat.1.jpg", "--run", *ids)
    assert status == 0, answers
    assert [one["run"] for one in answers[0]["results"]] == ids


@pytest.mark.slow
@pytest.mark.parametrize("name", ["stopped", pytest.param("lost", marks=pytest.mark.long)])
def test_one_that_was_cut_short_goes_on_where_it_was(old, put_backbone, name):
    put_backbone(paths.shipped_backbone(), paths.cache_dir())
    (run,) = old(name)
    assert 0 < run.epochs_done < run.epochs_planned
    before = run.view.epochs
    run = shortened(run, len(before) + 3)
    run = ended(queue.resume(run))
    assert run.state is State.FINISHED, run.message
    assert run.epochs_done == run.epochs_planned
    assert run.view.epochs[: len(before)] == before
    assert run.result.val_accuracy == 1


def shortened(run, epochs):
    """Plan fewer epochs: all 150 take half a minute."""
    config = run.folder / layout.CONFIG
    about = json.loads(config.read_text("utf-8"))
    about["config"]["epochs"] = epochs
    config.write_text(json.dumps(about), "utf-8")
    return store.load(run.folder)


@pytest.mark.long
@pytest.mark.parametrize("name", ["queued", "failed"])
def test_one_that_never_began_is_trained_from_the_start(old, name, monkeypatch):
    monkeypatch.setenv("CATSDOGS_MOBILENET_WEIGHTS", str(paths.shipped_backbone()))
    (run,) = old(name)
    run = ended(queue.resume(run) if run.state is State.FAILED else run)
    assert run.state is State.FINISHED, run.message
    assert epochs(run) == [1, 2]


@pytest.mark.slow
@pytest.mark.long
def test_a_finished_one_is_extended(old, put_backbone):
    put_backbone(paths.shipped_backbone(), paths.cache_dir())
    (run,) = old("finished")
    before = run.result.sha256
    run = ended(queue.extend(run, 1))
    assert run.state is State.FINISHED, run.message
    assert epochs(run) == [1, 2, 3, 4]
    assert run.result.sha256.keys() == before.keys() | {layout.TRAINING}
    assert run.result.val_loss < 0.5
