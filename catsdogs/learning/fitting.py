"""The fit itself: reported batch by batch, stopped gracefully, resumed exactly."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from catsdogs.errors import RunError
from catsdogs.learning import checkpoint, measuring, watching
from catsdogs.learning.checkpoint import Progress
from catsdogs.learning.frameworks import keras
from catsdogs.learning.normalization import settle
from catsdogs.learning.pipeline import Batches
from catsdogs.learning.reporting import Reporter
from catsdogs.learning.stages import FINE_TUNE, Stage, learning_rate
from catsdogs.runs import layout
from catsdogs.runs.config import RunConfig
from catsdogs.runs.run import Run

# Report a batch once the curve has visibly grown, by this share, or after so many seconds: every
# redraw takes processor time from the training.
_SEEN_SHARE, _REPORT_EVERY_S = 0.01, 5.0
_NOT_DECAYED = ["gamma", "beta", "bias"]
# The span of the running mean of the weights, in epochs.
_MEAN_EPOCHS = 2
# More batches change the validation loss by less than 0.001 (docs/log.md).
_SETTLING_BATCHES = 25
# Checkpoints take at most this share of the time; the first assumes this duration.
_SAVING_SHARE, _FIRST_SAVE_S = 0.02, 0.1


@dataclass(frozen=True)
class Fitted:
    """The end of a fit, and its best epoch (from 1) with its validation loss."""

    cut_short: bool  # by a stop request
    best_epoch: int | None
    best_loss: float | None


def fit(
    run: Run,
    stage: Stage,
    model: keras.Model,
    training: Batches,
    *,
    validation: Batches,
    reporter: Reporter,
    before: Fitted | None = None,
    watched: np.ndarray | None = None,
    batches_at_once: int = 1,
) -> Fitted:
    """Fit ``model`` for the epochs of ``stage``, from the run's checkpoint if it has one.

    ``batches_at_once`` are trained between two checks for a report or a stop request. A check takes
    about a millisecond, which matters only for a very small network.

    ``watched`` are rows (W, …) like those of the batches: each epoch is reported with the P(dog) of
    each.

    The model ends with its best weights, or with the plain recipe its last. ``before`` is the
    result of the previous stage, which stays the best until an epoch is better.

    Raises:
        RunError: when the loss left the finite numbers, or the checkpoint is damaged.
    """
    images = training.images
    steps = math.ceil(images / run.config.batch_size)
    model.compile(
        _optimizer(run.config, stage, steps),
        loss="binary_crossentropy",
        metrics=measuring.metrics(run.config),
        steps_per_execution=batches_at_once,
    )
    recorder = Recorder(
        run, stage, reporter, training=training, validation=validation, watched=watched
    )
    progress = recorder.take_up(model, before)
    # The total counts this stage only: each has its own speed, which predicts the time left.
    with reporter.phase("fit", done=progress.epoch, total=stage.end):
        while progress.epoch < stage.end and not recorder.is_over:
            model.fit(
                training.epoch(progress.epoch, progress.step),
                class_weight=measuring.class_weights(run.config, training),
                validation_data=validation.epoch(),
                initial_epoch=progress.epoch,
                epochs=progress.epoch + 1,
                # The batches are already shuffled; Keras would shuffle whole batches again.
                shuffle=False,
                verbose=0,
                callbacks=[recorder],
            )
    if recorder.diverged:
        raise RunError(
            "Expected a loss that stays finite. Received: an infinite loss. This run learned "
            f"nothing, probably because its learning rate of {stage.learning_rate:g} is too "
            "large. Start a new run with a lower one."
        )
    recorder.restore_best(model)
    return Fitted(recorder.cut_short, progress.best_epoch, progress.best_loss)


def _optimizer(config: RunConfig, stage: Stage, steps: int) -> keras.optimizers.Optimizer:
    """Return Adam, which in fine-tuning ends each epoch at the running mean of its weights.

    With weight decay it is AdamW: Loshchilov and Hutter, "Decoupled weight decay regularization"
    (2019, arXiv:1711.05101). Normalisation and biases do not decay.

    The mean spans about two epochs, back to the good weights that fine-tuning started from: Zhang
    et al., "Lookahead Optimizer: k steps forward, 1 step back" (2019, arXiv:1907.08610), and
    Wortsman et al., "Robust fine-tuning of zero-shot models" (2022, arXiv:2109.01903).
    """
    rate = learning_rate(config, stage, steps)
    averages = stage.name == FINE_TUNE and not config.is_plain
    optimizer = keras.optimizers.Adam(
        rate,
        weight_decay=config.weight_decay or None,
        use_ema=averages,
        ema_momentum=1 - 1 / (_MEAN_EPOCHS * steps),
        ema_overwrite_frequency=steps if averages else None,
    )
    if config.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=_NOT_DECAYED)
    return optimizer


class Recorder(keras.callbacks.Callback):
    """Reports batches and epochs, saves checkpoints, and ends the fit on a stop request.

    Afterwards ``cut_short`` tells whether a stop request ended the fit, and ``diverged`` whether
    the loss became infinite, which also ends it.
    """

    def __init__(
        self,
        run: Run,
        stage: Stage,
        reporter: Reporter,
        *,
        training: Batches,
        validation: Batches,
        watched: np.ndarray | None = None,
    ) -> None:
        """Prepare for ``stage``; the arguments are those of ``fit``."""
        super().__init__()
        self._run, self._config, self._reporter = run, run.config, reporter
        self._stage, self._images, self._watched = stage, training.images, watched
        self._training, self._validation = training, validation
        self._steps = math.ceil(training.images / run.config.batch_size)
        self.cut_short = False
        self.diverged = False
        self._progress = Progress(stage=stage.name, epoch=stage.begin)
        self._best: list[np.ndarray] | None = None
        self._began = self._reported_at = time.monotonic()
        self._next_save_at = self._began + _FIRST_SAVE_S / _SAVING_SHARE

    @property
    def is_over(self) -> bool:
        """Whether the fit ends before its last epoch."""
        return self.cut_short or self.diverged or self._is_patience_over()

    def take_up(self, model: keras.Model, before: Fitted | None) -> Progress:
        """Restore the model from this stage's checkpoint, if any; return the progress of the fit.

        The fit keeps updating the returned progress.
        """
        if checkpoint.stage(self._path) == self._stage.name:
            self._progress, self._best = checkpoint.restore(self._path, model)
            for name, seconds in self._progress.seconds.items():
                self._reporter.seconds[name] += seconds
        elif before and before.best_loss is not None and not self._config.is_plain:
            self._progress.best_epoch, self._progress.best_loss = (
                before.best_epoch,
                before.best_loss,
            )
            self._best = model.get_weights()
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
        """Remember where in the epoch this fit starts, as Keras' running means start there too."""
        progress = self._progress
        self._first = progress.step
        self._before = (progress.seen, progress.loss, progress.accuracy)
        self._reported = (0, 0.0, 0.0)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Report the batches since the last report, and check for a stop request."""
        means = dict(logs or {})
        loss, accuracy = means[measuring.loss_name(self._config)], means["accuracy"]
        if not math.isfinite(loss):
            self.diverged = self.model.stop_training = True
            return
        progress = self._progress
        # Keras counts past the end when it trains several batches at once.
        progress.step = min(self._first + batch + 1, self._steps)
        seen = min(progress.step * self._config.batch_size, self._images) - self._before[0]
        ends = progress.step == self._steps
        stops = self._reporter.should_stop()
        if ends or stops or self._is_report_due():
            self._report_batches((seen, loss, accuracy))
        self._count((seen, loss, accuracy))
        if stops:
            last = ends and progress.epoch + 1 == self._stage.end
            self.cut_short = not (last and self._stage.is_last)
            self.model.stop_training = True
        # The end of an epoch is saved after its validation.
        if not ends and (stops or time.monotonic() >= self._next_save_at):
            self._save()

    def on_test_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Estimate the statistics of normalisation for the weights that validation measures."""
        epoch = self._progress.epoch
        settle(self.model, lambda: self._training.sample(epoch, _SETTLING_BATCHES))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Report the epoch; remember its weights when they are the best so far."""
        if self.diverged:
            return
        progress = self._progress
        values = {name: float(value) for name, value in (logs or {}).items()}
        if not math.isfinite(values["val_loss"]):
            self.diverged = self.model.stop_training = True
            return
        self._reporter.emit(
            "epoch",
            epoch=epoch + 1,
            step=progress.step,
            steps=self._steps,
            loss=progress.loss,
            accuracy=progress.accuracy,
            **self._validated(values),
            watched=[] if self._watched is None else watching.p_dog(self.model, self._watched),
        )
        if progress.best_loss is None or values["val_loss"] < progress.best_loss:
            self._keep(epoch + 1, values["val_loss"])
        if progress.step < self._steps:
            return  # Cut short: the checkpoint was saved before the validation.
        progress.epoch, progress.step = epoch + 1, 0
        progress.seen, progress.loss, progress.accuracy = 0, 0.0, 0.0
        self._reporter.emit("phase", name="fit", done=progress.epoch, total=self._stage.end)
        if self._is_patience_over():
            self.model.stop_training = True
        ends = self.is_over or progress.epoch == self._stage.end
        if ends or time.monotonic() >= self._next_save_at:
            self._save()

    @property
    def _path(self) -> Path:
        return self._run.folder / layout.CHECKPOINT

    def _validated(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return the validation metrics of an epoch for its event."""
        accuracy, dogs = values["val_accuracy"], values["val_dogs_found"]
        found = {"val_loss": values["val_loss"], "val_accuracy": accuracy}
        balanced = measuring.balanced_accuracy(accuracy, dogs, self._validation)
        return found if balanced is None else found | {"val_balanced_accuracy": balanced}

    def _keep(self, epoch: int, val_loss: float) -> None:
        self._progress.best_epoch, self._progress.best_loss = epoch, val_loss
        if not self._config.is_plain:
            # The plain recipe keeps its last weights, like the notebook that it repeats.
            self._best = self.model.get_weights()
            self._reporter.emit("checkpoint", epoch=epoch)

    def _is_patience_over(self) -> bool:
        if not self._stage.is_last:
            return False
        patience, best = self._config.early_stopping, self._progress.best_epoch
        waited = self._progress.epoch - max(best or 0, self._stage.cycles[-1][0])
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
        """Combine Keras' means for this part of the epoch with the part before it."""
        seen = self._before[0] + since[0]
        self._progress.seen = seen
        self._progress.loss, self._progress.accuracy = (
            (before * self._before[0] + now * since[0]) / seen
            for before, now in zip(self._before[1:], since[1:], strict=True)
        )

    def _report_batches(self, since: tuple[int, float, float]) -> None:
        """Undo Keras' running means, so that a point covers only its own batches."""
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
