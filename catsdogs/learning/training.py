"""A run's work, from records to a trained network with its validation predictions."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    training = PixelBatches(
        *(rows, labels, train_rows),
        batch_size=config.batch_size,
        shuffle_seed=config.seed,
        augment=config.recipe == "default",
    )
    validation = PixelBatches(rows, labels, val_rows, batch_size=config.batch_size)
    model = models.build_custom_cnn(config.recipe)
    # The batches come shuffled already; Keras would shuffle whole batches on top.
    data = {"x": training, "shuffle": False, "validation_data": validation}
    cut_short = _fit(model, data, config, reporter, images=len(train_rows))
    with reporter.phase("evaluate"):
        p_dog = model.predict(validation, verbose=0)[:, 0]
    return Trained(
        # A model that was never compiled: the file is a third as large without Adam's moments.
        keras.Model(model.input, model.output, name=model.name),
        len(train_rows),
        records.iloc[val_rows],
        p_dog,
        cut_short,
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
    x_train, x_val = rows.take(train_rows), rows.take(val_rows)
    y_train, y_val = (labels[side].astype(np.float32) for side in (train_rows, val_rows))
    head = models.build_head(embeddings.EMBEDDING_SIZE)
    data = {"x": x_train, "y": y_train, "batch_size": config.batch_size}
    data["validation_data"] = (x_val, y_val)
    cut_short = _fit(head, data, config, reporter, images=len(train_rows))
    with reporter.phase("evaluate"):
        p_dog = head.predict(x_val, verbose=0)[:, 0]
    with reporter.phase("export"):
        model = models.assemble_mobilenet_v2(models.build_backbone(weights_file), head)
    return Trained(
        model,
        len(train_rows),
        records.iloc[val_rows],
        p_dog,
        cut_short,
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


def _fit(
    model: keras.Model,
    data: dict[str, Any],
    config: RunConfig,
    reporter: Reporter,
    *,
    images: int,
) -> bool:
    """Fit ``model`` on ``data`` (what ``Model.fit`` takes); return whether a stop cut it short."""
    recorder = TrainingRecorder(
        reporter,
        # The plain recipe ends where its last epoch ends, as the notebook it repeats does.
        keep_best=config.recipe == "default",
        batch_size=config.batch_size,
        images=images,
    )
    model.compile(
        keras.optimizers.Adam(_learning_rate(config, images)),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    with reporter.phase("fit", total=config.epochs):
        model.fit(**data, epochs=config.epochs, verbose=0, callbacks=[recorder])
    if recorder.diverged:
        raise RunError(
            "Expected a loss that stays finite. Received: a loss that grew past all numbers, at a "
            f"learning rate of {config.peak_learning_rate:g}. Start again with a lower one."
        )
    return recorder.cut_short


def _learning_rate(
    config: RunConfig, images: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The plain recipe's constant; the default one's warm-up and cosine down to zero."""
    if config.recipe == "plain":
        return config.peak_learning_rate
    steps = -(-images // config.batch_size) * config.epochs
    warm_up = round(_WARM_UP_SHARE * steps)
    return keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm_up, warmup_target=config.peak_learning_rate, warmup_steps=warm_up
    )
