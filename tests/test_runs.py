"""Configuration, events and the run folder, with real files and a real process."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from msgspec import structs

from catsdogs.errors import ConfigError, DatasetError, RunError
from catsdogs.runs import effective, event_file, layout, queue, store
from catsdogs.runs.about import About, DatasetReference
from catsdogs.runs.command import repeating
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State, parsed
from catsdogs.runs.view import fold
from catsdogs.sources.sample import SAMPLE_NAME
from catsdogs.system import processes

RESULT = {
    **{"val_accuracy": 0.9, "val_images": 100, "test_images": 0, "val_loss": 0.3},
    "train_images": 400,
    **{"parameters": 9, "model_bytes": 99, "latency_ms": 2.0, "seconds": {"total": 3.0}},
}
EPOCH = {"epoch": 1, "loss": 0.5, "accuracy": 0.8, "val_loss": 0.6, "val_accuracy": 0.7}
ABOUT = About(dataset=DatasetReference(name="photos", fingerprint="f"))
# The ways in which an earlier process differs from a new one with the same number.
OTHERS = [
    {"pid_started_ticks": 1},
    {"boot_id": "of the boot before"},
    {"pid_started_at": 1.0, "boot_id": None, "pid_started_ticks": None},
]


@pytest.fixture
def run_folder():
    return store.create(RunConfig("custom_cnn", "/photos"), ABOUT)


@pytest.fixture
def sleeper():
    """A live process that stands in for a worker."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def launched(monkeypatch):
    """The folders that workers were started for; sleeping processes stand in for them."""
    folders, processes_ = [], []

    def launch(module, folder, *, log, on_exit):
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        processes_.append(process)
        folders.append(folder)
        return processes.identity_of(process.pid)

    monkeypatch.setattr(processes, "launch", launch)
    yield folders
    for process in processes_:
        process.kill()
        process.wait()


def emit(folder, *events):
    with event_file.appending(folder) as write:
        for name, values in events:
            write(name, **values)


def started(process):
    return "started", processes.identity_of(process.pid).to_json()


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "resnet"},
        {"recipe": "secret"},
        {"epochs": 0},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"schedule": "linear"},
        {"dropout": 1.0},
        {"early_stopping": -1},
        {"class_weights": "some"},
        {"validation": 0.0},
        {"validation": 1.0},
        {"mirrored_view": "yes"},
        {"mirrored_view": True, "model": "mobilenet_v2"},
        {
            "mirrored_view": True,
            "model": "mobilenet_v2",
            "fine_tune": 1,
            "fine_tune_from": "block_6",
        },
        {"seed": -1},
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(wrong):
    name = next(iter(wrong)).replace("_", " ")
    with pytest.raises(ConfigError, match=f"Expected {name}"):
        RunConfig(**{"model": "custom_cnn", "data": "/photos", **wrong})


def test_a_config_survives_its_json_and_unknown_settings_of_later_versions():
    config = RunConfig("mobilenet_v2", "/photos", epochs=3, seed=11)
    assert RunConfig.from_json({**config.to_json(), "from_the_future": 1}) == config


def test_the_command_of_a_run_repeats_its_settings():
    command = repeating(RunConfig("custom_cnn", "/my photos", epochs=3))
    assert "--data '/my photos'" in command
    assert "--epochs 3" in command


def test_events_add_up_to_a_view():
    values = [
        {"event": "queued", "t": 1.0},
        {"event": "started", "t": 2.0, "pid": 5, "pid_started_at": 1.5},
        {"event": "phase", "t": 3.0, "name": "fit", "done": 0, "total": 2},
        {"event": "batch", "t": 4.0, "steps": 9, **EPOCH, "step": 1},
        {"event": "of a later version", "t": 4.5},
        {"event": "epoch", "t": 5.0, **EPOCH},
        {"event": "checkpoint", "t": 5.0, "epoch": 1},
        {"event": "finished", "t": 9.0, "result": RESULT},
    ]
    view = fold(filter(None, map(parsed, values)))
    assert (view.state, view.worker.pid) == (State.FINISHED, 5)
    assert (view.phase, view.best_epoch) == ("fit", 1)
    assert (len(view.batches), len(view.epochs)) == (1, 1)
    assert (view.queued_at, view.started_at, view.ended_at) == (1, 2, 9)
    assert view.result.to_json() == RESULT


WALL = [{"path": "caf\udce9/1.jpg", "digest": "0a" * 16, "label": 1}]


def test_the_wall_is_what_was_reported_last_and_outlives_a_resume():
    values = [
        {"event": "watched", "t": 1.0, "photos": []},
        {"event": "watched", "t": 2.0, "photos": WALL},
        {"event": "epoch", "t": 5.0, **EPOCH, "watched": [0.25]},
        {"event": "stopped", "t": 6.0},
        {"event": "queued", "t": 7.0},
        {"event": "resumed", "t": 8.0, "epoch": 2, "step": 0},
        {"event": "epoch", "t": 9.0, **EPOCH, "epoch": 2},
    ]
    view = fold(filter(None, map(parsed, values)))
    assert [structs.asdict(photo) for photo in view.watched] == WALL
    assert [epoch.watched for epoch in view.epochs] == [(0.25,), ()]


@pytest.mark.parametrize(
    "photo",
    [{"digest": "../../etc"}, {"digest": "0A" * 16}, {"label": 2}, {"path": 3}, {"digest": None}],
)
def test_a_wall_with_an_odd_photo_is_passed_over(photo):
    wall = {"event": "watched", "t": 1.0, "photos": [*WALL, {**WALL[0], **photo}]}
    assert parsed(wall) is None


@pytest.mark.parametrize("p_dog", [1.1, -0.1, float("nan"), "0.5"])
def test_an_epoch_with_an_odd_answer_is_passed_over(p_dog):
    assert parsed({"event": "epoch", "t": 1.0, **EPOCH, "watched": [p_dog]}) is None


def test_a_worker_knows_what_it_reported_also_in_numpys_numbers(run_folder):
    with event_file.appending(run_folder) as emit:
        journal = event_file.Journal(run_folder, emit)
        metrics = {name: np.float64(EPOCH[name]) for name in EPOCH if name != "epoch"}
        journal.emit("epoch", epoch=1, **metrics)
        with pytest.raises(ValueError, match="known kind"):
            journal.emit("epoch", epoch="first", **metrics)
    assert (
        journal.view.epochs
        == store.load(run_folder).view.epochs
        == [
            structs.replace(
                parsed({"event": "epoch", "t": 0.0, **EPOCH}), t=journal.view.epochs[0].t
            )
        ]
    )


def test_no_events_yet_is_queued():
    assert fold([]).state is State.QUEUED


def test_a_live_worker_is_running(run_folder, sleeper):
    emit(run_folder, ("queued", {}), started(sleeper))
    assert store.load(run_folder).state is State.RUNNING


def test_a_killed_worker_is_lost(run_folder, sleeper):
    emit(run_folder, ("queued", {}), started(sleeper))
    sleeper.kill()
    sleeper.wait()
    assert store.load(run_folder).state is State.LOST


@pytest.mark.parametrize("other", OTHERS)
def test_another_process_with_the_same_pid_is_not_the_worker(run_folder, other):
    mine = processes.identity_of(os.getpid()).to_json()
    emit(run_folder, ("queued", {}), ("started", {n: v for n, v in (mine | other).items() if v}))
    assert store.load(run_folder).state is State.LOST


@pytest.mark.parametrize("other", OTHERS)
def test_who_has_the_number_of_a_lost_worker_is_left_alone(run_folder, sleeper, other):
    told = processes.identity_of(sleeper.pid).to_json() | other
    emit(run_folder, ("queued", {}), ("started", {n: v for n, v in told.items() if v}))
    lost = store.load(run_folder)
    assert lost.state is State.LOST
    with pytest.raises(RunError, match="which is lost"):
        queue.request_stop(lost)
    queue.kill(lost)
    assert store.load(run_folder).state is State.STOPPED
    queue.delete(store.load(run_folder))
    assert sleeper.poll() is None


def test_a_run_whose_launch_was_not_noted_down_whole_is_launched_again(run_folder, launched):
    emit(run_folder, ("queued", {}))
    with (run_folder / layout.EVENTS).open("a") as stream:
        stream.write('{"event": "launched", "t": 1.0, "pid"')
    assert store.load(run_folder).state is State.QUEUED
    queue.start_queued()
    assert launched == [run_folder]
    assert store.load(run_folder).state is State.RUNNING


def test_a_worker_that_died_before_its_first_word_is_lost(run_folder, sleeper):
    emit(run_folder, ("queued", {}), ("launched", started(sleeper)[1]))
    assert store.load(run_folder).state is State.RUNNING
    sleeper.kill()
    sleeper.wait()
    assert store.load(run_folder).state is State.LOST


def test_a_requested_stop_shows_until_the_worker_ends(run_folder, sleeper):
    emit(run_folder, ("queued", {}), started(sleeper))
    queue.request_stop(store.load(run_folder))
    assert store.load(run_folder).state is State.STOPPING
    emit(run_folder, ("stopped", {"result": RESULT}))
    assert store.load(run_folder).state is State.STOPPED


def test_a_run_that_has_ended_cannot_be_stopped(run_folder):
    emit(run_folder, ("finished", {"result": RESULT}))
    with pytest.raises(RunError, match="nothing to stop"):
        queue.request_stop(store.load(run_folder))


def test_a_torn_last_line_is_ignored(run_folder, sleeper):
    emit(run_folder, ("queued", {}), started(sleeper))
    with (run_folder / layout.EVENTS).open("ab") as stream:
        stream.write(b'{"event": "finished", "t": 1\xc3')
    assert store.load(run_folder).state is State.RUNNING


def test_events_written_after_a_first_look_are_seen(run_folder, sleeper):
    emit(run_folder, ("queued", {}), started(sleeper))
    assert store.load(run_folder).view.epochs == []
    emit(run_folder, ("epoch", EPOCH))
    assert len(store.load(run_folder).view.epochs) == 1


def test_a_broken_folder_is_reported_beside_the_good_runs(run_folder):
    emit(run_folder, ("finished", {"result": RESULT}))
    broken = run_folder.with_name("broken")
    broken.mkdir()
    (broken / "config.json").write_text("{")
    runs, errors = store.list_runs()
    assert [run.run_id for run in runs] == [run_folder.name]
    assert "broken" in str(errors[0])


@pytest.mark.parametrize("config", ["[]", "{}", '{"config": [], "created_at": "x"}', "", "null"])
def test_a_config_of_any_shape_is_reported(run_folder, config):
    (run_folder / layout.CONFIG).write_text(config)
    assert len(store.list_runs()[1]) == 1


def test_a_finished_run_is_preferred_to_a_newer_stopped_one(run_folder):
    emit(run_folder, ("finished", {"result": RESULT}))
    stopped = store.create(RunConfig("custom_cnn", "/photos"), ABOUT)
    emit(stopped, ("stopped", {"result": RESULT}))
    assert [run.run_id for run in store.best_usable()] == [run_folder.name]


def test_the_best_run_of_each_model_learned_from_photos_and_is_right_on_many(empty_machine):
    def finished(model, data, accuracy, images):
        about = About(dataset=DatasetReference(name=data, fingerprint="f"))
        folder = store.create(RunConfig(model, "/photos"), about)
        emit(folder, ("finished", {"result": {"val_accuracy": accuracy, "val_images": images}}))
        return folder.name

    finished("custom_cnn", SAMPLE_NAME, 1.0, 5000)
    finished("custom_cnn", "trial", 1.0, 10)
    best = finished("custom_cnn", "photos", 0.9, 2400)
    finished("custom_cnn", "photos", 0.89, 2400)
    drawings = finished("mobilenet_v2", SAMPLE_NAME, 0.7, 100)
    assert {run.run_id for run in store.best_usable()} == {best, drawings}


def test_a_run_is_found_by_a_unique_beginning(run_folder):
    emit(run_folder, ("finished", {"result": RESULT}))
    assert store.find(run_folder.name[:12]).run_id == run_folder.name
    with pytest.raises(RunError, match="no such run"):
        store.find("nothing")
    store.create(RunConfig("custom_cnn", "/photos"), ABOUT)
    with pytest.raises(RunError, match="exactly one"):
        store.find("20")


def test_a_run_without_a_model_is_not_usable(run_folder):
    emit(run_folder, ("failed", {"message": "no"}))
    with pytest.raises(RunError, match="failed"):
        store.find_usable(run_folder.name)


def test_a_run_at_work_is_not_deleted(run_folder, sleeper):
    emit(run_folder, ("queued", {}), started(sleeper))
    with pytest.raises(RunError, match="Stop it first"):
        queue.delete(store.load(run_folder))
    assert run_folder.exists()


def test_a_deleted_run_is_gone(run_folder):
    emit(run_folder, ("finished", {"result": RESULT}))
    queue.delete(store.load(run_folder))
    assert store.list_runs() == ([], [])
    left = {path.name for path in run_folder.parent.iterdir()}
    assert left == {".queue.lock", "run-numbers.json", ".run-numbers.json.lock"}


def test_a_start_that_cannot_work_leaves_no_run(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="Expected labelled images"):
        queue.start(RunConfig("custom_cnn", str(tmp_path / "empty")))
    assert store.list_runs() == ([], [])


def test_config_json_tells_how_the_run_was_made(run_folder):
    about = json.loads((run_folder / "config.json").read_text())
    assert about["config"]["model"] == "custom_cnn"
    assert about["run"] == run_folder.name


def test_an_older_config_without_the_newer_settings_is_a_run(run_folder):
    about = json.loads((run_folder / layout.CONFIG).read_text())
    about["config"] = {"model": "custom_cnn", "data": "/photos", "epochs": 4}
    (run_folder / layout.CONFIG).write_text(json.dumps(about))
    emit(run_folder, ("queued", {}), ("finished", {"result": RESULT}))
    run = store.load(run_folder)
    assert (run.config.epochs, run.config.early_stopping, run.is_usable) == (4, 0, True)


def test_a_config_without_a_dataset_is_broken_and_hides_no_other_run(run_folder):
    other = store.create(RunConfig("custom_cnn", "/photos"), ABOUT)
    about = json.loads((run_folder / layout.CONFIG).read_text())
    del about["dataset"]
    (run_folder / layout.CONFIG).write_text(json.dumps(about))
    runs, errors = store.list_runs()
    assert [run.folder for run in runs] == [other]
    assert run_folder.name in str(errors[0])


@pytest.mark.parametrize(
    "name", [layout.CONFIG, layout.EVENTS, layout.CHECKPOINT, layout.KERAS_MODEL]
)
def test_a_run_without_one_of_its_files_hides_no_other(run_folder, name):
    other = store.create(RunConfig("custom_cnn", "/photos"), ABOUT)
    for folder in (run_folder, other):
        emit(folder, ("queued", {}), ("finished", {"result": RESULT}))
    (run_folder / name).unlink(missing_ok=True)
    runs, errors = store.list_runs()
    assert other in [run.folder for run in runs]
    assert len(runs) + len(errors) == 2
    assert all(isinstance(run.view.state, State) for run in runs)


def test_a_run_whose_events_are_gone_is_lost_and_does_not_begin_by_itself(run_folder, launched):
    queue.start_queued()
    assert store.load(run_folder).state is State.LOST
    assert launched == []


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"event": None},
        {"event": ["finished"]},
        {"event": {"a": 1}},
        {"event": "queued"},
        {"event": "queued", "t": "noon"},
        {"event": "queued", "t": 1.0, "extend": 2},
        {"event": "queued", "t": 1.0, "extend": "2", "at": 1},
        {"event": "launched", "t": 1.0},
        {"event": "started", "t": 1.0, "pid": "5", "pid_started_at": 1.0},
        {"event": "started", "t": 1.0, "pid": 5, "pid_started_at": None},
        {"event": "split", "t": 1.0, "hash": 3},
        {"event": "resumed", "t": 1.0, "epoch": "1", "step": 0},
        {"event": "resumed", "t": 1.0, "epoch": 1},
        {"event": "phase", "t": 1.0, "name": "fit"},
        {"event": "phase", "t": 1.0, "name": "of a later version", "done": 0, "total": 0},
        {"event": "phase", "t": 1.0, "name": [], "done": 0, "total": 0},
        {"event": "batch", "t": 1.0, **EPOCH, "step": 1},
        {"event": "batch", "t": 1.0, **EPOCH, "step": None, "steps": 9},
        {"event": "epoch", "t": 1.0, "epoch": 1},
        {"event": "epoch", "t": 1.0, **EPOCH, "val_loss": "low"},
        {"event": "skipped", "t": 1.0},
        {"event": "checkpoint", "t": 1.0},
        {"event": "saved", "t": 1.0, "epoch": 1},
        {"event": "finished"},
        {"event": "finished", "t": 1.0, "result": "good"},
        {"event": "stopped", "t": 1.0, "message": 5},
        {"event": "failed", "t": 1.0, "epochs": "two"},
    ],
)
def test_a_malformed_event_is_passed_over(run_folder, sleeper, event):
    sound = [{"event": "epoch", "t": 1.0, **EPOCH}, {"event": "batch", "t": 1.0, **EPOCH}]
    sound[1] |= {"step": 1, "steps": 9}
    emit(run_folder, ("queued", {}), started(sleeper))
    with (run_folder / layout.EVENTS).open("a") as stream:
        for each in (event, *sound, event):
            stream.write(json.dumps(each) + "\n")
    (run,), broken = store.list_runs()
    assert (run.state, broken) == (State.RUNNING, [])
    assert (run.view.epochs, run.view.batches) == ([parsed(sound[0])], [parsed(sound[1])])
    assert run.view.extensions == ()
    emit(run_folder, ("finished", {"result": RESULT}))
    assert store.load(run_folder).is_usable


@pytest.mark.parametrize(
    "garbage",
    [b"\x00" * 5000, bytes(range(256)), b"\xff\xfe{}", b"[" * 100_000, b"null", b"5", b'"batch"'],
)
@pytest.mark.parametrize("ended", [False, True])
def test_garbage_between_and_behind_events_is_passed_over(run_folder, sleeper, garbage, ended):
    emit(run_folder, ("queued", {}), started(sleeper))
    for number in (1, 2):
        with (run_folder / layout.EVENTS).open("ab") as stream:
            stream.write(b"\n" + garbage)  # torn: the next event has to begin its own line
        if number == 1:
            emit(run_folder, ("finished", {"result": RESULT}) if ended else ("epoch", EPOCH))
    run = store.load(run_folder)
    assert run.state is (State.FINISHED if ended else State.RUNNING)
    assert len(run.view.epochs) == (not ended)


def test_nothing_is_merged_into_a_torn_line(run_folder, launched):
    emit(run_folder, ("queued", {}), ("stopped", {"result": RESULT}))
    content = (run_folder / layout.EVENTS).read_bytes()
    (run_folder / layout.EVENTS).write_bytes(content + b'{"event": "epoch", "epoch": 7, "lo')
    assert queue.resume(store.load(run_folder)).state is State.RUNNING
    kinds = [event["event"] for event in event_file.read_events(run_folder)]
    assert kinds == ["queued", "stopped", "queued", "launched"]


@pytest.mark.parametrize("end", ["finished", "stopped", "failed"])
@pytest.mark.parametrize("length", [8100, 8192, 8193, 20_000])
def test_a_long_last_line_is_the_end_all_the_same(run_folder, end, length):
    emit(run_folder, ("queued", {}), (end, {"result": RESULT, "message": "x" * length}))
    run = store.load(run_folder)
    assert (run.state, len(run.message), run.result.to_json()) == (State(end), length, RESULT)


def test_a_run_that_was_queued_again_has_not_ended(run_folder, sleeper):
    emit(run_folder, ("queued", {}), ("finished", {"result": RESULT, "epochs": 3, "planned": 3}))
    assert store.load(run_folder).epochs_planned == 3
    emit(run_folder, ("queued", {"extend": 2, "at": 3}))
    run = store.load(run_folder)
    assert (run.state, run.epochs_planned, run.message) == (State.QUEUED, 5, "")
    emit(run_folder, started(sleeper))
    assert store.load(run_folder).state is State.RUNNING
    emit(run_folder, ("failed", {"message": "no room"}))
    assert store.load(run_folder).message == "no room"


def test_an_extended_run_keeps_its_model_until_it_tells_of_a_new_one(run_folder, sleeper):
    emit(run_folder, ("finished", {"result": RESULT, "epochs": 3, "planned": 3}))
    emit(run_folder, ("queued", {"extend": 2, "at": 3}), started(sleeper))
    emit(run_folder, ("phase", {"name": "fit", "done": 3, "total": 5}))
    assert store.find_usable(run_folder.name).result.to_json() == RESULT
    emit(run_folder, ("phase", {"name": "export", "done": 0, "total": 0}))
    assert store.find_usable(run_folder.name).result.to_json() == RESULT


def test_a_launch_that_is_told_late_changes_nothing(run_folder, sleeper):
    other = ("launched", {"pid": os.getpid(), "pid_started_at": 1.0})
    emit(run_folder, ("queued", {}), started(sleeper), other)
    assert store.load(run_folder).state is State.RUNNING
    emit(run_folder, ("failed", {"message": "at once"}), other)
    assert store.load(run_folder).state is State.FAILED


def test_runs_wait_for_their_turn(launched):
    folders = [store.create(RunConfig("custom_cnn", "/photos"), ABOUT) for _ in range(3)]
    for folder in (folders[1], folders[2], folders[0]):
        emit(folder, ("queued", {}))
    for _ in range(3):
        queue.start_queued()
    assert launched == [folders[1]]
    emit(folders[1], ("finished", {"result": RESULT}))
    queue.start_queued()
    assert launched == [folders[1], folders[2]]
    assert queue.in_queue(store.list_runs()[0])[0].folder == folders[0]


def test_as_many_work_at_a_time_as_asked_for(launched, monkeypatch):
    monkeypatch.setenv("CATSDOGS_WORKERS", "2")
    for _ in range(3):
        emit(store.create(RunConfig("custom_cnn", "/photos"), ABOUT), ("queued", {}))
    queue.start_queued()
    assert len(launched) == 2


def test_runs_on_a_cluster_start_at_once_and_take_no_place_of_the_others(launched):
    given = [{}, {"cluster": "10.0.0.5:6379"}, {}, {"cluster": "10.0.0.5:6379"}]
    folders = [store.create(RunConfig("custom_cnn", "/photos"), ABOUT) for _ in given]
    for folder, fields in zip(folders, given, strict=True):
        emit(folder, ("queued", fields))
    queue.start_queued()
    assert launched == [folders[1], folders[3], folders[0]]


@pytest.mark.parametrize("workers", ["0", "-1", "two", "1.5", " "])
def test_a_number_of_workers_that_is_none_is_refused_before_anything_is_queued(
    run_folder, kaggle_folder, monkeypatch, workers
):
    monkeypatch.setenv("CATSDOGS_WORKERS", workers)
    emit(run_folder, ("stopped", {}))
    with pytest.raises(ConfigError, match="CATSDOGS_WORKERS"):
        queue.resume(store.load(run_folder))
    with pytest.raises(ConfigError, match="CATSDOGS_WORKERS"):
        queue.start(RunConfig("custom_cnn", str(kaggle_folder)))
    assert [run.state for run in store.list_runs()[0]] == [State.STOPPED]
    emit(run_folder, ("queued", {}))
    with pytest.raises(ConfigError, match="CATSDOGS_WORKERS"):
        queue.start_queued()


def test_a_queued_run_that_is_stopped_leaves_the_queue_and_can_come_back(run_folder, launched):
    other = store.create(RunConfig("custom_cnn", "/photos"), ABOUT)
    emit(other, ("queued", {}))
    emit(run_folder, ("queued", {}))
    queue.start_queued()
    queue.request_stop(store.load(run_folder))
    assert store.load(run_folder).state is State.STOPPED
    assert not (run_folder / layout.STOP).exists()
    assert queue.resume(store.load(run_folder)).state is State.QUEUED
    assert launched == [other]


def test_a_run_in_the_queue_is_not_deleted(run_folder):
    emit(run_folder, ("queued", {}))
    with pytest.raises(RunError, match="Stop it first"):
        queue.delete(store.load(run_folder))
    assert run_folder.exists()


@pytest.mark.parametrize("end", ["stopped", "failed"])
def test_an_unqueued_run_keeps_the_model_that_it_had(run_folder, launched, end):
    other = store.create(RunConfig("custom_cnn", "/photos"), ABOUT)
    emit(other, ("queued", {}))
    queue.start_queued()
    emit(run_folder, ("queued", {}), (end, {"result": RESULT}))
    queue.request_stop(queue.resume(store.load(run_folder)))
    assert store.load(run_folder).result.to_json() == RESULT


@pytest.mark.parametrize("phase", ["fit", "evaluate", "export"])
def test_a_killed_run_keeps_its_earlier_model(run_folder, sleeper, phase):
    emit(run_folder, ("finished", {"result": RESULT}), ("queued", {"extend": 1, "at": 2}))
    emit(run_folder, started(sleeper), ("phase", {"name": phase, "done": 0, "total": 0}))
    queue.kill(store.load(run_folder))
    run = store.load(run_folder)
    assert (run.state, run.result.to_json()) == (State.STOPPED, RESULT)
    emit(run_folder, ("queued", {}))
    assert store.load(run_folder).view.result.to_json() == RESULT


def test_an_extension_counts_from_where_the_run_is_now(run_folder, launched):
    emit(run_folder, ("queued", {}), ("finished", {"result": RESULT, "epochs": 3, "planned": 3}))
    seen = store.load(run_folder)
    emit(run_folder, ("queued", {"extend": 2, "at": 3}))
    emit(run_folder, ("finished", {"result": RESULT, "epochs": 5, "planned": 5}))
    assert queue.extend(seen, 2).view.extensions == ((3, 2), (5, 2))


def test_a_folder_that_cannot_be_filled_is_not_left_behind(monkeypatch, tmp_path):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.files, "write_json", full)
    with pytest.raises(OSError, match="No space"):
        store.create(RunConfig("custom_cnn", "/photos"), ABOUT)
    assert store.list_runs() == ([], [])


def test_a_run_of_an_earlier_version_keeps_the_defaults_it_had():
    written = {"model": "custom_cnn", "data": "/photos", "learning_rate": None}
    config = RunConfig.from_json(written)
    assert (effective.learning_rate(config), effective.repeats(config), config.precision) == (
        1e-3,
        1,
        "float32",
    )
    again = RunConfig.from_json(RunConfig("custom_cnn", "/photos").to_json())
    assert again == RunConfig("custom_cnn", "/photos")
