"""Real processes: whose they are, and how they end."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from catsdogs import processes

_PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def family():
    """A live process, and its child's pid."""
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE) as parent:
        child = int(parent.stdout.readline())
        yield parent, child
        for pid in (child, parent.pid):
            if psutil.pid_exists(pid):
                psutil.Process(pid).kill()


def is_running(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_killed_process_takes_its_children_along(family):
    parent, child = family
    processes.kill(parent.pid, processes.started_at(parent.pid))
    assert not is_running(parent.pid)
    assert not is_running(child)


@pytest.mark.parametrize("seconds", [-1000, -5, 5])
def test_a_pid_that_was_given_to_another_process_is_never_killed(family, seconds):
    parent, child = family
    processes.kill(parent.pid, processes.started_at(parent.pid) + seconds)
    assert is_running(parent.pid)
    assert is_running(child)


def test_who_has_ended_can_be_killed_again(family):
    parent, _ = family
    started_at = processes.started_at(parent.pid)
    for _ in range(2):
        processes.kill(parent.pid, started_at)
    assert not processes.is_alive(parent.pid, started_at)


def test_a_process_that_nobody_has_collected_yet_is_not_alive():
    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        started_at = processes.started_at(process.pid)
        while is_running(process.pid):
            pass
        assert not processes.is_alive(process.pid, started_at)


@pytest.mark.parametrize("pid", [-1, 0, 2**22 + 1, 2**70])
def test_a_number_that_is_no_pid_is_not_alive(pid):
    assert not processes.is_alive(pid, 1.0)


def test_a_clock_set_by_less_than_two_seconds_takes_no_process_away():
    for seconds in (-1.0, 0.0, 1.0):
        assert processes.is_alive(os.getpid(), processes.started_at(os.getpid()) + seconds)


def test_a_launched_process_has_a_session_of_its_own_and_its_exit_is_told(tmp_path):
    ended = threading.Event()
    sleep = Path("import time; time.sleep(60)")
    identity = processes.launch("timeit", sleep, log=tmp_path / "log", on_exit=ended.set)
    assert os.getsid(identity.pid) == identity.pid
    assert not ended.is_set()
    processes.kill(identity.pid, identity.pid_started_at)
    assert ended.wait(30)


@pytest.mark.skipif(sys.platform == "win32", reason="priorities have classes there, no numbers")
def test_a_launched_process_gives_way(tmp_path):
    identity = processes.launch("http.server", Path("0"), log=tmp_path / "log")
    try:
        assert psutil.Process(identity.pid).nice() >= 10
        group = Path(f"/proc/{identity.pid}/autogroup")
        assert not group.exists() or group.read_text().split()[-1] == "10"
    finally:
        processes.kill(identity.pid, identity.pid_started_at)
