"""One holder at a time, whatever becomes of it."""

import subprocess
import sys
from contextlib import ExitStack, suppress

import pytest
from conftest import PROJECT

from catsdogs.system.locks import exclusive


@pytest.fixture
def lock(tmp_path):
    return tmp_path / "queue.lock"


def test_who_comes_second_may_give_up(lock):
    def give_up():
        raise TimeoutError

    with (
        exclusive(lock, wait=pytest.fail),
        pytest.raises(TimeoutError),
        exclusive(lock, wait=give_up),
    ):
        pytest.fail("Two hold it.")


def test_who_waits_goes_on_when_it_is_free(lock):
    with ExitStack() as holder:
        holder.enter_context(exclusive(lock))
        with exclusive(lock, wait=holder.close):
            pass


def test_a_failure_releases_the_lock_and_keeps_its_file(lock):
    with suppress(KeyboardInterrupt), exclusive(lock):
        raise KeyboardInterrupt
    assert lock.exists()
    with exclusive(lock, wait=pytest.fail):
        pass


def test_another_process_waits_until_the_holder_is_killed(lock):
    code = (
        "import pathlib, sys, time; from catsdogs.system.locks import exclusive\n"
        "with exclusive(pathlib.Path(sys.argv[1])): print(flush=True); time.sleep(100)"
    )
    command = [sys.executable, "-c", code, lock]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        with exclusive(lock, wait=holder.kill):
            pass
    assert holder.returncode != 0
