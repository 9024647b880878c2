"""What a worker tells the world while it works: phases with progress and time, batches, epochs."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import keras
import numpy as np

from catsdogs.runs.events import PHASES

Emit = Callable[..., None]
# Keeps a run's event file and the page that reads it small, however many batches there are.
_BATCH_EVENTS_PER_EPOCH = 200
_PROGRESS_EVERY_S = 0.25


class StoppedEarly(Exception):
    """A stop was asked for before there was anything worth keeping."""


class Reporter:
    """Emits events for one run and adds up the seconds of its phases."""

    def __init__(self, emit: Emit, should_stop: Callable[[], bool]) -> None:
        """Keep the two seams: where events go, and whether a stop was asked for."""
        self.emit = emit
        self.should_stop = should_stop
        self.seconds = dict.fromkeys(PHASES, 0.0)
        self._last_progress = 0.0

    @contextmanager
    def preparing(self, name: str) -> Iterator[None]:
        """Like ``phase``, for what comes before the fit: a stop request ends the run here.

        Raises:
            StoppedEarly: when a stop was asked for by the end of the phase.
        """
        with self.phase(name):
            yield
        if self.should_stop():
            raise StoppedEarly

    @contextmanager
    def phase(self, name: str, total: int = 0) -> Iterator[None]:
        """Announce a phase and time it."""
        self.emit("phase", name=name, done=0, total=total)
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - started

    def progress(self, name: str) -> Callable[[int, int], None]:
        """Return a ``progress(done, total)`` for phase ``name`` that a stop request interrupts.

        Raises (when called):
            StoppedEarly: once a stop was asked for.
        """

        def advance(done: int, total: int) -> None:
            if self.should_stop():
                raise StoppedEarly
            now = time.monotonic()
            if now - self._last_progress >= _PROGRESS_EVERY_S or done == total:
                self._last_progress = now
                self.emit("phase", name=name, done=done, total=total)

        return advance


class TrainingRecorder(keras.callbacks.Callback):
    """Reports batches and epochs, keeps the weights of the best epoch, and ends on a stop.

    Afterwards ``cut_short`` tells whether a stop request ended the fit, and ``diverged`` whether
    the loss left the finite numbers, which ends it too.
    """

    def __init__(
        self, reporter: Reporter, *, keep_best: bool, batch_size: int, images: int
    ) -> None:
        """``keep_best`` keeps the weights of the epoch with the lowest validation loss."""
        super().__init__()
        self._reporter = reporter
        self._keep_best = keep_best
        self._batch_size = batch_size
        self._images = images
        self.cut_short = False
        self.diverged = False
        self._best: tuple[float, list[np.ndarray]] | None = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Start the epoch's running means afresh."""
        self._epoch = epoch + 1
        self._reported = {"seen": 0, "loss": 0.0, "accuracy": 0.0}

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Report the batches since the last report, and look for a stop request."""
        steps = -(-self._images // self._batch_size)
        every = -(-steps // _BATCH_EVENTS_PER_EPOCH)
        if not math.isfinite((logs or {})["loss"]):
            self.diverged = self.model.stop_training = True
            return
        if (batch + 1) % every == 0 or batch + 1 == steps:
            self._report_batches(batch, steps, logs or {})
        if self._reporter.should_stop():
            last = batch + 1 == steps and self._epoch == self.params["epochs"]
            self.cut_short = not last
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Report the epoch; remember its weights when they are the best so far."""
        if self.diverged:
            return
        values = {name: float(value) for name, value in (logs or {}).items()}
        self._reporter.emit("epoch", epoch=epoch + 1, **values)
        done = min(epoch + 1, self.params["epochs"])
        self._reporter.emit("phase", name="fit", done=done, total=self.params["epochs"])
        if self._keep_best and (self._best is None or values["val_loss"] < self._best[0]):
            self._best = (values["val_loss"], self.model.get_weights())
            self._reporter.emit("checkpoint", epoch=epoch + 1)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Put the best epoch's weights back."""
        if self._best is not None:
            self.model.set_weights(self._best[1])

    def _report_batches(self, batch: int, steps: int, logs: dict[str, float]) -> None:
        """Undo Keras' running mean over the epoch, so that a point tells of its batches alone."""
        seen = min((batch + 1) * self._batch_size, self._images)
        new = seen - self._reported["seen"]
        recent = {
            name: (logs[name] * seen - self._reported[name] * self._reported["seen"]) / new
            for name in ("loss", "accuracy")
        }
        self._reported = {"seen": seen, "loss": logs["loss"], "accuracy": logs["accuracy"]}
        self._reporter.emit("batch", epoch=self._epoch, step=batch + 1, steps=steps, **recent)
