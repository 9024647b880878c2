"""Tasks: jobs about data that run beside the app, such as a download or a health check.

    <cache>/tasks/<kind>-<key>/    the job's folder; the key is a digest of the subject
                                   log: everything else that the process prints

Each kind of task belongs to the module that does it: the module declares its ``Kind`` and passes
its work to ``main`` when it runs as a program. Large results go to the same place as those of the
command line, so a page that opens later finds them whether or not it saw the task. Small ones are
the task's ``result``.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from catsdogs import paths, people
from catsdogs.background import job
from catsdogs.background.job import Ending, Event
from catsdogs.background.pace import Pace, Sample, between
from catsdogs.errors import Cancelled, CatsDogsError
from catsdogs.system.locks import exclusive
from catsdogs.system.processes import is_alive

_LOG = "log"
_REPORT_EVERY_S = 0.3
# A task without a process after this time was never launched: its starter was killed.
_LAUNCH_GRACE_S = 60
Report = Callable[[str, int, int], None]  # phase, done, total (0: unknown)
ShouldStop = Callable[[], bool]
Work = Callable[[str, Report, ShouldStop], dict[str, Any]]  # subject, …; returns the result


@dataclass(frozen=True)
class Kind:
    """A kind of task: its name on disk, and the module that does it under ``python -m``."""

    name: str
    module: str


class TaskState(StrEnum):
    """LOST: the process is gone without a last event (killed, out of memory, a power cut)."""

    RUNNING, DONE, FAILED, CANCELLED, LOST = "running", "done", "failed", "cancelled", "lost"


_ENDS = (TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED)


@dataclass(frozen=True)
class Task:
    """A task as it is on disk right now. ``done`` of ``total`` (0: unknown) counts in ``phase``."""

    kind: Kind
    subject: str
    folder: Path
    state: TaskState
    phase: str = ""
    done: int = 0
    total: int = 0
    phase_started_at: float = 0.0
    phase_first_done: int = 0  # where the phase began to count: not 0 after a resumed download
    message: str = ""
    result: dict[str, Any] | None = None

    @property
    def is_running(self) -> bool:
        """Whether its process is running, or about to."""
        return self.state is TaskState.RUNNING

    @property
    def is_cancelling(self) -> bool:
        """Whether it was asked to end."""
        return job.is_stop_requested(self.folder)

    @property
    def pace(self) -> Pace:
        """The speed of this phase until now, and the time left of it."""
        first = Sample(self.phase_started_at, self.phase_first_done)
        return between(first, Sample(time.time(), self.done, self.total))


def start(kind: Kind, subject: str) -> Task:
    """Start a task of ``kind`` about ``subject``, unless it is running already.

    Raises:
        OSError: when its folder cannot be written or its process cannot be started.
        NotAllowed: when the person may only look.
    """
    people.require_editor("start background work")
    folder = folder_of(kind, subject)
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder.with_suffix(".lock")):
        running = _read(kind, folder)
        if running is not None and running.is_running:
            return running
        shutil.rmtree(folder)
        folder.mkdir()
        try:
            job.report(folder, "queued", kind=kind.name, subject=subject)
            job.launch(kind.module, folder, log=_LOG)
        except OSError:
            # Otherwise it would look like a task that is about to start.
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return Task(kind, subject, folder, TaskState.RUNNING)


def find(kind: Kind, subject: str) -> Task | None:
    """Return the running or latest task of this kind about this subject; None if unreadable."""
    return _read(kind, folder_of(kind, subject))


def of_kind(kind: Kind) -> list[Task]:
    """Return the running and latest tasks of this kind, about any subject."""
    folders = (paths.cache_dir() / "tasks").glob(f"{kind.name}-*/")
    found = (_read(kind, folder) for folder in sorted(folders))
    return [task for task in found if task is not None]


def folder_of(kind: Kind, subject: str) -> Path:
    """Return the folder of a task of this kind about this subject, whether or not it exists."""
    key = hashlib.sha256(os.fsencode(subject)).hexdigest()[:16]
    return paths.cache_dir() / "tasks" / f"{kind.name}-{key}"


def cancel(task: Task) -> None:
    """Ask a task to end soon. It keeps its progress for a later task."""
    people.require_editor("cancel background work")
    job.request_stop(task.folder)


def dismiss(task: Task) -> None:
    """Forget a task that has ended."""
    if not task.is_running:
        shutil.rmtree(task.folder, ignore_errors=True)


def main(folder: Path, work: Work) -> int:
    """Do the task in ``folder``; return the exit status of its process."""
    subject = job.read_events(folder)[0]["subject"]

    def ending(error: Exception) -> Ending:
        if isinstance(error, Cancelled):
            return Ending(TaskState.CANCELLED, {"message": str(error)})
        return Ending(TaskState.FAILED, {"message": _message(folder, error)})

    with job.appending(folder) as emit:

        def do() -> Ending:
            result = work(subject, _progress(emit), lambda: job.is_stop_requested(folder))
            return Ending(TaskState.DONE, {"result": result})

        ended = job.run(folder, emit, do, ending)
    return 0 if ended.event == TaskState.DONE else 1


def _message(folder: Path, error: Exception) -> str:
    if isinstance(error, CatsDogsError | OSError):
        return str(error)
    return f"{type(error).__name__}: {error}. See {folder / _LOG}."


def _progress(emit: job.Emit) -> Report:
    """Return a function that reports a new phase at once, progress a few times a second."""
    current, due = "", 0.0

    def report(phase: str, done: int, total: int) -> None:
        nonlocal current, due
        now = time.monotonic()
        if phase != current or now >= due:
            current, due = phase, now + _REPORT_EVERY_S
            emit("progress", phase=phase, done=done, total=total)

    return report


def _read(kind: Kind, folder: Path) -> Task | None:
    """Return a folder's task; None without one, or if a power cut took its first line."""
    events = job.read_events(folder)
    if not events or events[0]["event"] != "queued":
        return None
    subject = events[0]["subject"]
    # Not always the last event: "launched" may be reported after the process has ended.
    ending = next((event for event in events if event["event"] in _ENDS), None)
    if ending is not None:
        state = TaskState(ending["event"])
        message, result = ending.get("message", ""), ending.get("result")
        return Task(kind, subject, folder, state, message=message, result=result)
    if not _is_alive(events):
        # It may have reported its end between reading the events and checking the process.
        if job.read_events(folder) != events:
            return _read(kind, folder)
        message = f"It ended unexpectedly: it was killed or ran out of memory. See {folder / _LOG}."
        return Task(kind, subject, folder, TaskState.LOST, message=message)
    return _running(kind, subject, folder, events)


def _is_alive(events: list[Event]) -> bool:
    process = job.process_of(events)
    if process is not None:
        return is_alive(process)
    # The absolute value, because the clock may have been set back since then.
    return abs(time.time() - events[0]["t"]) < _LAUNCH_GRACE_S


def _running(kind: Kind, subject: str, folder: Path, events: list[Event]) -> Task:
    progress = [event for event in events if event["event"] == "progress"]
    if not progress:
        return Task(kind, subject, folder, TaskState.RUNNING)
    now = progress[-1]
    first = next(e for e in progress if e["phase"] == now["phase"] and e["total"] == now["total"])
    return Task(
        kind,
        subject,
        folder,
        TaskState.RUNNING,
        phase=now["phase"],
        done=now["done"],
        total=now["total"],
        phase_started_at=first["t"],
        phase_first_done=first["done"],
    )
