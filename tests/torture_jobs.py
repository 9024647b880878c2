"""Runs and tasks that are started, cancelled, orphaned and fought over: ``make torture``.

``CYCLES=10`` starts and cancels ten of each instead of a hundred.
"""

import os
import random
import signal
import subprocess
import sys
import time

import psutil
import pytest
from conftest import PROJECT, served
from e2e.conftest import browser, fill_form, opened, serving, start_custom_cnn, stop_button
from playwright.sync_api import expect
from test_faults import (
    at_work,
    begun,
    check_folder,
    config,
    events,
    fitted,
    followed,
    sample,
    until,
    world,
)
from test_tasks import held, start_and_cancel, until_nothing_more_than

from catsdogs import paths
from catsdogs.background import tasks
from catsdogs.health import task as health_task
from catsdogs.health.findings import load
from catsdogs.runs import event_file, queue, store
from catsdogs.runs.events import State
from catsdogs.sources import fetch_task
from catsdogs.system import processes

__all__ = ["browser", "sample", "world"]  # fixtures
_CYCLES = int(os.environ.get("CYCLES", "100"))
_ENDED = {State.FINISHED, State.STOPPED, State.FAILED}


def test_runs_that_are_started_and_cancelled_leave_nothing_behind(sample):
    draw, met = random.Random(0), []
    before = None
    for number in range(_CYCLES):
        run = queue.start(config("custom_cnn", sample, epochs=1000, seed=number))
        # Mostly before TensorFlow has started; sometimes long after.
        time.sleep(draw.choice([0, 0.2, 1, 2, 10]) * draw.random())
        if draw.random() < 0.5:
            queue.kill(store.load(run.folder))
        else:
            queue.request_stop(store.load(run.folder))
        run = followed(store.load(run.folder))
        assert run.state in _ENDED, run
        check_folder(run.folder)
        met.append(run.view.phase or "start")
        print(".", end="", flush=True)
        queue.delete(run)
        before = before or held()
    until_nothing_more_than(before)
    assert store.list_runs() == ([], [])
    check_nothing_left(paths.artifacts_dir())
    print(f"\n{_CYCLES} runs cancelled in", {name: met.count(name) for name in set(met)}, held())


def test_tasks_that_are_started_and_cancelled_leave_nothing_behind(archive):
    draw = random.Random(0)
    with served(archive, stall_after=200_000) as url:
        start_and_cancel(url)
        before = held()
        for _ in range(_CYCLES):
            start_and_cancel(url, wait_s=draw.choice([0, 0.1, 0.5, 1.5]) * draw.random())
            print(".", end="", flush=True)
        until_nothing_more_than(before)
    assert not any(task.is_running for task in tasks.of_kind(fetch_task.KIND))
    check_nothing_left(paths.cache_dir())
    print(f"\n{_CYCLES} tasks cancelled", held())


def check_nothing_left(folder):
    """Check that no process works in a folder now, and that this process has no dead children."""
    until(lambda: not at_work(folder))
    until(lambda: psutil.STATUS_ZOMBIE not in [c.status() for c in psutil.Process().children()])


@pytest.mark.parametrize("whom", ["the task", "its child"])
def test_a_check_whose_task_or_child_is_killed_leaves_no_orphan(whom, sample, imagenet_weights):
    task = tasks.start(health_task.KIND, str(sample))
    child = until(lambda: asked(task))
    if whom == "its child":
        child.kill()
        found = until(lambda: ended(task))
        # The findings that need no vectors exist, and the missing ones are reported.
        assert found.state is tasks.TaskState.DONE
        assert "SIGKILL" in load(sample).summary.embedding
    else:
        child.parent().kill()
        found = until(lambda: ended(task))
        assert found.state is tasks.TaskState.LOST
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def asked(task):
    """Return the child that exports the backbone for a task; None before and after."""
    for process in at_work(task.folder):
        for child in process.children(recursive=True):
            if "catsdogs.learning.backbone" in child.cmdline():
                return child
    assert task.is_running
    return None


def ended(task):
    found = tasks.find(task.kind, task.subject)
    return None if found.is_running else found


def test_the_run_of_a_killed_server_goes_on_and_another_server_stops_it(
    browser, sample, empty_machine
):
    page = browser.new_context().new_page()
    (empty_machine / "data").mkdir()
    (empty_machine / "data" / "sample").symlink_to(sample)
    with serving(empty_machine) as first:
        opened(page, f"{first.url}/train", "Train")
        start_custom_cnn(page, epochs=1000)
        (run,), _ = store.list_runs()
        until(lambda: fitted(1, 1)(run.folder))
        worker = store.load(run.folder).worker
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait()
    told = len(events(run.folder, "batch"))
    until(lambda: len(events(run.folder, "batch")) > told)
    assert (store.load(run.folder).state, store.load(run.folder).worker) == (State.RUNNING, worker)
    with serving(empty_machine) as second:
        opened(page, f"{second.url}/train", "Train")
        stop_button(page).click()
        until(lambda: store.load(run.folder).state is State.STOPPED)
        expect(page.get_by_text("Stopped early")).to_be_visible()
    until(lambda: not processes.is_alive(worker))
    assert store.load(run.folder).is_usable


def test_two_tabs_of_two_servers_that_press_start_at_once_start_each_run_once(
    browser, sample, empty_machine
):
    (empty_machine / "data").mkdir()
    (empty_machine / "data" / "sample").symlink_to(sample)
    with serving(empty_machine) as one, serving(empty_machine) as other:
        tabs = [browser.new_context().new_page() for _ in range(4)]
        for tab, server in zip(tabs, [one, other, one, other], strict=True):
            opened(tab, f"{server.url}/train", "Train")
            fill_form(tab, "2-minute look")
        # Clicked by the pages themselves, all at the same moment, without one waiting for another.
        at = time.time() * 1000 + 3000
        for tab in tabs:
            tab.evaluate(
                """at => setTimeout(() => [...document.querySelectorAll("button")]
                .findLast(b => /Start training|Add to the queue/.test(b.innerText)).click(),
                at - Date.now())""",
                at,
            )
        until(lambda: len(store.list_runs()[0]) == len(tabs))
        until(lambda: any(begun(run.folder) for run in store.list_runs()[0]))
        time.sleep(2)
        runs, _ = store.list_runs()
        assert len(runs) == len(tabs)
        at_once = [run for run in runs if run.state is not State.QUEUED]
        assert len(at_once) == len(workers(empty_machine)) == 1
        for run in reversed(queue.in_queue(runs)):
            queue.request_stop(run)
        queue.kill(at_once[0])
    for run in runs:
        assert len(events(run.folder, "started")) == len(events(run.folder, "launched")) <= 1
    assert not workers(empty_machine)


def workers(machine):
    return [p for p in at_work(machine / "artifacts") if p.status() != psutil.STATUS_ZOMBIE]


def test_a_worker_of_a_starter_that_was_killed_before_it_noted_it_down(sample):
    """The worker says its first words itself; until then whoever looks may start a second one."""
    run = queue.start(config("custom_cnn", sample, epochs=1000))
    queue.kill(run)
    with event_file.appending(run.folder) as emit:
        emit("queued")
    command = [sys.executable, "-m", "catsdogs.learning.worker", run.folder]
    with subprocess.Popen(command, cwd=PROJECT) as forgotten:
        queue.start_queued()
        until(lambda: begun(run.folder))
        queue.start_queued()
        until(lambda: len(workers_of(run)) == 1)
        assert store.load(run.folder).state is State.RUNNING
        queue.kill(store.load(run.folder))
        assert not workers_of(run)
        assert store.load(run.folder).state is State.STOPPED
        forgotten.wait()


def workers_of(run):
    return [p for p in at_work(run.folder) if p.status() != psutil.STATUS_ZOMBIE]
