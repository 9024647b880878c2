"""Long work on data beside the app: a health check, a download, answers. One process each, that may
outlive the server, with a folder that says how far it is.

    <cache>/tasks/<kind>-<key>/    events.jsonl  what it reports
                                   stop          asks it to end
                                   log           whatever else it printed

``python -m catsdogs.background.tasks FOLDER`` is that process, or another module that calls
``main`` with what it can do. Results land where the command line puts them too, so a page that
opens later finds them whether or not it saw the task; small ones are the task's ``result``.
"""

import hashlib
import os
import shutil
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from catsdogs import paths
from catsdogs.errors import Cancelled, CatsDogsError
from catsdogs.runs import event_file
from catsdogs.system import files, locks
from catsdogs.system.processes import Identity, identity_of, is_alive, launch

# What each kind of task runs in: the one that needs TensorFlow, where that may be imported.
_MODULES = {
    "health": "catsdogs.background.tasks",
    "download": "catsdogs.background.tasks",
    "classify": "catsdogs.background.tasks",
    "rates": "catsdogs.learning.range_test",
}
_STOP, _LOG, _RESERVE = "stop", "log", ".reserve"
_REPORT_EVERY_S = 0.3
# Whoever has not started its process for this long will not start one.
_LAUNCH_GRACE_S = 60
Report = Callable[[str, int, int], None]  # phase, done, total (0: unknown)
ShouldStop = Callable[[], bool]
Work = Callable[[str, Report, ShouldStop], dict[str, Any]]


class TaskState(StrEnum):
    """LOST: the process is gone without a last word (killed, out of memory, a power cut)."""

    RUNNING, DONE, FAILED, CANCELLED, LOST = "running", "done", "failed", "cancelled", "lost"


_ENDS = (TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED)


@dataclass(frozen=True)
class Task:
    """A task as it is on disk right now. ``done`` of ``total`` (0: unknown) counts in ``phase``."""

    kind: str
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
        """Whether its process is at work."""
        return self.state is TaskState.RUNNING

    @property
    def per_second(self) -> float:
        """How much it has done a second in this phase."""
        elapsed_s = time.time() - self.phase_started_at
        return (self.done - self.phase_first_done) / elapsed_s if elapsed_s > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """The rest of this phase at its present speed, None while that is unknown."""
        speed = self.per_second
        return (self.total - self.done) / speed if speed > 0 and self.total else None


def start(kind: str, subject: str) -> Task:
    """Start a task of ``kind`` about ``subject``, unless it runs already.

    "health" is about the dataset in a folder, "download" about "microsoft", "kaggle" or a URL,
    "classify" about an ``inference.folder.Order``, and "rates" about what ``runs.rates.subject``
    returns.
    """
    folder = _folder(kind, subject)
    folder.mkdir(parents=True, exist_ok=True)
    with locks.exclusive(folder.with_suffix(".lock")):
        running = _read(folder)
        if running is not None and running.is_running:
            return running
        shutil.rmtree(folder)
        folder.mkdir()
        try:
            _write(folder, event="queued", kind=kind, subject=subject)
            identity = launch(_MODULES[kind], folder, log=folder / _LOG)
        except OSError:
            # Else it would pass for one that is about to start.
            shutil.rmtree(folder, ignore_errors=True)
            raise
        with suppress(OSError):  # The process says so, too.
            _write(folder, event="launched", **identity.to_json())
    return Task(kind, subject, folder, TaskState.RUNNING)


def find(kind: str, subject: str) -> Task | None:
    """Return the running or latest task of this kind about this subject; None if unreadable."""
    return _read(_folder(kind, subject))


def of_kind(kind: str) -> list[Task]:
    """Return the running and latest tasks of this kind, whatever they are about."""
    folders = (paths.cache_dir() / "tasks").glob(f"{kind}-*/")
    found = (_read(folder) for folder in sorted(folders))
    return [task for task in found if task is not None]


def cancel(task: Task) -> None:
    """Ask a task to end soon; what it can go on from later, it keeps."""
    (task.folder / _STOP).touch()


def dismiss(task: Task) -> None:
    """Forget a task that has ended."""
    if not task.is_running:
        shutil.rmtree(task.folder, ignore_errors=True)


def main(folder: Path, works: dict[str, Work]) -> int:
    """Do the task in ``folder``; return the process' exit status."""
    about = event_file.read_events(folder)[0]
    try:
        # Given back before the last event, for which there would be no room on a full disk.
        with files.reserve(folder / _RESERVE):
            _write(folder, event="started", **identity_of(os.getpid()).to_json())
            work = works[about["kind"]]
            result = work(about["subject"], _Reporter(folder).report, (folder / _STOP).exists)
    except Cancelled as stopped:
        _write(folder, event="cancelled", message=str(stopped))
        return 1
    except (CatsDogsError, OSError) as error:
        _write(folder, event="failed", message=str(error))
        return 1
    except Exception as error:
        # The edge of the process: whatever happened, the page has to be able to say so.
        traceback.print_exc()
        message = f"{type(error).__name__}: {error}. See {folder / _LOG}."
        _write(folder, event="failed", message=message)
        return 1
    _write(folder, event="done", result=result)
    return 0


class _Reporter:
    """Writes progress, a few lines a second at most."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._phase, self._next = folder, "", 0.0

    def report(self, phase: str, done: int, total: int) -> None:
        now = time.monotonic()
        if phase != self._phase or now >= self._next:
            self._phase, self._next = phase, now + _REPORT_EVERY_S
            _write(self._folder, event="progress", phase=phase, done=done, total=total)


def _folder(kind: str, subject: str) -> Path:
    key = hashlib.sha256(os.fsencode(subject)).hexdigest()[:16]
    return paths.cache_dir() / "tasks" / f"{kind}-{key}"


def _write(folder: Path, **event: Any) -> None:
    with event_file.appending(folder) as emit:
        emit(**event)


def _read(folder: Path) -> Task | None:
    """Return a folder's task; None for none, or one whose first line a power cut took."""
    events = event_file.read_events(folder)
    if not events or events[0]["event"] != "queued":
        return None
    kind, subject = events[0]["kind"], events[0]["subject"]
    # Not always the last line: whoever launched it may write that down after it has ended.
    ending = next((event for event in events if event["event"] in _ENDS), None)
    if ending is not None:
        state = TaskState(ending["event"])
        message, result = ending.get("message", ""), ending.get("result")
        return Task(kind, subject, folder, state, message=message, result=result)
    if not _is_alive(events):
        # It may have said its last word and ended between the two looks.
        if event_file.read_events(folder) != events:
            return _read(folder)
        message = f"It ended without a word: killed, or out of memory. See {folder / _LOG}."
        return Task(kind, subject, folder, TaskState.LOST, message=message)
    progress = [event for event in events if event["event"] == "progress"]
    if not progress:
        return Task(kind, subject, folder, TaskState.RUNNING)
    now = progress[-1]
    first = next(e for e in progress if e["phase"] == now["phase"] and e["total"] == now["total"])
    return Task(
        *(kind, subject, folder, TaskState.RUNNING, now["phase"], now["done"], now["total"]),
        phase_started_at=first["t"],
        phase_first_done=first["done"],
    )


def _is_alive(events: list[dict[str, Any]]) -> bool:
    started = next((event for event in events if "pid" in event), None)
    if started is None:
        # Whichever way the clock was set meanwhile.
        return abs(time.time() - events[0]["t"]) < _LAUNCH_GRACE_S
    return is_alive(Identity.from_json(started))


def _check_health(root: str, report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    # Here and below, because a page that only looks at tasks needs none of it.
    from catsdogs.dataset import index
    from catsdogs.features import embeddings
    from catsdogs.health import checkup

    def reporting(phase: str, done: int, total: int) -> None:
        if should_stop():
            raise Cancelled("The check was cancelled. What it has measured is kept.")
        report(phase, done, total)

    dataset = index.scan(Path(root), progress=lambda *counts: reporting("scan", *counts))
    checkup.run(dataset, backbone=embeddings.exported_backbone, report=reporting)
    return {}


def _download(source: str, report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    from catsdogs.dataset import index
    from catsdogs.sources import fetching

    folder = fetching.fetch(source, report=report, should_stop=should_stop)
    index.scan(folder, progress=lambda *counts: report("scan", *counts))
    return {"path": str(folder)}


def _classify(order: str, report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    from catsdogs.inference.folder_task import classify

    return classify(order, report, should_stop)


def _works() -> dict[str, Work]:
    return {"health": _check_health, "download": _download, "classify": _classify}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), _works()))
