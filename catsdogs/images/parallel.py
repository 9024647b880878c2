"""Many images at once: decoded on a few threads, failures collected instead of raised."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TypeVar

from catsdogs.errors import UnreadableImage
from catsdogs.images import picture

Item = TypeVar("Item")
Value = TypeVar("Value")
# progress(done, total): how everything here that takes long tells of it.
Progress = Callable[[int, int], None]
# Decoding and LiteRT both release the GIL, so a thread a core keeps every core busy.
THREADS = max(1, os.cpu_count() or 1)
_IN_FLIGHT = 4 * THREADS


def map_files(
    root: Path, names: Sequence[str], function: Callable[[bytes], Value]
) -> Iterator[tuple[str, Value | UnreadableImage]]:
    """Yield (name, function(content)) in order; for an unreadable file, (name, the error).

    ``function`` runs on several threads. Only a few files are in memory at a time.
    """

    def one(name: str) -> Value | UnreadableImage:
        try:
            return function(picture.read_bytes(root / name))
        except UnreadableImage as error:
            return error

    yield from zip(names, map_ordered(names, one), strict=True)


def map_ordered(items: Iterable[Item], function: Callable[[Item], Value]) -> Iterator[Value]:
    """Yield function(item) in order, computed on several threads, a few ahead of who takes them.

    All callers of a process share these threads, and take turns: who has thousands of items holds
    nobody up who has few. ``function`` must not call this itself: it would wait for its own thread.
    """
    pool, remaining = _pool(), iter(items)
    pending = deque(pool.submit(function, item) for item in islice(remaining, _IN_FLIGHT))
    try:
        while pending:
            job = pending.popleft()
            pending.extend(pool.submit(function, item) for item in islice(remaining, 1))
            yield job.result()
    finally:
        # Who stops early, or met an error, is left with nothing at work for it.
        wait([job for job in pending if not job.cancel()])


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="decoding")
