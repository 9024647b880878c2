"""Real processes: whose they are, and how they end."""

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from conftest import PROJECT

from catsdogs import paths
from catsdogs.errors import Cancelled
from catsdogs.system import processes

pytestmark = pytest.mark.slow
ON_LINUX = sys.platform == "linux"
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
    processes.kill(processes.identity_of(parent.pid))
    assert not is_running(parent.pid)
    assert not is_running(child)


@pytest.mark.parametrize("seconds", [-1000, -5, 5])
def test_a_pid_that_was_given_to_another_process_is_never_killed(family, seconds):
    parent, child = family
    identity = processes.identity_of(parent.pid)
    others = [replace(identity, pid_started_at=identity.pid_started_at + seconds, boot_id=None)]
    if ON_LINUX:
        ticks = seconds * os.sysconf("SC_CLK_TCK")
        others += [
            replace(identity, pid_started_ticks=identity.pid_started_ticks + ticks),
            replace(identity, boot_id="of the boot before"),
        ]
    for other in others:
        assert not processes.is_alive(other)
        assert processes.usage(other) is None
        processes.kill(other)
    assert is_running(parent.pid)
    assert is_running(child)


@pytest.mark.skipif(not ON_LINUX, reason="the start time moves with the clock here")
def test_a_clock_that_is_set_takes_no_process_away(family):
    parent, _ = family
    identity = processes.identity_of(parent.pid)
    for seconds in (-1e8, -3, 3, 1e8):
        moved = replace(identity, pid_started_at=identity.pid_started_at + seconds)
        assert processes.is_alive(moved)
        assert processes.usage(moved) is not None


def test_a_process_is_told_in_an_event_and_found_again(family):
    parent, _ = family
    identity = processes.identity_of(parent.pid)
    told = json.loads(json.dumps(identity.to_json()))
    assert processes.Identity.from_json(told) == identity
    before = {name: told[name] for name in ("pid", "pid_started_at")}
    assert processes.is_alive(processes.Identity.from_json(before))


def test_a_killed_process_leaves_what_it_launched_for_others():
    code = _PARENT.replace('time.sleep(60)"]', 'time.sleep(60)"], start_new_session=True')
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as launcher:
        launched = int(launcher.stdout.readline())
        try:
            processes.kill(processes.identity_of(launcher.pid))
            assert not is_running(launcher.pid)
            assert is_running(launched)
        finally:
            psutil.Process(launched).kill()


def test_who_has_ended_can_be_killed_again(family):
    parent, _ = family
    identity = processes.identity_of(parent.pid)
    for _ in range(2):
        processes.kill(identity)
    assert not processes.is_alive(identity)


def test_a_process_that_nobody_has_collected_yet_is_not_alive():
    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        identity = processes.identity_of(process.pid)
        while is_running(process.pid):
            pass
        assert not processes.is_alive(identity)


@pytest.mark.parametrize("pid", [-1, 0, 2**22 + 1, 2**70])
def test_a_number_that_is_no_pid_is_not_alive(pid):
    assert not processes.is_alive(processes.Identity(pid, 1.0))


def test_where_a_start_time_is_all_that_is_known_the_clock_may_move_by_less_than_two_seconds():
    mine = processes.identity_of(os.getpid())
    for seconds in (-1.0, 0.0, 1.0):
        assert processes.is_alive(processes.Identity(mine.pid, mine.pid_started_at + seconds))


def test_a_launched_process_has_a_session_of_its_own_and_its_exit_is_told(tmp_path):
    ended = threading.Event()
    sleep = Path("import time; time.sleep(60)")
    identity = processes.launch("timeit", sleep, log=tmp_path / "log", on_exit=ended.set)
    assert os.getsid(identity.pid) == identity.pid
    assert not ended.is_set()
    processes.kill(identity)
    assert ended.wait(30)


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Return a function that makes a module which a child process can run, and its name."""
    monkeypatch.setattr(paths, "PROJECT_ROOT", f"{PROJECT}{os.pathsep}{tmp_path}")

    def written(code):
        (tmp_path / "some_module.py").write_text(code)
        return "some_module"

    return written


def test_the_answer_of_a_child_is_its_last_line(module):
    name = module("import sys; print('warming up'); print(__name__, *sys.argv[1:])")
    assert processes.answer_of(name, "a", "b c") == "__main__ a b c"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import sys; print('no weights', file=sys.stderr); sys.exit(1)", "no weights"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended by SIGKILL"),
        ("import sys; sys.exit(3)", "ended with 3"),
    ],
)
def test_a_child_that_fails_or_is_killed_is_told_with_its_reason(module, code, told):
    with pytest.raises(ChildProcessError, match=told):
        processes.answer_of(module(code))


def test_a_child_that_takes_too_long_is_ended(module):
    with pytest.raises(ChildProcessError, match="did not end within"):
        processes.answer_of(module("import time; time.sleep(600)"), timeout_s=0.5)


def test_a_child_is_ended_when_its_watch_raises(module):
    def watch():
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        processes.answer_of(module("import time; time.sleep(600)"), watch=watch)


_ASKING = """
import sys
from catsdogs import paths
from catsdogs.system import processes
paths.PROJECT_ROOT = sys.argv[1]
processes.answer_of("some_module")
"""


_SAYING = """
import os, time
with open({path!r}, "w") as stream:
    print(os.getpid(), file=stream)
time.sleep(60)
"""


def test_a_child_ends_when_its_parent_alone_is_killed(module, tmp_path):
    pid = tmp_path / "pid"
    module(_SAYING.format(path=str(pid)))
    command = [sys.executable, "-c", _ASKING, str(paths.PROJECT_ROOT)]
    with subprocess.Popen(command, cwd=PROJECT) as parent:
        child = int(written(pid))
        assert is_running(child)
        parent.kill()
    with suppress(psutil.NoSuchProcess):
        psutil.Process(child).wait(timeout=30)
    assert not is_running(child)


def written(path):
    """Wait for a line in a file and return it."""
    give_up_at = time.monotonic() + 30
    while not (path.is_file() and path.read_text().endswith("\n")):
        assert time.monotonic() < give_up_at
        time.sleep(0.01)
    return path.read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="priorities have classes there, no numbers")
@pytest.mark.parametrize(("variable", "is_low"), [("", True), ("1", True), ("0", False)])
def test_a_launched_process_has_a_low_priority_unless_asked_otherwise(
    tmp_path, monkeypatch, variable, is_low
):
    monkeypatch.setenv("CATSDOGS_LOW_PRIORITY", variable)
    identity = processes.launch("http.server", Path("0"), log=tmp_path / "log")
    try:
        ours = psutil.Process().nice()
        assert psutil.Process(identity.pid).nice() == (max(15, ours) if is_low else ours)
        group = Path(f"/proc/{identity.pid}/autogroup")
        assert not group.exists() or group.read_text().split()[-1] == ("15" if is_low else "0")
    finally:
        processes.kill(identity)
