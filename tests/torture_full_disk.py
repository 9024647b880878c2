"""A real disk that is full at every place where something is written: ``make torture``.

On a small disk of its own (Linux, for a user who may mount one). Each write fails with an error or
is complete, earlier files stay, and all work continues once there is room.
"""

import shutil

import pytest
from conftest import command_line
from test_faults import (
    SETTINGS,
    check_finished,
    check_folder,
    config,
    fill,
    followed,
    has_its_model,
    sample,
    small_disk,
    uninterrupted,
    until,
    world,
)

from catsdogs.background import tasks
from catsdogs.dataset import annotations, index, summary
from catsdogs.inference.folder_task import KIND, Order
from catsdogs.runs import layout, queue, store
from catsdogs.runs.events import State

__all__ = ["sample", "small_disk", "uninterrupted", "world"]  # fixtures
_MOMENTS = ("launch", "fit", "evaluate", "export")
_ROOMS = (0, 1 << 12, 1 << 16, 1 << 20, 8 << 20, 25 << 20, 45 << 20)
_SMALL_ROOMS = (0, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 4 << 20)


@pytest.fixture
def finished(uninterrupted, small_disk):
    """A finished run on the small disk."""
    folder = small_disk / "artifacts" / "finished"
    shutil.copytree(uninterrupted("custom_cnn").folder, folder)
    return store.load(folder)


@pytest.mark.parametrize("moment", _MOMENTS)
@pytest.mark.parametrize("is_extension", [False, True])
def test_a_run_on_a_full_disk_goes_on_and_loses_no_model(
    moment, is_extension, sample, uninterrupted, finished, small_disk
):
    met, epochs = [], SETTINGS["custom_cnn"]["epochs"]
    run = queue.extend(finished, 1) if is_extension else queue.start(config("custom_cnn", sample))
    for room in _ROOMS:
        until(lambda run=run: has_reached(run, moment))
        fill(small_disk, leave=room)
        run = followed(run)
        check_folder(run.folder)
        assert [path.name for path in run.folder.glob(".*")] == [layout.LOCK]
        (small_disk / "filler").unlink()
        met.append(f"{room >> 10} kB: {run.state}")
        if is_extension or run.state is State.FINISHED:
            assert has_its_model(run, sample)
        if run.state is State.FINISHED:
            break
        if run.state is State.FAILED:
            assert "Expected room on the disk" in run.message
        else:  # No room was left for any word before it could keep some for its last one.
            assert (run.state, moment) == (State.LOST, "launch")
        run = queue.resume(run)
    run = followed(run)
    if is_extension:
        assert (run.state, run.epochs_done) == (State.FINISHED, epochs + 1)
    else:
        check_finished(run, uninterrupted("custom_cnn"))
    print(f"\nfull while in {moment}:", "; ".join(met))


def has_reached(run, moment):
    run = store.load(run.folder)
    return moment == "launch" or moment in run.view.phases or not run.state.is_active


@pytest.mark.parametrize("form", ["litert", "keras"])
def test_an_export_to_a_full_disk_is_whole_or_told(form, finished, small_disk):
    target = small_disk / ("model.keras" if form == "keras" else "model.tflite")
    target.write_bytes(b"what was there before")
    told = []
    for room in (*_SMALL_ROOMS, 40 << 20):
        fill(small_disk, leave=room)
        status, result = command_line(
            *("export", finished.run_id, "--format", form, "--out", target, "--force")
        )
        (small_disk / "filler").unlink()
        told.append(f"{room >> 10} kB: {status}")
        assert (target.read_bytes() == b"what was there before") == (status == 1), result
        assert not list(small_disk.glob(".tmp-*"))
        if status == 0:
            break
    assert status == 0
    assert target.stat().st_size == result["bytes"]
    print(f"\nexport as {form}:", "; ".join(told))


@pytest.fixture
def small_cache(small_disk, monkeypatch):
    """The cache on the small disk."""
    monkeypatch.setenv("CATSDOGS_CACHE", str(small_disk / "cache"))
    return small_disk


def test_a_folder_is_scanned_though_nothing_can_be_cached(sample, small_cache):
    expected = summary.document(index.scan(sample))
    for room in _SMALL_ROOMS:
        shutil.rmtree(small_cache / "cache", ignore_errors=True)
        fill(small_cache, leave=room)
        status, result = command_line("data", "scan", sample)
        (small_cache / "filler").unlink()
        assert status == 1 or result["images"] == expected["images"], result
        again = summary.document(index.scan(sample))
        assert {**again, "seconds": 0} == {**expected, "seconds": 0}
        print(f"\nscan with {room >> 10} kB:", status, end=" ")


def test_a_folder_is_classified_into_a_whole_csv_or_it_is_told(sample, finished, small_cache):
    subject = Order(str(sample), (finished.run_id,), 0.5, None).subject()
    for room in _SMALL_ROOMS:
        fill(small_cache, leave=room)
        try:
            tasks.start(KIND, subject)
        except OSError as error:
            state, said = "not started", str(error)
        else:
            task = until(lambda: ended(subject))
            state, said = task.state, task.message
            assert state in (tasks.TaskState.DONE, tasks.TaskState.FAILED, tasks.TaskState.LOST)
        written = list((small_cache / "cache").glob("classified/*.csv"))
        assert bool(written) == (state is tasks.TaskState.DONE)
        assert not list((small_cache / "cache").glob("classified/.tmp-*"))
        (small_cache / "filler").unlink()
        print(f"\nclassify with {room >> 10} kB:", state, said[:90], end=" ")
        for file in written:
            assert len(file.read_text().splitlines()) == 41
            file.unlink()
    tasks.start(KIND, subject)
    assert until(lambda: ended(subject)).state is tasks.TaskState.DONE


def ended(subject):
    found = tasks.find(KIND, subject)
    return None if found is None or found.is_running else found


def test_decisions_on_a_full_disk_are_kept_or_refused(sample, small_disk, monkeypatch):
    monkeypatch.setenv("CATSDOGS_DATA", str(small_disk / "data"))
    records = index.scan(sample).usable
    decided, refused = 0, 0
    for room in (0, 1 << 12, 0, 1 << 13):
        fill(small_disk, leave=room)
        for _ in range(9):
            before = annotations.in_effect(sample)
            try:
                annotations.annotate(sample, records.iloc[[decided]], "exclude")
                decided += 1
            except OSError:
                refused += 1
                assert annotations.in_effect(sample) == before
            assert len(annotations.in_effect(sample)) == decided
        (small_disk / "filler").unlink()
    annotations.annotate(sample, records.iloc[[decided]], "exclude")
    assert len(annotations.in_effect(sample)) == decided + 1
    assert refused
    print(f"\n{decided} decisions kept, {refused} refused")
