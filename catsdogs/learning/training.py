"""A run's work, from records to a trained network with its validation predictions."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from catsdogs.data import embeddings
from catsdogs.data.index import Dataset
from catsdogs.data.row_cache import Rows
from catsdogs.data.split import split
from catsdogs.errors import RunError
from catsdogs.learning import export, models, weights
from catsdogs.learning.pipeline import PixelBatches
from catsdogs.learning.reporting import Reporter, TrainingRecorder
from catsdogs.runs.config import MODELS, RunConfig

_WARM_UP_SHARE = 0.05


@dataclass(frozen=True)
class Trained:
    """A finished training: the complete Keras model and P(dog) of each validation record."""

    model: keras.Model
    train_images: int
    validation: pd.DataFrame
    p_dog: np.ndarray
    cut_short: bool  # a stop request ended the fit before its last epoch
    export_litert: Callable[[Path], None]


def train(config: RunConfig, dataset: Dataset, reporter: Reporter) -> Trained:
    """Train what ``config`` asks for on ``dataset``.

    A stop request during the fit ends it after the batch at hand and keeps what was learned.

    Raises:
        StoppedEarly: when a stop was asked for before the fit.
        ConfigError: when the dataset cannot be split.
        WeightsUnavailable: for MobileNetV2 without ImageNet weights.
        RunError: when the loss left the finite numbers.
    """
    keras.utils.set_random_seed(config.seed)
    trainers = {"custom_cnn": _train_custom_cnn, "mobilenet_v2": _train_mobilenet_v2}
    return trainers[config.model](config, dataset, reporter)


def _train_custom_cnn(config: RunConfig, dataset: Dataset, reporter: Reporter) -> Trained:
    side = MODELS[config.model].side
    with reporter.preparing("decode"):
        rows = embeddings.decode(
            dataset.root, dataset.usable, side=side, progress=reporter.progress("decode")
        )
    records, labels, train_rows, val_rows = _sides(config, dataset, rows, reporter)
    model = models.build_custom_cnn(config.recipe)
    default = config.recipe == "default"
    _compile(model, config, len(train_rows))
    recorder = _recorder(config, reporter, len(train_rows))
    validation = PixelBatches(rows, labels, val_rows, batch_size=config.batch_size)
    with reporter.phase("fit", total=config.epochs):
        model.fit(
            PixelBatches(
                rows,
                labels,
                train_rows,
                batch_size=config.batch_size,
                shuffle_seed=config.seed,
                augment=default,
            ),
            # The batches come shuffled already; Keras would shuffle whole batches on top.
            shuffle=False,
            validation_data=validation,
            epochs=config.epochs,
            verbose=0,
            callbacks=[recorder],
        )
    _require_finite(recorder, config)
    with reporter.phase("evaluate"):
        p_dog = model.predict(validation, verbose=0)[:, 0]
    return Trained(
        # A model that was never compiled: the file is a third as large without Adam's moments.
        keras.Model(model.input, model.output, name=model.name),
        len(train_rows),
        records.iloc[val_rows],
        p_dog,
        recorder.cut_short,
        lambda target: export.export_custom_cnn(model, target),
    )


def _train_mobilenet_v2(config: RunConfig, dataset: Dataset, reporter: Reporter) -> Trained:
    with reporter.preparing("embed"):
        weights_file = weights.find_weights()
        backbone = export.backbone_file(weights_file)
        rows = embeddings.embed(
            dataset.root, dataset.usable, backbone=backbone, progress=reporter.progress("embed")
        )
    records, labels, train_rows, val_rows = _sides(config, dataset, rows, reporter)
    head = models.build_head(embeddings.EMBEDDING_SIZE)
    _compile(head, config, len(train_rows))
    recorder = _recorder(config, reporter, len(train_rows))
    x_val, y_val = rows.take(val_rows), labels[val_rows].astype(np.float32)
    with reporter.phase("fit", total=config.epochs):
        head.fit(
            rows.take(train_rows),
            labels[train_rows].astype(np.float32),
            validation_data=(x_val, y_val),
            epochs=config.epochs,
            batch_size=config.batch_size,
            verbose=0,
            callbacks=[recorder],
        )
    _require_finite(recorder, config)
    with reporter.phase("evaluate"):
        p_dog = head.predict(x_val, verbose=0)[:, 0]
    with reporter.phase("export"):
        model = models.assemble_mobilenet_v2(models.build_backbone(weights_file), head)
    return Trained(
        model,
        len(train_rows),
        records.iloc[val_rows],
        p_dog,
        recorder.cut_short,
        lambda target: export.export_mobilenet_v2(backbone, head, target),
    )


def _sides(
    config: RunConfig, dataset: Dataset, rows: Rows, reporter: Reporter
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Return records, labels and the training and validation rows, undecodable photos left out."""
    records = dataset.usable
    for path, error in rows.missing.items():
        reporter.emit("skipped", path=path, reason=str(error))
    train_rows, val_rows = split(records, validation=config.validation, seed=config.seed)
    decoded = rows.places[:, 0] >= 0
    labels = records["label"].to_numpy()
    return records, labels, train_rows[decoded[train_rows]], val_rows[decoded[val_rows]]


def _compile(model: keras.Model, config: RunConfig, images: int) -> None:
    """Adam; the default recipe warms up and then lowers the rate along a cosine to zero."""
    rate: float | keras.optimizers.schedules.LearningRateSchedule = config.peak_learning_rate
    if config.recipe == "default":
        steps = -(-images // config.batch_size) * config.epochs
        warm_up = round(_WARM_UP_SHARE * steps)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, steps - warm_up, warmup_target=config.peak_learning_rate, warmup_steps=warm_up
        )
    model.compile(keras.optimizers.Adam(rate), loss="binary_crossentropy", metrics=["accuracy"])


def _require_finite(recorder: TrainingRecorder, config: RunConfig) -> None:
    if recorder.diverged:
        raise RunError(
            "Expected a loss that stays finite. Received: a loss that grew past all numbers, at a "
            f"learning rate of {config.peak_learning_rate:g}. Start again with a lower one."
        )


def _recorder(config: RunConfig, reporter: Reporter, images: int) -> TrainingRecorder:
    # The plain recipe ends where its last epoch ends, as the notebook it repeats does.
    return TrainingRecorder(
        reporter,
        keep_best=config.recipe == "default",
        batch_size=config.batch_size,
        images=images,
    )
