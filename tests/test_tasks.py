"""Tasks as real processes, downloading from a real server."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from conftest import served

from catsdogs.background import job, tasks
from catsdogs.background.tasks import TaskState
from catsdogs.errors import DatasetError
from catsdogs.sources.fetch_task import KIND
from catsdogs.system import processes

pytestmark = pytest.mark.slow


def wait_for(source, condition):
    deadline = time.monotonic() + 120
    while not condition(task := tasks.find(KIND, source)):
        assert time.monotonic() < deadline, task
        time.sleep(0.05)
    return task


def has_ended(task):
    return not task.is_running


def test_a_download_ends_with_the_folder_of_its_images(archive):
    with served(archive) as url:
        assert tasks.start(KIND, url).is_running
        task = wait_for(url, has_ended)
    assert (task.state, task.message) == (TaskState.DONE, "")
    assert len(list(Path(task.result["path"]).rglob("*.jpg"))) == 16


def test_what_went_wrong_is_said_and_a_second_start_tries_again(archive):
    with served(b"<html>Sign in</html>") as url:
        tasks.start(KIND, url)
        task = wait_for(url, has_ended)
        assert task.state is TaskState.FAILED
        assert "Expected" in task.message
        tasks.start(KIND, url)
        assert wait_for(url, has_ended).state is TaskState.FAILED


def test_a_task_says_how_far_it_is_and_can_be_cancelled(archive):
    with served(archive, stall_after=200_000) as url:
        tasks.start(KIND, url)
        task = wait_for(url, lambda task: task.done)
        assert (task.phase, task.total) == ("download", len(archive))
        assert 0 < task.done <= 200_000
        tasks.cancel(task)
        task = wait_for(url, has_ended)
    assert task.state is TaskState.CANCELLED


def test_a_task_runs_once_however_often_it_is_started(archive):
    with served(archive, stall_after=200_000) as url:
        first = tasks.start(KIND, url)
        wait_for(url, lambda task: task.done)
        tasks.start(KIND, url)
        events = (first.folder / "events.jsonl").read_text().splitlines()
        assert sum('"started"' in line for line in events) == 1
        tasks.cancel(first)
        wait_for(url, has_ended)


def test_a_killed_task_is_lost_and_can_be_started_again(archive):
    with served(archive, stall_after=200_000) as url:
        task = tasks.start(KIND, url)
        wait_for(url, lambda task: task.done)
        pid = next(e["pid"] for e in job.read_events(task.folder) if e["event"] == "started")
        psutil.Process(pid).kill()
        assert wait_for(url, has_ended).state is TaskState.LOST
        tasks.cancel(tasks.start(KIND, url))
        assert wait_for(url, has_ended).state is TaskState.CANCELLED


def test_a_torn_last_line_is_ignored(archive):
    with served(archive) as url:
        folder = tasks.start(KIND, url).folder
        wait_for(url, has_ended)
    with (folder / "events.jsonl").open("a") as stream:
        stream.write('{"event": "prog')
    assert tasks.find(KIND, url).state is TaskState.DONE


def test_what_is_said_after_a_torn_line_is_heard(archive):
    with served(archive, stall_after=200_000) as url:
        task = tasks.start(KIND, url)
        wait_for(url, lambda task: task.done)
        with (task.folder / job.EVENTS).open("a") as stream:
            stream.write('{"event": "prog')
        tasks.cancel(task)
        assert wait_for(url, has_ended).state is TaskState.CANCELLED


def noted(*events):
    """Return the task that these events are noted of."""
    folder = tasks.folder_of(KIND, "https://example.org/photos.zip")
    folder.mkdir(parents=True)
    content = [{"t": time.time(), **event} for event in events]
    (folder / job.EVENTS).write_text("".join(f"{json.dumps(e)}\n" for e in content))
    return tasks.find(KIND, "https://example.org/photos.zip")


@pytest.mark.parametrize("age_s", [61, -61, 1e9, -1e9])
def test_a_task_whose_starter_was_killed_is_not_running_for_ever(age_s):
    queued = {"event": "queued", "kind": "download", "subject": "https://example.org/photos.zip"}
    assert noted({**queued, "t": time.time() - age_s}).state is TaskState.LOST


@pytest.mark.parametrize(
    "other",
    [{"pid_started_ticks": 1}, {"boot_id": "of the boot before"}, {"boot_id": None}],
)
def test_a_task_whose_pid_another_process_has_is_lost_and_that_process_lives(other):
    code = "import time; time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code]) as stranger:
        mine = processes.identity_of(stranger.pid).to_json() | {"pid_started_at": 1.0}
        queued = {
            **{"event": "queued", "kind": "download"},
            "subject": "https://example.org/photos.zip",
        }
        told = {n: v for n, v in (mine | other).items() if v is not None}
        task = noted(queued, {"event": "launched", **told})
        assert task.state is TaskState.LOST
        tasks.cancel(task)
        tasks.dismiss(task)
        assert stranger.poll() is None
        stranger.kill()


def test_starts_and_cancels_leave_nothing_behind(archive):
    with served(archive, stall_after=200_000) as url:
        start_and_cancel(url)  # The modules and files that the first one opens stay.
        before = held()
        for _ in range(2):
            start_and_cancel(url)
        until_nothing_more_than(before)
        assert not [p for p in tasks.of_kind(KIND) if p.is_running]


def start_and_cancel(url, *, wait_s=None):
    """Start a download, wait for its first bytes or so many seconds, and cancel it."""
    task = tasks.start(KIND, url)
    if wait_s is None:
        wait_for(url, lambda task: task.done)
    else:
        time.sleep(wait_s)
    tasks.cancel(task)
    assert wait_for(url, has_ended).state is TaskState.CANCELLED
    return task


def held():
    """Return what this process holds: threads, open files, children."""
    me = psutil.Process()
    return threading.active_count(), me.num_fds(), len(me.children(recursive=True))


def until_nothing_more_than(before):
    deadline = time.monotonic() + 120
    while any(now > then for now, then in zip(held(), before, strict=True)):
        assert time.monotonic() < deadline, (held(), before)
        time.sleep(0.05)


def test_a_dismissed_task_is_forgotten_and_one_at_work_is_not(archive):
    with served(archive, stall_after=200_000) as url:
        task = tasks.start(KIND, url)
        tasks.dismiss(task)
        assert tasks.find(KIND, url) is not None
        tasks.cancel(task)
        tasks.dismiss(wait_for(url, has_ended))
        assert tasks.find(KIND, url) is None


def test_a_task_that_was_never_started_is_none():
    assert tasks.find(KIND, "https://example.org/photos.zip") is None


def test_speed_and_the_time_left_count_from_where_the_phase_began(tmp_path):
    task = tasks.Task(
        *(KIND, "", tmp_path, TaskState.RUNNING, "download", 300, 500),
        phase_started_at=time.time() - 10,
        phase_first_done=200,
    )
    assert task.pace.per_s == pytest.approx(10, rel=0.05)
    assert task.pace.left_s == pytest.approx(20, rel=0.05)


def test_an_address_that_is_none_is_refused_before_a_task_starts():
    from catsdogs.sources import fetching

    with pytest.raises(DatasetError):
        fetching.check("ftp://example.org/photos.zip")
