"""The fit itself: reported batch by batch, stopped gracefully, resumed exactly."""

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np
from keras import ops

from catsdogs.errors import RunError
from catsdogs.learning import checkpoint
from catsdogs.learning.checkpoint import Progress
from catsdogs.learning.pipeline import Batches
from catsdogs.learning.reporting import Reporter
from catsdogs.runs import store
from catsdogs.runs.store import Run

_WARM_UP_SHARE = 0.05
# A batch is reported once the curve has grown by this share since the last one, which is what can
# be seen of it, or after so many seconds: every redraw takes processor time from the training.
_SEEN_SHARE, _REPORT_EVERY_S = 0.01, 5.0
# Checkpoints take at most this share of the time; the first one waits as if it took so long.
_SAVING_SHARE, _FIRST_SAVE_S = 0.02, 0.1
# fit(first_epoch, first_batch) → what the fit sees from there on.
TrainingBatches = Callable[[int, int], Batches]


def fit(
    run: Run,
    model: keras.Model,
    training: TrainingBatches,
    *,
    validation: Batches,
    images: int,
    reporter: Reporter,
) -> bool:
    """Fit ``model`` for the epochs of ``run``, from its checkpoint if it has one.

    ``images`` is the size of the training side. Returns whether a stop request cut the fit short.
    The model ends with its best weights, under the plain recipe with its last.

    Raises:
        RunError: when the loss left the finite numbers, or the checkpoint is damaged.
    """
    steps = math.ceil(images / run.config.batch_size)
    model.compile(
        keras.optimizers.Adam(learning_rate(run, steps)),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    recorder = Recorder(run, reporter, images=images)
    progress = recorder.take_up(model)
    planned = run.epochs_planned
    with reporter.phase("fit", done=progress.epoch, total=planned):
        while progress.epoch < planned and not recorder.is_over:
            # Keras fits whole epochs: one that was interrupted is finished as a short one.
            until = progress.epoch + 1 if progress.step else planned
            model.fit(
                training(progress.epoch, progress.step),
                validation_data=validation,
                initial_epoch=progress.epoch,
                epochs=until,
                # The batches come shuffled already; Keras would shuffle whole batches on top.
                shuffle=False,
                verbose=0,
                callbacks=[recorder],
            )
    if recorder.diverged:
        raise RunError(
            "Expected a loss that stays finite. Received: a loss that grew past all numbers, at a "
            f"learning rate of {run.config.peak_learning_rate:g}. Start a new run with a lower one."
        )
    recorder.restore_best(model)
    return recorder.cut_short


def learning_rate(run: Run, steps: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Return the constant rate, or the cycles of warm-up and cosine: the run's and its extensions'.

    ``steps`` is the number of batches in an epoch.
    """
    peak = run.config.peak_learning_rate
    if run.config.learning_rate_schedule == "constant":
        return peak
    cycles = [(0, run.config.epochs), *run.view.extensions]
    return WarmRestarts(peak, [(begin * steps, length * steps) for begin, length in cycles])


class WarmRestarts(keras.optimizers.schedules.LearningRateSchedule):
    """Cycles (first step, steps), each a short linear rise to ``peak`` and half a cosine to zero.

    Loshchilov and Hutter, "SGDR" (2017, arXiv:1608.03983), with the rise added.
    """

    def __init__(self, peak: float, cycles: list[tuple[int, int]]) -> None:
        self.peak, self.cycles = peak, cycles

    def __call__(self, step: keras.KerasTensor) -> keras.KerasTensor:
        """Return the rate at ``step``, a scalar tensor counted over the whole run."""
        step = ops.cast(step, "float32")
        rate = ops.zeros(())
        for begin, length in self.cycles:
            rate = ops.where(step >= begin, self._within_cycle(step - begin, length), rate)
        return rate

    def get_config(self) -> dict[str, object]:
        """Return the constructor's arguments."""
        return {"peak": self.peak, "cycles": self.cycles}

    def _within_cycle(self, step: keras.KerasTensor, length: int) -> keras.KerasTensor:
        warm_up = round(_WARM_UP_SHARE * length)
        share = ops.clip((step - warm_up) / max(length - warm_up, 1), 0.0, 1.0)
        falling = self.peak * 0.5 * (1 + ops.cos(math.pi * share))
        return ops.where(step < warm_up, self.peak * step / max(warm_up, 1), falling)


class Recorder(keras.callbacks.Callback):
    """Reports batches and epochs, saves checkpoints, and ends the fit on a stop request.

    Afterwards ``cut_short`` tells whether a stop request ended the fit, and ``diverged`` whether
    the loss left the finite numbers, which ends it too.
    """

    def __init__(self, run: Run, reporter: Reporter, *, images: int) -> None:
        """``images`` is the number of training images in an epoch."""
        super().__init__()
        self._run, self._config, self._reporter = run, run.config, reporter
        extensions = run.view.extensions
        self._extended_at = extensions[-1][0] if extensions else 0
        self._images, self._planned = images, run.epochs_planned
        self._steps = math.ceil(images / run.config.batch_size)
        self.cut_short = False
        self.diverged = False
        self._progress = Progress()
        self._best: list[np.ndarray] | None = None
        self._began = self._reported_at = time.monotonic()
        self._next_save_at = self._began + _FIRST_SAVE_S / _SAVING_SHARE

    @property
    def is_over(self) -> bool:
        """Whether the fit ends here, with epochs left."""
        return self.cut_short or self.diverged or self._is_patience_over()

    def take_up(self, model: keras.Model) -> Progress:
        """Bring the model to its checkpoint, if there is one; return where the fit is.

        The progress that is returned goes on with the fit.
        """
        if self._path.is_file():
            self._progress, self._best = checkpoint.restore(self._path, model)
            for name, seconds in self._progress.seconds.items():
                self._reporter.seconds[name] += seconds
        progress = self._progress
        view = self._run.view
        if view.batches or view.epochs:
            self._reporter.emit("resumed", epoch=progress.epoch + 1, step=progress.step)
            if self._best is not None:
                self._reporter.emit("checkpoint", epoch=progress.best_epoch)
        return progress

    def restore_best(self, model: keras.Model) -> None:
        """Put the best epoch's weights back."""
        if self._best is not None:
            model.set_weights(self._best)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Remember where in the epoch this fit begins: Keras' running means begin there too."""
        progress = self._progress
        self._first = progress.step
        self._before = (progress.seen, progress.loss, progress.accuracy)
        self._reported = (0, 0.0, 0.0)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Report the batches since the last report, and look for a stop request."""
        means = dict(logs or {})
        if not math.isfinite(means["loss"]):
            self.diverged = self.model.stop_training = True
            return
        progress = self._progress
        progress.step = self._first + batch + 1
        seen = min(progress.step * self._config.batch_size, self._images) - self._before[0]
        ends = progress.step == self._steps
        stops = self._reporter.should_stop()
        if ends or stops or self._is_report_due():
            self._report_batches((seen, means["loss"], means["accuracy"]))
        self._count((seen, means["loss"], means["accuracy"]))
        if stops:
            last = ends and progress.epoch + 1 == self._planned
            self.cut_short = not last
            self.model.stop_training = True
        # The end of an epoch is saved after its validation.
        if not ends and (stops or time.monotonic() >= self._next_save_at):
            self._save()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Report the epoch; remember its weights when they are the best so far."""
        if self.diverged:
            return
        progress = self._progress
        values = {name: float(value) for name, value in (logs or {}).items()}
        values.update(loss=progress.loss, accuracy=progress.accuracy)
        if not math.isfinite(values["val_loss"]):
            self.diverged = self.model.stop_training = True
            return
        self._reporter.emit(
            "epoch", epoch=epoch + 1, step=progress.step, steps=self._steps, **values
        )
        if progress.best_loss is None or values["val_loss"] < progress.best_loss:
            self._keep(epoch + 1, values["val_loss"])
        if progress.step < self._steps:
            return  # Cut short: what a resume needs was saved before the validation.
        progress.epoch, progress.step = epoch + 1, 0
        progress.seen, progress.loss, progress.accuracy = 0, 0.0, 0.0
        self._reporter.emit("phase", name="fit", done=progress.epoch, total=self._planned)
        if self._is_patience_over():
            self.model.stop_training = True
        ends = self.is_over or progress.epoch == self._planned
        if ends or time.monotonic() >= self._next_save_at:
            self._save()

    @property
    def _path(self) -> Path:
        return self._run.folder / store.CHECKPOINT

    def _keep(self, epoch: int, val_loss: float) -> None:
        self._progress.best_epoch, self._progress.best_loss = epoch, val_loss
        if not self._config.is_plain:
            # The plain recipe ends where its last epoch ends, as the notebook it repeats does.
            self._best = self.model.get_weights()
            self._reporter.emit("checkpoint", epoch=epoch)

    def _is_patience_over(self) -> bool:
        patience, best = self._config.early_stopping, self._progress.best_epoch
        waited = self._progress.epoch - max(best or 0, self._extended_at)
        return bool(patience) and best is not None and waited >= patience

    def _is_report_due(self) -> bool:
        now = time.monotonic()
        return now - self._reported_at >= min(_SEEN_SHARE * (now - self._began), _REPORT_EVERY_S)

    def _save(self) -> None:
        started = time.monotonic()
        self._progress.seconds = self._reporter.elapsed()
        checkpoint.save(self._path, self.model, self._progress, self._best)
        progress = self._progress
        self._reporter.emit("saved", epoch=progress.epoch + 1, step=progress.step)
        ended = time.monotonic()
        self._next_save_at = ended + (ended - started) / _SAVING_SHARE

    def _count(self, since: tuple[int, float, float]) -> None:
        """Add what Keras' means say of this fit's part of the epoch to what came before it."""
        seen = self._before[0] + since[0]
        self._progress.seen = seen
        self._progress.loss, self._progress.accuracy = (
            (before * self._before[0] + now * since[0]) / seen
            for before, now in zip(self._before[1:], since[1:], strict=True)
        )

    def _report_batches(self, since: tuple[int, float, float]) -> None:
        """Undo Keras' running means, so that a point tells of its batches alone."""
        reported = self._reported
        new = since[0] - reported[0]
        loss, accuracy = (
            (now * since[0] - before * reported[0]) / new
            for before, now in zip(reported[1:], since[1:], strict=True)
        )
        self._reported, self._reported_at = since, time.monotonic()
        self._reporter.emit(
            "batch",
            epoch=self._progress.epoch + 1,
            step=self._progress.step,
            steps=self._steps,
            loss=loss,
            accuracy=accuracy,
        )
