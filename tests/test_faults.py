"""Real workers that are killed, run out of disk or are started too often, and their remains.

``make torture`` kills many more of them, at random.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from conftest import PROJECT

from catsdogs.dataset import annotations, index
from catsdogs.errors import RunError
from catsdogs.features import litert
from catsdogs.images.picture import Picture
from catsdogs.inference.predictor import Predictor
from catsdogs.runs import event_file, layout, model_files, queue, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State
from catsdogs.sources.sample import draw_sample
from catsdogs.system import files, locks, processes

pytestmark = pytest.mark.slow

_PATIENCE_S = 240
# A run on it has epochs of eight batches, which take milliseconds for the transfer run.
SETTINGS = {
    "custom_cnn": {"epochs": 3, "batch_size": 4},
    "mobilenet_v2": {"epochs": 60, "batch_size": 4},
    "fine_tuned": {
        "model": "mobilenet_v2",
        "epochs": 2,
        "fine_tune": 2,
        "fine_tune_from": "block_16",
        "batch_size": 4,
    },
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A folder with a small drawn sample, and a cache that fills up during the tests."""
    root = tmp_path_factory.mktemp("faults")
    draw_sample(root / "sample", images=40)
    return root


@pytest.fixture
def sample(world, empty_machine, monkeypatch):
    """The sample, on a machine that has no runs yet. No worker outlives the test."""
    monkeypatch.setenv("CATSDOGS_CACHE", str(world / "cache"))
    artifacts = empty_machine / "artifacts"
    yield world / "sample"
    for process in at_work(artifacts):
        process.kill()
    # A thread that waits for a worker checks the queue when it ends, which must not be the next
    # test's.
    for thread in threading.enumerate():
        if thread.name.startswith("process "):
            thread.join()


@pytest.fixture
def uninterrupted(world, sample):
    """Return a function that gives the finished run of a model that nothing ever happened to."""

    def trained(model):
        kept = world / f"uninterrupted-{model}"
        if not kept.exists():
            run = followed(queue.start(config(model, sample)))
            assert run.state is State.FINISHED, run.message
            shutil.copytree(run.folder, kept)
            queue.delete(run)
        return store.load(kept)

    return trained


@pytest.fixture
def small_disk(tmp_path, sample, monkeypatch):
    """Artifacts on a disk of 400 MB; tests are skipped where none can be made."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", disk]
    if not sys.platform.startswith("linux") or subprocess.run(command).returncode:
        pytest.skip("this user may not mount a small disk")
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(disk / "artifacts"))
    yield disk
    for process in at_work(disk):
        process.kill()
        process.wait()
    subprocess.run(["umount", "--lazy", disk], check=True)


def config(kind, sample, **settings):
    return RunConfig(data=str(sample), **{"model": kind, **SETTINGS[kind], **settings})


def followed(run):
    return queue.follow(run, lambda seen: None)


def until(condition):
    """Wait for a truthy answer and return it."""
    give_up_at = time.monotonic() + _PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < give_up_at, "waited in vain"
        time.sleep(0.001)
    return found


def events(folder, *kinds):
    return [event for event in event_file.read_events(folder) if event["event"] in kinds]


def begun(folder):
    """Return whether the worker has said its first word."""
    return bool(events(folder, "started"))


def fitted(*place):
    """Return whether a run has reported a batch at or after this (epoch, step)."""
    return lambda folder: any((e["epoch"], e["step"]) >= place for e in events(folder, "batch"))


def writing(suffix):
    """Return whether a run is writing a file with this suffix."""
    return lambda folder: any(folder.glob(f".tmp-*{suffix}"))


def in_phase(name):
    """Return whether a run is in this phase, or was."""
    return lambda folder: any(e["name"] == name for e in events(folder, "phase"))


def killed(run, moment):
    """Kill the run's worker at a moment, and return the run."""
    until(lambda: moment(run.folder) or not store.load(run.folder).state.is_active)
    if (worker := store.load(run.folder).worker) is not None:
        processes.kill(worker)
    run = store.load(run.folder)
    assert run.state is State.LOST
    check_folder(run.folder)
    return run


def at_work(folder):
    """Return the processes that have this folder, or one in it, in their command line."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if any(word == str(folder) or word.startswith(f"{folder}/") for word in words):
            found.append(process)
    return found


def check_folder(folder):
    """Check that every file that can be seen is whole, and that no process works here now."""
    check_whole(folder.iterdir())
    until(lambda: not [p for p in at_work(folder) if p.status() != psutil.STATUS_ZOMBIE])


def check_whole(paths):
    """Check that those of these files that can be seen are whole."""
    readers = {
        ".json": lambda path: json.loads(path.read_text("utf-8")),
        ".parquet": pd.read_parquet,
        ".npz": _read_arrays,
        ".tflite": litert.LiteRTModel,
        ".keras": _test_archive,
    }
    for path in paths:
        if not path.name.startswith(".") and path.suffix in readers:
            readers[path.suffix](path)


def _read_arrays(path):
    with np.load(path, allow_pickle=False) as archive:
        return [archive[name] for name in archive.files]


def _test_archive(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None


def check_finished(run, like):
    """Check that a run ended as the one that was never interrupted, and left nothing behind."""
    assert run.state is State.FINISHED, run.message
    check_folder(run.folder)
    # The worker tidies up after its last event.
    until(lambda: [path.name for path in run.folder.glob(".*")] == [layout.LOCK])
    found, expected = model_files.read_predictions(run), model_files.read_predictions(like)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert [e.epoch for e in run.view.epochs] == [e.epoch for e in like.view.epochs]
    assert run.view.best_epoch == like.view.best_epoch
    for name in ("loss", "val_loss", "accuracy", "val_accuracy"):
        assert [getattr(e, name) for e in run.view.epochs] == pytest.approx(
            [getattr(e, name) for e in like.view.epochs], abs=1e-5
        )


def has_its_model(run, sample):
    """Return whether a run can be asked, by the very files that its figures are of."""
    if not run.is_usable:
        return False
    for name in run.result.sha256:
        model_files.intact(run, name)
    photo = sample / model_files.read_predictions(run)["path"][0]
    return 0 <= Predictor(run)(Picture(photo.read_bytes())).p_dog <= 1


@pytest.mark.long
def test_a_custom_cnn_that_is_killed_again_and_again_ends_as_if_nothing_had_been(
    sample, uninterrupted
):
    like = uninterrupted("custom_cnn")
    run = queue.start(config("custom_cnn", sample))
    for moment in (begun, fitted(1, 3), writing(".npz"), writing(".keras")):
        run = queue.resume(killed(run, moment))
    check_finished(followed(run), like)


@pytest.mark.long
def test_a_run_that_was_stopped_within_an_epoch_and_then_killed_goes_on_from_there(
    sample, uninterrupted
):
    like = uninterrupted("custom_cnn")
    run = queue.start(config("custom_cnn", sample))
    until(lambda: fitted(2, 2)(run.folder))
    queue.request_stop(run)
    run = followed(run)
    saved = run.view.saved
    assert (run.state, run.is_usable) == (State.STOPPED, True)
    assert saved.epoch >= 2
    run = queue.resume(run)
    run = killed(run, lambda folder: events(folder, "resumed"))
    assert (events(run.folder, "resumed")[-1]["epoch"], run.view.saved) == (saved.epoch, saved)
    check_finished(followed(queue.resume(run)), like)


@pytest.mark.long
def test_a_transfer_run_that_is_killed_again_and_again_ends_as_if_nothing_had_been(
    sample, uninterrupted, imagenet_weights
):
    like = uninterrupted("mobilenet_v2")
    run = queue.start(config("mobilenet_v2", sample))
    for moment in (fitted(3, 5), writing(".keras")):
        run = queue.resume(killed(run, moment))
    check_finished(followed(run), like)


@pytest.mark.long
def test_an_extension_that_was_killed_goes_on_with_it(sample, uninterrupted):
    run = copied(uninterrupted("custom_cnn"), "run")
    before = run.view
    run = killed(queue.extend(run, 2), fitted(4, 3))
    assert (run.epochs_planned, run.view.result) == (5, before.result)
    # By now some files of the new model are in their places, and the others are not.
    run = killed(queue.resume(run), writing(".tflite"))
    assert has_its_model(run, sample)
    assert files.sha256(run.folder / layout.KERAS_MODEL) != run.result.sha256[layout.KERAS_MODEL]
    run = followed(queue.resume(run))
    # The worker tidies up after its last event.
    until(lambda: [path.name for path in run.folder.glob(".*")] == [layout.LOCK])
    check_folder(run.folder)
    assert (run.state, run.epochs_done) == (State.FINISHED, 5)
    assert [event.epoch for event in run.view.epochs] == [1, 2, 3, 4, 5]
    assert run.view.epochs[:3] == before.epochs


@pytest.mark.long
def test_a_run_that_does_not_get_to_its_fit_again_keeps_its_model(sample, uninterrupted):
    run = copied(uninterrupted("custom_cnn"), "run")
    result, before = run.result, contents(run.folder)
    run = queue.extend(run, 1)
    queue.request_stop(run)
    run = followed(run)
    assert (run.state, run.result) == (State.STOPPED, result)
    assert "The run keeps its previous model" in run.message

    dataset = index.scan(sample)
    annotations.annotate(sample, dataset.usable.head(1), "exclude")
    run = followed(queue.resume(run))
    assert (run.state, run.result) == (State.FAILED, result)
    assert "decisions changed" in run.message
    assert contents(run.folder) == before
    assert has_its_model(run, sample)

    annotations.undo(sample)
    run = followed(queue.resume(run))
    assert (run.state, len(run.view.epochs)) == (State.FINISHED, 4)


def copied(run, name):
    """Return a copy of a run, among those of the machine."""
    folder = Path(os.environ["CATSDOGS_ARTIFACTS"]) / name
    shutil.copytree(run.folder, folder)
    return store.load(folder)


def contents(folder):
    """Return the files of a run except its event log, its output and the stop request."""
    told = (layout.EVENTS, layout.LOG, layout.STOP, layout.LOCK)
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in told}


@pytest.mark.long
def test_a_full_disk_fails_a_run_that_goes_on_once_there_is_room(sample, uninterrupted, small_disk):
    like = uninterrupted("custom_cnn")
    run = queue.start(config("custom_cnn", sample))
    # For no event; no Keras model. ``make torture`` tries many more.
    for moment, room_mb in ((fitted(1, 1), 0), (in_phase("evaluate"), 8)):
        until(lambda moment=moment, folder=run.folder: moment(folder))
        fill(small_disk, leave=room_mb << 20)
        run = followed(run)
        assert run.state is State.FAILED
        assert "Expected room on the disk" in run.message
        check_folder(run.folder)
        # The worker tidies up after its last event.
        until(lambda folder=run.folder: [path.name for path in folder.glob(".*")] == [layout.LOCK])
        (small_disk / "filler").unlink()
        run = queue.resume(run)
    check_finished(followed(run), like)


def test_nothing_begins_on_a_full_disk(sample, small_disk):
    fill(small_disk)
    with pytest.raises(OSError, match="No space left"):
        queue.start(config("custom_cnn", sample))
    assert store.list_runs() == ([], [])

    (small_disk / "filler").unlink()
    folder = queued_to_fail(sample)
    fill(small_disk)
    with pytest.raises(OSError, match="No space left"):
        queue.start_queued()
    assert store.load(folder).state is State.QUEUED
    assert worker(folder).returncode != 0
    check_folder(folder)
    assert not list(folder.glob(".tmp-*"))


def fill(disk, *, leave=0):
    """Take all but so many bytes of the disk, while others take some of it too."""
    with (disk / "filler").open("wb") as stream, suppress(OSError):
        while (room := os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - leave) > 0:
            at = os.fstat(stream.fileno()).st_size
            os.posix_fallocate(stream.fileno(), at, min(room, 1 << 20))


def queued_to_fail(sample):
    """Queue a run that fails in a second, because it was made when its photos were others."""
    about = About(dataset=DatasetReference(name="sample", fingerprint="of another day"))
    folder = store.create(config("custom_cnn", sample), about)
    with event_file.appending(folder) as emit:
        emit("queued")
    return folder


def worker(folder):
    """Run a worker that nobody launched."""
    command = [sys.executable, "-m", "catsdogs.learning.worker", folder]
    return subprocess.run(command, cwd=PROJECT, capture_output=True)


# A server or a command: makes runs like ``queued_to_fail`` on request, and starts the next in the
# queue.
_SERVER = """
import sys
from catsdogs.runs import event_file, queue, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.config import RunConfig
print(flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    about = About(dataset=DatasetReference(name="sample", fingerprint="of another day"))
    with event_file.appending(store.create(RunConfig("custom_cnn", sys.argv[1]), about)) as emit:
        emit("queued")
queue.start_queued()
"""


@pytest.fixture
def servers(sample):
    """Return a function that starts so many servers, which queue so many runs each, at once."""

    def start(number, *, runs=0):
        started = [
            subprocess.Popen(
                [sys.executable, "-c", _SERVER, sample, str(runs)],
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            for _ in range(number)
        ]
        for server in started:
            server.stdout.readline()
        for server in started:
            server.stdin.write(b"\n")
            server.stdin.flush()
        return started

    return start


def ended(servers):
    return [server.communicate() and server.returncode for server in servers]


def folders():
    return [run.folder for run in store.list_runs()[0]]


def have_ended():
    return not any(run.state.is_active for run in store.list_runs()[0])


def spans():
    """Return when each run was launched and when it ended, in the order that they were queued."""
    ordered = sorted(folders(), key=lambda folder: events(folder, "queued")[0]["t"])
    for folder in ordered:
        kinds = [event["event"] for event in event_file.read_events(folder)]
        assert sorted(kinds) == ["failed", "launched", "queued", "started"]
    return [
        (events(folder, "launched")[0]["t"], events(folder, "failed")[0]["t"]) for folder in ordered
    ]


def test_runs_of_several_servers_go_one_at_a_time_in_their_order(sample, servers, empty_machine):
    (empty_machine / "artifacts").mkdir()
    with locks.exclusive(empty_machine / "artifacts" / ".queue.lock"):
        started = servers(3, runs=1)
        until(lambda: len(queue.in_queue(store.list_runs()[0])) == 3)
    assert ended(started) == [0, 0, 0]
    # From here on, only the workers themselves check the queue.
    until(have_ended)
    times = spans()
    assert len(times) == 3
    assert all(end <= begin for (_, end), (begin, _) in pairwise(times))


def test_two_go_at_a_time_where_two_may(sample, servers, monkeypatch):
    monkeypatch.setenv("CATSDOGS_WORKERS", "2")
    for _ in range(4):
        queued_to_fail(sample)
    assert ended(servers(2)) == [0, 0]
    until(have_ended)
    times = spans()
    at_once = [sum(begin <= moment < end for begin, end in times) for moment, _ in times]
    assert max(at_once) == 2


def test_of_several_servers_that_look_at_once_one_starts_the_run(sample, servers):
    folder = queued_to_fail(sample)
    assert ended(servers(4)) == [0, 0, 0, 0]
    until(have_ended)
    assert len(events(folder, "launched")) == len(events(folder, "started")) == 1


def test_the_queue_goes_on_when_a_worker_is_killed(sample):
    run = queue.start(config("custom_cnn", sample, epochs=1000))
    waiting = queued_to_fail(sample)
    killed(run, begun)
    until(lambda: store.load(waiting).state is State.FAILED)


def test_the_queue_goes_on_when_someone_looks_though_nobody_saw_the_worker_die(sample):
    code = (
        "import sys; from catsdogs.runs import queue; from catsdogs.runs.config import RunConfig\n"
        "print(queue.start(RunConfig('custom_cnn', sys.argv[1], epochs=1000)).run_id)"
    )
    subprocess.run([sys.executable, "-c", code, sample], cwd=PROJECT, check=True)
    (run,), _ = store.list_runs()
    waiting = queued_to_fail(sample)
    killed(run, begun)
    assert store.load(waiting).state is State.QUEUED
    queue.start_queued()
    until(lambda: store.load(waiting).state is State.FAILED)


def test_a_second_worker_ends_without_a_word(sample):
    run = queue.start(config("custom_cnn", sample, epochs=1000))
    until(lambda: begun(run.folder))
    before = contents(run.folder).keys()
    assert worker(run.folder).returncode != 0
    assert len(events(run.folder, "started")) == 1
    assert contents(run.folder).keys() == before
    assert store.load(run.folder).state is State.RUNNING
    with pytest.raises(RunError, match="Stop it first"):
        queue.delete(run)
    queue.kill(store.load(run.folder))
    assert store.load(run.folder).state is State.STOPPED
    told = event_file.read_events(run.folder)
    assert worker(run.folder).returncode != 0
    assert event_file.read_events(run.folder) == told
    queue.delete(run)
    assert store.list_runs() == ([], [])
