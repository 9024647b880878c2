"""A run's work, from records to a trained network with its validation predictions."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow

from catsdogs.data import embeddings
from catsdogs.data.index import Dataset
from catsdogs.data.row_cache import Rows
from catsdogs.data.split import fingerprint as split_fingerprint
from catsdogs.data.split import split
from catsdogs.errors import DatasetError
from catsdogs.learning import export, models, weights
from catsdogs.learning.fitting import fit
from catsdogs.learning.pipeline import Batches
from catsdogs.learning.reporting import Reporter
from catsdogs.runs.config import MODELS, RunConfig
from catsdogs.runs.store import Run


@dataclass(frozen=True)
class Trained:
    """A finished training: the complete Keras model and P(dog) of each validation record."""

    model: keras.Model
    train_images: int
    validation: pd.DataFrame
    p_dog: np.ndarray
    cut_short: bool  # a stop request ended the fit before its last epoch
    export_litert: Callable[[Path], None]


def train(run: Run, dataset: Dataset, reporter: Reporter) -> Trained:
    """Train what ``run`` asks for on ``dataset``, from its checkpoint if it has one.

    A stop request during the fit ends it after the batch at hand and keeps what was learned.

    Raises:
        StoppedEarly: when a stop was asked for before the fit.
        ConfigError: when the dataset cannot be split.
        DatasetError: when a resumed run would have other photos on its two sides.
        WeightsUnavailable: for MobileNetV2 without ImageNet weights.
        RunError: when the loss left the finite numbers, or the checkpoint is damaged.
    """
    if run.config.deterministic:
        tensorflow.config.experimental.enable_op_determinism()
    trainers = {"custom_cnn": _train_custom_cnn, "mobilenet_v2": _train_mobilenet_v2}
    return trainers[run.config.model](run, dataset, reporter)


def _train_custom_cnn(run: Run, dataset: Dataset, reporter: Reporter) -> Trained:
    with reporter.preparing("decode"):
        rows = embeddings.decode(
            dataset.root,
            dataset.usable,
            side=MODELS[run.config.model].side,
            progress=reporter.progress("decode"),
        )
    sides = _sides(run, dataset, rows, reporter)
    keras.utils.set_random_seed(run.config.seed)
    model = models.build_custom_cnn(run.config)
    cut_short = _fit(run, model, sides, reporter)
    with reporter.phase("evaluate"):
        p_dog = model.predict(sides.validation(), verbose=0)[:, 0]
    return Trained(
        _uncompiled(model),
        len(sides.train_rows),
        sides.val_records,
        p_dog,
        cut_short,
        lambda target: export.export_custom_cnn(model, target),
    )


def _train_mobilenet_v2(run: Run, dataset: Dataset, reporter: Reporter) -> Trained:
    with reporter.preparing("embed"):
        weights_file = weights.find_weights()
        backbone = export.backbone_file(weights_file)
        rows = embeddings.embed(
            dataset.root, dataset.usable, backbone=backbone, progress=reporter.progress("embed")
        )
    sides = _sides(run, dataset, rows, reporter)
    # Only now, because exporting the backbone, which a cache may spare, draws random numbers too.
    keras.utils.set_random_seed(run.config.seed)
    head = models.build_head(embeddings.EMBEDDING_SIZE, dropout=run.config.dropout_rate)
    cut_short = _fit(run, head, sides, reporter)
    with reporter.phase("evaluate"):
        p_dog = head.predict(sides.validation(), verbose=0)[:, 0]
    with reporter.phase("export"):
        backbone_model = models.build_backbone(weights_file)
        model = models.assemble_mobilenet_v2(backbone_model, _uncompiled(head))
    return Trained(
        model,
        len(sides.train_rows),
        sides.val_records,
        p_dog,
        cut_short,
        lambda target: export.export_mobilenet_v2(backbone, head, target),
    )


@dataclass(frozen=True)
class _Sides:
    """The two sides of a split, as batches; photos that did not decode are on neither."""

    config: RunConfig
    records: pd.DataFrame
    rows: Rows
    train_rows: np.ndarray
    val_rows: np.ndarray

    @property
    def val_records(self) -> pd.DataFrame:
        return self.records.iloc[self.val_rows]

    @property
    def _labels(self) -> np.ndarray:
        return self.records["label"].to_numpy()

    def training(self, first_epoch: int, first_batch: int) -> Batches:
        return Batches(
            *(self.rows, self._labels, self.train_rows),
            batch_size=self.config.batch_size,
            shuffle_seed=self.config.seed,
            augment=self.config.augments,
            first_epoch=first_epoch,
            first_batch=first_batch,
        )

    def validation(self) -> Batches:
        batch_size = self.config.batch_size
        return Batches(self.rows, self._labels, self.val_rows, batch_size=batch_size)


def _sides(run: Run, dataset: Dataset, rows: Rows, reporter: Reporter) -> _Sides:
    """Split the dataset, and say how; a resumed run must get the sides it had."""
    config, records = run.config, dataset.usable
    for path, error in rows.missing.items():
        reporter.emit("skipped", path=path, reason=str(error))
    decoded = rows.places[:, 0] >= 0
    train_rows, val_rows = (
        side[decoded[side]]
        for side in split(records, validation=config.validation, seed=config.seed)
    )
    fingerprint = split_fingerprint(records["digest"].iloc[val_rows])
    recorded = run.view.split
    if recorded is not None and recorded["hash"] != fingerprint:
        raise DatasetError(
            f"Expected the validation photos that this run began with ({recorded['hash']}). "
            f"Received: others ({fingerprint}), because near duplicates were found or photos do "
            "not decode any more. Start a new run."
        )
    reporter.emit("split", train=len(train_rows), validation=len(val_rows), hash=fingerprint)
    return _Sides(config, records, rows, train_rows, val_rows)


def _uncompiled(model: keras.Model) -> keras.Model:
    """Return the same network as a file should hold it.

    Without Adam's moments it is a third as large, and without our learning-rate schedule any Keras
    loads it.
    """
    return keras.Model(model.input, model.output, name=model.name)


def _fit(run: Run, model: keras.Model, sides: _Sides, reporter: Reporter) -> bool:
    return fit(
        run,
        model,
        sides.training,
        validation=sides.validation(),
        images=len(sides.train_rows),
        reporter=reporter,
    )
