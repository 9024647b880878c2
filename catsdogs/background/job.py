"""A job: one process of its own, and the folder through which it and the app talk.

    events.jsonl   what it reports, an event per line; the last event says how it ended
    stop           asks it to end soon
    .reserve       a little disk space, so that it can still report a full disk

The process may outlive the app, and any process can read the folder. Two subjects use this: tasks
(``catsdogs.background.tasks``) and training runs (``catsdogs.runs.queue``).
"""

import os
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catsdogs.background import event_log
from catsdogs.errors import CatsDogsError
from catsdogs.system import files, processes
from catsdogs.system.processes import Identity
from catsdogs.text import printable

EVENTS, STOP, RESERVE = "events.jsonl", "stop", ".reserve"
_MOST_REASON_BYTES = 1000
Event = dict[str, Any]  # ``event`` (its kind), ``t`` (Unix seconds), and further fields
Emit = Callable[..., Event]  # called as ``emit(kind, **fields)``


@dataclass(frozen=True)
class Ending:
    """The last event of a job."""

    event: str
    fields: dict[str, Any] = field(default_factory=dict)


@contextmanager
def appending(folder: Path) -> Iterator[Emit]:
    """Yield ``emit(kind, **fields)``, which reports an event, visible at once, and returns it.

    Raises:
        OSError: with the path, from here or from ``emit``.
    """
    with event_log.appending(folder / EVENTS) as append:

        def emit(event: str, **fields: Any) -> Event:
            reported = {"event": str(event), "t": time.time(), **fields}
            append(reported)
            return reported

        yield emit


def report(folder: Path, event: str, **fields: Any) -> None:
    """Report one event.

    Raises:
        OSError: with the path.
    """
    with appending(folder) as emit:
        emit(event, **fields)


def read_events(folder: Path) -> list[Event]:
    """Return the events so far, oldest first; none when they cannot be read."""
    try:
        return event_log.read(folder / EVENTS, event_log.decoded_object)
    except OSError:
        return []


def launch(
    module: str, folder: Path, *, log: str, on_exit: Callable[[], None] | None = None
) -> None:
    """Start ``python -m module folder``, which prints into the file ``log`` of the folder.

    ``on_exit`` is called once the process has ended, if this process still lives then.

    Raises:
        OSError: when it cannot be started.
    """
    identity = processes.launch(module, folder, log=folder / log, on_exit=on_exit)
    with suppress(OSError):  # Best effort: the process reports its identity itself.
        report(folder, "launched", **identity.to_json())


def process_of(events: list[Event]) -> Identity | None:
    """Return the process that the events name first; None before it was started."""
    started = next((event for event in events if "pid" in event), None)
    return None if started is None else Identity.from_json(started)


def request_stop(folder: Path, reason: str = "") -> None:
    """Ask a job to end soon. ``reason`` is for the people who read later why it ended."""
    if reason:
        files.write_text(folder / STOP, reason)
    else:
        (folder / STOP).touch()


def stop_reason(folder: Path) -> str:
    """Return the reason of the request to stop; "" without one."""
    try:
        content = files.read_plain(folder / STOP, most_bytes=_MOST_REASON_BYTES)
    except OSError:
        return ""
    return printable(" ".join(content.decode("utf-8", "replace").split()))


def withdraw_stop(folder: Path) -> None:
    """Withdraw a request to stop, before the job is started again."""
    (folder / STOP).unlink(missing_ok=True)


def is_stop_requested(folder: Path) -> bool:
    """Whether somebody asked the job to end soon."""
    return (folder / STOP).exists()


def run(
    folder: Path,
    emit: Emit,
    work: Callable[[], Ending],
    on_error: Callable[[Exception], Ending],
    *,
    process: Identity | None = None,
) -> Ending:
    """Do a job in this process, and report its start and its end; return how it ended.

    ``process`` is the process to name instead of this one, which may be on another machine.

    ``on_error`` turns what ``work`` raises into an ending. Errors that are not made for users leave
    their traceback in the job's log.
    """
    try:
        files.remove_unfinished(folder)
        # Freed before the last event, which would not fit on a full disk otherwise.
        with files.reserve(folder / RESERVE):
            emit("started", **(process or processes.identity_of(os.getpid())).to_json())
            ending = work()
    except CatsDogsError as error:
        ending = on_error(error)
    except Exception as error:
        # The edge of the process: the app must be able to show any error.
        traceback.print_exc()
        ending = on_error(error)
    emit(ending.event, **ending.fields)
    return ending
