"""Room in memory for pixels, shared by all threads of a process: each session brings its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Room:
    """So many pixels at a time. Who comes first is served first, so the largest are served too."""

    def __init__(self, pixels: int) -> None:
        self._free_px, self._freed, self._first = pixels, threading.Condition(), threading.Lock()
        self._mine = threading.local()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Wait until ``pixels`` are free, at most all of them, and take them until it is left.

        A thread that has taken some takes no more: it would wait for itself.
        """
        if getattr(self._mine, "has_taken", False):
            yield
            return
        with self._first, self._freed:
            self._freed.wait_for(lambda: self._free_px >= pixels)
            self._free_px -= pixels
        self._mine.has_taken = True
        try:
            yield
        finally:
            self._mine.has_taken = False
            with self._freed:
                self._free_px += pixels
                self._freed.notify_all()
