"""The file of a run's events: appended to by several processes, read while it grows.

A killed writer or a full disk leaves a torn line; it is passed over, and nothing is lost with it.
"""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from catsdogs.runs import layout
from catsdogs.runs.events import Ended, Folding, RunView, parsed
from catsdogs.system import files

# The last event holds a result of some hundred bytes, or a message.
_TAIL_BYTES = 8192


@contextmanager
def appending(folder: Path) -> Iterator[Any]:
    """Yield ``emit(event, **values)``, which appends one event and makes it visible at once.

    Every event begins on a line of its own, whatever a killed writer or a full disk left behind.
    """
    path = folder / layout.EVENTS
    with path.open("ab+", buffering=0) as stream:

        def emit(event: str, **values: Any) -> None:
            line = json.dumps({"event": event, "t": time.time(), **values}) + "\n"
            with files.naming(path):
                torn = not _ends_with_newline(stream)
                _write_all(stream, (b"\n" if torn else b"") + line.encode())

        yield emit


def read_events(folder: Path) -> list[dict[str, Any]]:
    """Return the run's events; a last line that is still being written is left out."""
    try:
        with files.opened_plain(folder / layout.EVENTS) as stream:
            return _objects(stream.read())
    except OSError:
        return []


def read_ending(folder: Path) -> Ended | None:
    """Return the last event if it is the end of the run.

    Raises:
        OSError: when there are events that cannot be read.
    """
    try:
        with files.opened_plain(folder / layout.EVENTS) as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL_BYTES))
            events = _objects(stream.read())
    except FileNotFoundError:
        return None
    last = parsed(events[-1]) if events else None
    return last if isinstance(last, Ended) else None


def read_view(folder: Path) -> RunView:
    """Return what the events amount to by now, reading only those that are new.

    Raises:
        OSError: when there are events that cannot be read.
    """
    try:
        return _follower(folder).view()
    except FileNotFoundError:
        return RunView()


def _objects(content: bytes) -> list[dict[str, Any]]:
    events = []
    for line in content.splitlines():
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue  # What a killed writer left, or the last line while it is being written.
        if isinstance(event, dict):
            events.append(event)
    return events


def _ends_with_newline(stream: BinaryIO) -> bool:
    if stream.seek(0, os.SEEK_END) == 0:
        return True
    stream.seek(-1, os.SEEK_END)
    return stream.read(1) == b"\n"


def _write_all(stream: BinaryIO, content: bytes) -> None:
    while content:
        # On a disk that is nearly full a write may take less than it was given.
        content = content[stream.write(content) :]


class _Follower:
    """The events of one file; reads on from where it stopped. Several threads share it."""

    def __init__(self, folder: Path) -> None:
        self._path, self._lock = folder / layout.EVENTS, threading.Lock()
        self._inode, self._offset, self._folding = 0, 0, Folding()

    def view(self) -> RunView:
        with self._lock, files.opened_plain(self._path) as stream:
            status = os.fstat(stream.fileno())
            if status.st_ino != self._inode or status.st_size < self._offset:
                self._inode, self._offset, self._folding = status.st_ino, 0, Folding()
            stream.seek(self._offset)
            content = stream.read()
            complete = content[: content.rfind(b"\n") + 1]
            for values in _objects(complete):
                if (event := parsed(values)) is not None:
                    self._folding.add(event)
            self._offset += len(complete)
            return self._folding.view()


# A view holds thousands of events: enough for the runs that pages show at one time, and no more.
@lru_cache(maxsize=8)
def _follower(folder: Path) -> _Follower:
    return _Follower(folder)
