"""Many images, computed on a few threads or by another engine. Failures are returned."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

from catsdogs.errors import Unreachable, UnreadableImage
from catsdogs.images import picture

Item = TypeVar("Item")
Value = TypeVar("Value")
# progress(done, total): every long computation reports this way.
Progress = Callable[[int, int], None]
Read = Callable[[], bytes]
# Decoding and LiteRT both release the GIL, so one thread per core keeps all cores busy.
THREADS = max(1, os.cpu_count() or 1)
_IN_FLIGHT = 4 * THREADS


@dataclass(frozen=True)
class FromFile:
    """Reads a file. Another machine that has the same file may read it there."""

    path: Path

    def __call__(self) -> bytes:
        """Return the content, or raise UnreadableImage."""
        return picture.read_bytes(self.path)


class Work(Protocol):
    """A computation on the content of each file: small, and complete once it is loaded."""

    def needs(self) -> Sequence[Path]:
        """Return the files to load it from. Another machine gets copies of them."""

    def loaded(self, place: Callable[[Path], Path]) -> Callable[[bytes], Any]:
        """Return the function; it may raise UnreadableImage.

        ``place`` returns where one of the files is on this machine, or the folder of some.
        """


class Engine(Protocol):
    """Computes work on many files: the threads of this process, or a cluster."""

    def outcomes(self, reads: Sequence[Read], work: Work) -> Iterator[Any]:
        """Yield the value of each file in order; the UnreadableImage for one without a value.

        Raises:
            Unreachable: if an address cannot be read now, or its object has changed.
        """


@dataclass(frozen=True)
class OnThreads:
    """The engine that every machine has."""

    def outcomes(self, reads: Sequence[Read], work: Work) -> Iterator[Any]:
        """Yield as ``Engine`` has it. Only a few files are in memory at a time."""
        function = work.loaded(lambda path: path)

        def one(read: Read) -> Any:
            try:
                return function(read())
            except Unreachable:
                raise
            except UnreadableImage as error:
                return error

        return map_ordered(reads, one)


@dataclass(frozen=True)
class Function:
    """Work that is a function of this process, for ``OnThreads``."""

    function: Callable[[bytes], Any]

    def needs(self) -> Sequence[Path]:
        """Return nothing: the function is loaded."""
        return ()

    def loaded(self, place: Callable[[Path], Path]) -> Callable[[bytes], Any]:
        """Return the function."""
        return self.function


def map_files(
    root: Path, names: Sequence[str], function: Callable[[bytes], Value]
) -> Iterator[tuple[str, Value | UnreadableImage]]:
    """Yield (name, function(content)) in order; (name, error) for an unreadable file.

    ``function`` runs on several threads. Only a few files are in memory at a time.

    Raises:
        Unreachable: if an address cannot be read now, or its object has changed.
    """

    reads = [FromFile(root / name) for name in names]
    yield from zip(names, OnThreads().outcomes(reads, Function(function)), strict=True)


def map_ordered(items: Iterable[Item], function: Callable[[Item], Value]) -> Iterator[Value]:
    """Yield function(item) in order, computed on several threads, a few items ahead of the caller.

    All callers in a process share these threads and take turns: a caller with thousands of items
    does not block one with a few. ``function`` must not call this itself: it could wait for its own
    thread.
    """
    pool, remaining = _pool(), iter(items)
    pending = deque(pool.submit(function, item) for item in islice(remaining, _IN_FLIGHT))
    try:
        while pending:
            job = pending.popleft()
            pending.extend(pool.submit(function, item) for item in islice(remaining, 1))
            yield job.result()
    finally:
        # If the consumer stops early or an error occurs, cancel the pending jobs.
        wait([job for job in pending if not job.cancel()])


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="decoding")
