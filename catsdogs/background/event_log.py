"""An append-only log of JSON lines, written by several processes and read while it grows.

A killed writer or a full disk can leave a torn line. Readers skip it, and the next append begins on
a line of its own, so a torn line never damages another record.
"""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any, Generic, TypeVar

from catsdogs.system import files

T = TypeVar("T")
S = TypeVar("S")
Decode = Callable[[bytes], T | None]
# Enough for the last record of a log: a result takes a few hundred bytes.
_TAIL_BYTES = 8192


@contextmanager
def appending(path: Path, *, durable: bool = False) -> Iterator[Callable[[Any], None]]:
    """Yield ``append(record)``, which writes a JSON value as one line, visible at once.

    With ``durable=True``, a record is on the disk when ``append`` returns, and nothing of it is in
    the log when ``append`` raises.

    Raises:
        OSError: with the path, from here or from ``append``.
    """
    with path.open("ab+", buffering=0) as stream:

        def append(record: Any) -> None:
            with files.naming(path):
                _append(stream, json.dumps(record).encode() + b"\n", durable=durable)

        yield append


def append(path: Path, record: Any, *, durable: bool = False) -> None:
    """Append one JSON value to the log ``path``: see ``appending``."""
    with appending(path, durable=durable) as write:
        write(record)


def decoded_object(line: bytes) -> dict[str, Any] | None:
    """Return the JSON object of a line, None for a torn line or another value."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def records(content: bytes, decode: Decode[T]) -> list[T]:
    """Return what ``decode`` makes of each line of ``content``, without the lines it rejects.

    ``decode`` returns None for a line to skip.
    """
    found = map(decode, content.splitlines())
    return [record for record in found if record is not None]


def read(path: Path, decode: Decode[T]) -> list[T]:
    """Return all records of the log, oldest first.

    Raises:
        OSError: when the log is missing, cannot be read, or is not a plain file.
    """
    with files.opened_plain(path) as stream:
        return records(stream.read(), decode)


def read_last(path: Path, decode: Decode[T]) -> T | None:
    """Return the last record of the log from its end, without reading what comes before.

    None when it has none, or only one that takes more than 8 kB.

    Raises:
        OSError: when the log is missing, cannot be read, or is not a plain file.
    """
    with files.opened_plain(path) as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL_BYTES))
        return next(reversed(records(stream.read(), decode)), None)


class Follower(Generic[T, S]):
    """Folds the records of a growing log into a state; reads only new lines each time.

    ``start`` makes the state of an empty log, ``add`` changes it by one record. Several threads can
    share a follower. A log that was replaced or cut is read from its beginning.
    """

    def __init__(
        self,
        path: Path,
        decode: Decode[T],
        *,
        start: Callable[[], S],
        add: Callable[[S, T], None],
    ) -> None:
        self._path, self._decode, self._start, self._add = path, decode, start, add
        self._lock = threading.Lock()
        self._inode, self._offset, self._state = 0, 0, start()

    @contextmanager
    def state(self) -> Iterator[S]:
        """Yield the current state. No other thread changes it during the block.

        A last line without its line break waits for the next time.

        Raises:
            OSError: when the log is missing, cannot be read, or is not a plain file.
        """
        with self._lock:
            for record in records(self._new_lines(), self._decode):
                self._add(self._state, record)
            yield self._state

    def _new_lines(self) -> bytes:
        with files.opened_plain(self._path) as stream:
            status = os.fstat(stream.fileno())
            if status.st_ino != self._inode or status.st_size < self._offset:
                self._inode, self._offset, self._state = status.st_ino, 0, self._start()
            stream.seek(self._offset)
            content = stream.read()
        complete = content[: content.rfind(b"\n") + 1]
        self._offset += len(complete)
        return complete


def _append(stream: FileIO, line: bytes, *, durable: bool) -> None:
    end = stream.seek(0, os.SEEK_END)
    content = line if _ends_with_line_break(stream, end) else b"\n" + line
    try:
        _write_all(stream, content)
        if durable:
            os.fsync(stream.fileno())
    except OSError:
        if durable:
            with suppress(OSError):  # Readers skip the part of a line that is left.
                stream.truncate(end)
        raise


def _ends_with_line_break(stream: FileIO, end: int) -> bool:
    stream.seek(max(0, end - 1))
    return stream.read(1) in (b"", b"\n")


def _write_all(stream: FileIO, content: bytes) -> None:
    while content:
        # On a disk that is nearly full, a write may take less than it was given.
        content = content[stream.write(content) or 0 :]
