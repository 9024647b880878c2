"""Many images decoded on a few threads. Failures are returned, not raised."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TypeVar

from catsdogs.errors import Unreachable, UnreadableImage
from catsdogs.images import picture

Item = TypeVar("Item")
Value = TypeVar("Value")
# progress(done, total): every long computation reports this way.
Progress = Callable[[int, int], None]
# Decoding and LiteRT both release the GIL, so one thread per core keeps all cores busy.
THREADS = max(1, os.cpu_count() or 1)
_IN_FLIGHT = 4 * THREADS


def map_files(
    root: Path, names: Sequence[str], function: Callable[[bytes], Value]
) -> Iterator[tuple[str, Value | UnreadableImage]]:
    """Yield (name, function(content)) in order; (name, error) for an unreadable file.

    ``function`` runs on several threads. Only a few files are in memory at a time.

    Raises:
        Unreachable: if an address cannot be read now, or its object has changed.
    """

    def one(name: str) -> Value | UnreadableImage:
        try:
            return function(picture.read_bytes(root / name))
        except Unreachable:
            raise
        except UnreadableImage as error:
            return error

    yield from zip(names, map_ordered(names, one), strict=True)


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
