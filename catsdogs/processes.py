"""Our processes beside the app: start one, and tell whether it is still the one we started."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from catsdogs import paths

# A process' start time is read with the clock's granularity, which differs between systems. Linux
# adds the time of the boot, in whole seconds, which may change by one when the clock is set.
_TOLERANCE_S = 2.0
_KILL_TAKES_S = 10
# What a page answers goes before what nobody waits for.
_NICENESS = 10


@dataclass(frozen=True)
class Identity:
    """A process, told from any later one with the same number by its start time (Unix)."""

    pid: int
    pid_started_at: float


def launch(
    module: str, argument: Path, *, log: Path, on_exit: Callable[[], None] | None = None
) -> Identity:
    """Start ``python -m module argument``, in a session of its own: no server takes it down.

    It has the processors while nobody asks anything of the app, and gives way when somebody does.

    ``on_exit`` is called once it has ended, if this process still lives then.
    """
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(argument)],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(paths.PROJECT_ROOT)},
            start_new_session=True,
        )
    identity = Identity(process.pid, started_at(process.pid))
    _give_way(process.pid)

    def collect() -> None:
        # Collects the exit status whenever it comes, so that an ended process is no zombie.
        process.wait()
        if on_exit is not None:
            on_exit()

    threading.Thread(target=collect, daemon=True, name=f"process {identity.pid}").start()
    return identity


def _give_way(pid: int) -> None:
    with suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        if sys.platform == "win32":
            process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
            return
        process.nice(max(_NICENESS, process.nice()))
        # Linux on a desktop shares the processors between sessions first, whatever is nice in them.
        Path(f"/proc/{pid}/autogroup").write_text(str(_NICENESS))


def started_at(pid: int) -> float:
    """Return the Unix time at which process ``pid`` started."""
    return psutil.Process(pid).create_time()


def is_alive(pid: int, pid_started_at: float) -> bool:
    """Tell whether the process with this pid **and** this start time is running.

    A pid alone may have been given to another process since. One that may not be looked at is
    another user's, and so not ours.
    """
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - pid_started_at) < _TOLERANCE_S
        return same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError):
        return False


def usage(pid: int, pid_started_at: float) -> tuple[float, int] | None:
    """Return the processor seconds that the process has used so far, and its memory in bytes."""
    if not is_alive(pid, pid_started_at):
        return None
    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        return times.user + times.system, process.memory_info().rss
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None


def kill(pid: int, pid_started_at: float) -> None:
    """End the process with this pid and start time, and its children, at once."""
    if not is_alive(pid, pid_started_at):
        return
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        psutil.wait_procs(family, timeout=_KILL_TAKES_S)


def answer_of(module: str, *arguments: str) -> str:
    """Run ``python -m module`` to its end and return the last line that it printed.

    Raises:
        ChildProcessError: with the last line of its complaint, when it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(paths.PROJECT_ROOT)},
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise ChildProcessError(said[-1])
    return done.stdout.strip().splitlines()[-1]
