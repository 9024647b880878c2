"""The phases of a running worker: reports their progress, and measures their time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from catsdogs.background.job import Emit
from catsdogs.images.parallel import Progress
from catsdogs.runs.events import PHASES

_PROGRESS_EVERY_S = 0.25


class StoppedEarly(Exception):
    """Somebody asked for a stop before there was anything worth keeping."""


class Reporter:
    """Reports the phases of one run and adds up their seconds."""

    def __init__(self, emit: Emit, should_stop: Callable[[], bool], *, began: float) -> None:
        """Report through ``emit``, and ask ``should_stop`` whether to end.

        ``began`` is the ``time.perf_counter()`` from which the total counts.
        """
        self.emit = emit
        self.should_stop = should_stop
        self.seconds = dict.fromkeys((*PHASES, "total"), 0.0)
        self._last_progress = 0.0
        self._phase, self._phase_began = "", 0.0
        self._began = began

    @contextmanager
    def preparing(self, name: str) -> Iterator[None]:
        """Like ``phase``, for a phase before the fit: a stop request ends the run after it.

        Raises:
            StoppedEarly: when somebody asked for a stop by the end of the phase.
        """
        with self.phase(name):
            yield
        if self.should_stop():
            raise StoppedEarly

    @contextmanager
    def phase(self, name: str, *, done: int = 0, total: int = 0) -> Iterator[None]:
        """Report the start of a phase and measure its time."""
        self.emit("phase", name=name, done=done, total=total)
        self._phase, self._phase_began = name, time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - self._phase_began
            self._phase = ""

    def elapsed(self) -> dict[str, float]:
        """Return the seconds of each phase so far, and their total since ``began``."""
        now = time.perf_counter()
        seconds = {**self.seconds, "total": self.seconds["total"] + now - self._began}
        if self._phase:
            seconds[self._phase] += now - self._phase_began
        return seconds

    def progress(self, name: str) -> Progress:
        """Return a ``progress(done, total)`` for phase ``name``."""

        def advance(done: int, total: int) -> None:
            now = time.monotonic()
            if now - self._last_progress >= _PROGRESS_EVERY_S or done == total:
                self._last_progress = now
                self.emit("phase", name=name, done=done, total=total)

        return advance

    def progress_until_stopped(self, name: str) -> Progress:
        """Return a ``progress(done, total)`` for phase ``name`` that a stop request interrupts.

        Raises (when called):
            StoppedEarly: once somebody asked for a stop.
        """
        progress = self.progress(name)

        def advance(done: int, total: int) -> None:
            if self.should_stop():
                raise StoppedEarly
            progress(done, total)

        return advance
