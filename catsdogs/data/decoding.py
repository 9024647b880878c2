"""Many images at once: decoded on a few threads, failures collected instead of raised."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from catsdogs.data import images
from catsdogs.errors import UnreadableImage

Value = TypeVar("Value")
# progress(done, total): how everything here that takes long tells of it.
Progress = Callable[[int, int], None]
# Decoding and LiteRT both release the GIL, so a thread a core keeps every core busy.
THREADS = max(1, os.cpu_count() or 1)
_IN_FLIGHT = 4 * THREADS


def map_images(
    root: Path, names: Sequence[str], side: int, function: Callable[[np.ndarray], Value]
) -> Iterator[tuple[str, Value | UnreadableImage]]:
    """Yield (name, function(pixels)) in order; for an unreadable file, (name, the error).

    ``function`` receives uint8 RGB of shape (side, side, 3) and runs on several threads. Only a
    few images are in memory at a time.
    """

    def one(name: str) -> Value | UnreadableImage:
        try:
            return function(images.load_square(images.read_bytes(root / name), side))
        except UnreadableImage as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        remaining = iter(names)
        pending = [(name, pool.submit(one, name)) for name in islice(remaining, _IN_FLIGHT)]
        while pending:
            name, job = pending.pop(0)
            pending += [(n, pool.submit(one, n)) for n in islice(remaining, 1)]
            yield name, job.result()
