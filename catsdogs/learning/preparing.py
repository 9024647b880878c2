"""The data that a run fits its networks on: rows per photo, and the two sides of its split."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path

import numpy as np
import pandas as pd

from catsdogs.dataset.index import Dataset
from catsdogs.dataset.split import fingerprint as split_fingerprint
from catsdogs.dataset.split import split
from catsdogs.errors import DatasetError
from catsdogs.features import embeddings
from catsdogs.features.store import Rows
from catsdogs.images.parallel import Progress
from catsdogs.learning import engines, export
from catsdogs.learning.frameworks import keras
from catsdogs.learning.pipeline import Batches
from catsdogs.learning.reporting import Reporter
from catsdogs.runs.choices import INT8
from catsdogs.runs.config import RunConfig
from catsdogs.runs.models import WHOLE
from catsdogs.runs.run import Run

_MEASURED_TOGETHER = 64  # photos of the validation side, independent of the batch size


def decoded(dataset: Dataset, side: int, reporter: Reporter) -> Rows:
    """Return each photo's pixels, uint8 rows of shape (side, side, 3)."""
    progress = reporter.progress("decode")
    return embeddings.decode(dataset.root, dataset.usable, side=side, progress=progress)


@dataclass(frozen=True)
class Frozen:
    """The part of MobileNetV2 that is computed once per photo.

    ``vectors`` are the head's input, float32 (1280,). ``measured`` are the same for the validation
    side, always exact, whichever engine computed the others. ``activations`` are the input of the
    first fine-tuned block: float16 (h, w, C), or uint8 pixels (S, S, 3) for the whole network.
    Rows of mirrored photos follow those of the photos as they are.
    """

    vectors: Rows
    measured: Rows
    activations: Rows | None

    @property
    def tables(self) -> list[Rows]:
        """The tables in which a usable photo has a row."""
        tables = [self.vectors, self.measured, self.activations]
        return [rows for rows in tables if rows is not None]


def frozen(
    config: RunConfig, dataset: Dataset, weights: Path, engine: str, reporter: Reporter
) -> Frozen:
    """Compute MobileNetV2's frozen part of each photo by ``engine``, as ``config`` has it.

    Raises:
        ConfigError: when the dataset cannot be split.
        StoppedEarly: when a stop was asked for.
        RunError: when an exported network cannot be loaded.
    """
    root, records = dataset.root, dataset.usable
    views = (False, True) if config.augments else (False,)
    train, held_back = split(records, validation=config.validation, seed=config.seed)
    embed = engines.embedder(engine, weights, root, records, calibrate_on=records.iloc[train])
    steps = [_Step(len(records), partial(embed, mirrored=mirrored)) for mirrored in views]
    if engine == INT8:
        exact = engines.embedder("litert", weights, root, records.iloc[held_back])
        steps.append(_Step(len(held_back), exact))
    if config.fine_tune:
        steps += _activating(config, dataset, weights, views)
    rows = _one_after_another(steps, reporter.progress("embed"))
    vectors = _joined([rows.pop(0) for _ in views])
    measured = rows.pop(0).spread(held_back, len(records)) if engine == INT8 else vectors
    return Frozen(vectors, measured, _joined(rows) if rows else None)


@dataclass(frozen=True)
class _Step:
    photos: int
    rows: Callable[..., Rows]


def _activating(
    config: RunConfig, dataset: Dataset, weights: Path, views: tuple[bool, ...]
) -> list[_Step]:
    source = dataset.root, dataset.usable
    photos = len(dataset.usable)
    if config.fine_tune_from == WHOLE:
        side = config.info.side
        return [_Step(photos, partial(embeddings.decode, *source, side=side))]
    trunk = export.trunk_file(weights, config.fine_tune_from)
    activate = partial(embeddings.activate, *source, trunk=trunk)
    return [_Step(photos, partial(activate, mirrored=mirrored)) for mirrored in views]


def _one_after_another(steps: list[_Step], progress: Progress) -> list[Rows]:
    """Do all steps, and report their progress as one."""
    photos = [step.photos for step in steps]
    begins = accumulate([0, *photos[:-1]])
    return [
        step.rows(progress=lambda done, _, begin=begin: progress(begin + done, sum(photos)))
        for step, begin in zip(steps, begins, strict=True)
    ]


def _joined(views: list[Rows]) -> Rows:
    first, *others = views
    for other in others:
        first = first.followed_by(other)
    return first


@dataclass(frozen=True)
class Sides:
    """The two sides of a split, as row positions in ``records``."""

    config: RunConfig
    records: pd.DataFrame
    train: np.ndarray
    held_back: np.ndarray

    @property
    def val_records(self) -> pd.DataFrame:
        """The records of the validation side."""
        return self.records.iloc[self.held_back]

    def training(self, rows: Rows, *, smallest_crop: float | None = None) -> Batches:
        """Return the training side's batches; pixels may be cropped at random."""
        return Batches(
            *(rows, self._labels, self.train, self.config.batch_size),
            shuffle_seed=self.config.seed,
            smallest_crop=smallest_crop,
            # Random crops differ each time, so repeating them helps; frozen rows never change.
            repeats=self.config.image_repeats if smallest_crop else 1,
        )

    def validation(self, rows: Rows) -> Batches:
        """Return the validation side's batches."""
        return Batches(rows, self._labels, self.held_back, _MEASURED_TOGETHER)

    def p_dog(self, model: keras.Model, rows: Rows) -> np.ndarray:
        """Return the P(dog) of ``model`` on the validation side, (N,)."""
        return model.predict(self.validation(rows).epoch(), verbose=0)[:, 0]

    @property
    def _labels(self) -> np.ndarray:
        return self.records["label"].to_numpy()


def sides(run: Run, dataset: Dataset, tables: list[Rows], reporter: Reporter) -> Sides:
    """Split the dataset, and report the split.

    Photos that lack a row in any of ``tables`` are on no side.

    Raises:
        ConfigError: when the dataset cannot be split.
        DatasetError: when a resumed run would have other photos on its two sides.
    """
    config, records = run.config, dataset.usable
    missing = {path: error for rows in tables for path, error in rows.missing.items()}
    for path, error in missing.items():
        reporter.emit("skipped", path=path, reason=str(error))
    usable = ~records["path"].isin(missing).to_numpy()
    train, held_back = (
        side[usable[side]]
        for side in split(records, validation=config.validation, seed=config.seed)
    )
    fingerprint = split_fingerprint(records["digest"].iloc[held_back])
    recorded = run.view.split
    if recorded is not None and recorded.hash != fingerprint:
        raise DatasetError(
            f"Expected the validation photos that this run started with ({recorded.hash}). "
            f"Received: others ({fingerprint}), because near duplicates were found or photos no "
            "longer decode. Start a new run."
        )
    reporter.emit("split", train=len(train), validation=len(held_back), hash=fingerprint)
    return Sides(config, records, train, held_back)
