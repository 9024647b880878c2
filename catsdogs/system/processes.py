"""Processes beside the app: start one, and check that it is still the one we started.

``python -m catsdogs.system.processes MODULE …`` runs a module that ends as soon as its parent does.
"""

import math
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from catsdogs import paths

# A process' start time is read with the clock's granularity, which differs between systems. Linux
# adds the time of the boot, in whole seconds, which may change by one when the clock is set.
_TOLERANCE_S = 2.0
_KILL_TAKES_S = 10
_POLL_S = 0.2
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Pages answer before background work that nobody waits for.
_NICENESS = 15
_LOW_PRIORITY_VARIABLE = "CATSDOGS_LOW_PRIORITY"


@dataclass(frozen=True)
class Identity:
    """A process, distinguished from any later one with the same number.

    Its start time (Unix) distinguishes it, but moves when the clock is set. On Linux, the boot and
    the clock ticks from boot to start do not move.
    """

    pid: int
    pid_started_at: float
    boot_id: str | None = None
    pid_started_ticks: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the fields that an event stores."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, event: dict[str, Any]) -> "Identity":
        """Return the identity in an event; events from older versions have the start time only."""
        ticks, boot_id = event.get("pid_started_ticks"), event.get("boot_id")
        known = isinstance(ticks, int) and isinstance(boot_id, str)
        more = (boot_id, ticks) if known else ()
        return cls(event["pid"], event["pid_started_at"], *more)


def launch(
    module: str, argument: Path, *, log: Path, on_exit: Callable[[], None] | None = None
) -> Identity:
    """Start ``python -m module argument`` in its own session, so it survives the server.

    It has a low priority, so that it does not slow the app down, unless CATSDOGS_LOW_PRIORITY is 0.

    ``on_exit`` is called once it has ended, if this process still lives then.
    """
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(argument)],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=_environment(),
            start_new_session=True,
        )
    identity = identity_of(process.pid)
    _give_way(process.pid)

    def collect() -> None:
        # Collects the exit status, so that an ended process does not stay a zombie.
        process.wait()
        if on_exit is not None:
            on_exit()

    threading.Thread(target=collect, daemon=True, name=f"process {identity.pid}").start()
    return identity


def _environment() -> dict[str, str]:
    # OpenMP's threads spin while they wait for each other. That slows all other processes, and on a
    # busy machine OpenMP itself: t-SNE then takes four times as long.
    passive = {"OMP_WAIT_POLICY": "passive"}
    return {**passive, **os.environ, "PYTHONPATH": str(paths.PROJECT_ROOT)}


def _give_way(pid: int) -> None:
    if os.environ.get(_LOW_PRIORITY_VARIABLE) == "0":
        return
    with suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        if sys.platform == "win32":
            process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
            return
        process.nice(max(_NICENESS, process.nice()))
        # Desktop Linux divides the processors between sessions before it considers their
        # niceness.
        Path(f"/proc/{pid}/autogroup").write_text(str(_NICENESS))


def identity_of(pid: int) -> Identity:
    """Return the identity of process ``pid``.

    Raises:
        psutil.NoSuchProcess: when it has gone.
    """
    process = psutil.Process(pid)
    boot_id, ticks = _boot_id(), _started_ticks(pid)
    if boot_id is None or ticks is None:
        return Identity(pid, process.create_time())
    return Identity(pid, process.create_time(), boot_id, ticks)


def is_alive(identity: Identity) -> bool:
    """Tell whether this very process is running.

    The pid may belong to another process by now. A process that we may not inspect belongs to
    another user, so it is not ours.
    """
    return _found(identity) is not None


def usage(identity: Identity) -> tuple[float, int] | None:
    """Return the processor seconds that the process has used, and its memory in bytes."""
    process = _found(identity)
    if process is None:
        return None
    try:
        times = process.cpu_times()
        return times.user + times.system, process.memory_info().rss
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None


def kill(identity: Identity) -> None:
    """End this very process and its children at once.

    Children in their own session stay: a worker, for example, launches the next worker.
    """
    process = _found(identity)
    if process is None:
        return
    with suppress(psutil.NoSuchProcess):
        children = process.children(recursive=True)
        family = [process, *(c for c in children if _session(c) == _session(process))]
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        psutil.wait_procs(family, timeout=_KILL_TAKES_S)


def _found(identity: Identity) -> psutil.Process | None:
    """Return the process; None once it has ended."""
    try:
        process = psutil.Process(identity.pid)
        if identity.boot_id is not None and _boot_id() is not None:
            known = (identity.boot_id, identity.pid_started_ticks)
            same = (_boot_id(), _started_ticks(identity.pid)) == known
        else:
            same = abs(process.create_time() - identity.pid_started_at) < _TOLERANCE_S
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError):
        return None


@cache
def _boot_id() -> str | None:
    """Return Linux' id of this boot; None elsewhere."""
    try:
        return _BOOT_ID.read_text("ascii").strip() or None
    except (OSError, ValueError):
        return None


def _started_ticks(pid: int) -> int | None:
    """Return the clock ticks from Linux' boot to the start of process ``pid``; None elsewhere."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes()
        # The second field, the name, may contain spaces and brackets.
        return int(fields[fields.rindex(b")") + 2 :].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def _session(process: psutil.Process) -> int | None:
    if sys.platform == "win32":
        return None
    try:
        return os.getsid(process.pid)
    except (ProcessLookupError, PermissionError):
        return -1


def answer_of(
    module: str,
    *arguments: str,
    timeout_s: float | None = None,
    watch: Callable[[], None] = lambda: None,
) -> str:
    """Run ``python -m module`` to its end and return the last line that it printed.

    It ends when this process does, for any reason. ``watch`` is called a few times a second; when
    it raises, the process is ended first.

    Raises:
        ChildProcessError: with the last line of its complaint, when it fails, or when it takes
            longer than ``timeout_s``.
    """
    # Nothing is written to it: the child reads its end once this process is gone.
    life, held = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "catsdogs.system.processes", module, *arguments],
            stdin=life,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(),
        )
        printed, complaint = _finished(process, timeout_s, watch)
    finally:
        os.close(life)
        os.close(held)
    if process.returncode < 0:
        name = signal.Signals(-process.returncode).name
        raise ChildProcessError(f"It was ended by {name}, perhaps for want of memory. Try again.")
    if process.returncode:
        said = complaint.strip().splitlines() or [f"it ended with {process.returncode}"]
        raise ChildProcessError(said[-1])
    return printed.strip().splitlines()[-1]


def _finished(
    process: subprocess.Popen[str], timeout_s: float | None, watch: Callable[[], None]
) -> tuple[str, str]:
    """Wait for a process to end; return its output and its complaints."""
    ends_at = math.inf if timeout_s is None else time.monotonic() + timeout_s
    with process:
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    return process.communicate(timeout=_POLL_S)
                watch()
                if time.monotonic() >= ends_at:
                    raise ChildProcessError(f"It did not end within {timeout_s:g} s.")
        except BaseException:
            process.kill()
            raise


def _run_until_orphaned(module: str, arguments: list[str]) -> None:
    """Run a module as the main one, and end when standard input ends.

    Only the parent holds its other end. Linux can signal a parent's death too, but also sends that
    signal when only the thread that started the child ends.
    """

    def watch() -> None:
        os.read(sys.stdin.fileno(), 1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent").start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _run_until_orphaned(sys.argv[1], sys.argv[2:])
