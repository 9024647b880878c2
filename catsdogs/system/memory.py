"""A limit on the pixels in memory, shared by all threads of a process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Room:
    """Room for a number of pixels. Requests are served in order, so large ones are served too."""

    def __init__(self, pixels: int) -> None:
        self._free_px, self._freed, self._first = pixels, threading.Condition(), threading.Lock()
        self._mine = threading.local()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Wait until ``pixels`` are free and hold them until the block ends.

        ``pixels`` must not exceed the size of the room. Nested calls on one thread take nothing
        more: otherwise the thread could wait for itself.
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
