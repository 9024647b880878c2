"""The data that a run fits its networks on: its photos, rows per photo, and the two sides."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path

import numpy as np
import pandas as pd
from msgspec import to_builtins

from catsdogs.dataset.index import Dataset
from catsdogs.dataset.split import fingerprint as split_fingerprint
from catsdogs.dataset.split import split
from catsdogs.errors import DatasetError
from catsdogs.features import embeddings
from catsdogs.features.backbones import identity
from catsdogs.features.store import Rows
from catsdogs.images.parallel import Engine, Progress
from catsdogs.labels import DOG
from catsdogs.learning import engines, export
from catsdogs.learning.frameworks import keras
from catsdogs.learning.pipeline import Batches
from catsdogs.learning.reporting import Reporter
from catsdogs.runs import effective
from catsdogs.runs.choices import INT8
from catsdogs.runs.config import RunConfig
from catsdogs.runs.run import Run

_MEASURED_TOGETHER = 64  # photos of the validation side, independent of the batch size


@dataclass(frozen=True)
class Photos:
    """The photos below ``root`` that a run may read: ``records`` of its two sides, no test photo.

    ``train`` and ``held_back`` are row positions in ``records``. ``test`` has the records of the
    test side, for its digests only. ``left_out`` counts the photos with a copy on another side of
    the dataset's own split.
    """

    root: Path
    records: pd.DataFrame
    train: np.ndarray
    held_back: np.ndarray
    test: pd.DataFrame
    left_out: int


def photos(config: RunConfig, dataset: Dataset) -> Photos:
    """Split ``dataset`` as ``config`` has it.

    Training gets no other table of the dataset, so it cannot read a test photo.

    Raises:
        ConfigError: when the dataset cannot be split.
    """
    records = dataset.usable
    found = split(records, config.split_rule, classes=dataset.classes)
    kept = np.sort(np.concatenate([found.train, found.validation]))
    return Photos(
        dataset.root,
        records.iloc[kept].reset_index(drop=True),
        np.searchsorted(kept, found.train),
        np.searchsorted(kept, found.validation),
        records.iloc[found.test].reset_index(drop=True),
        len(found.left_out),
    )


def decoded(photos: Photos, side: int, reporter: Reporter) -> Rows:
    """Return each photo's pixels, uint8 rows of shape (side, side, 3)."""
    progress = reporter.progress_until_stopped("decode")
    return embeddings.decode(photos.root, photos.records, side=side, progress=progress)


@dataclass(frozen=True)
class Frozen:
    """The part of MobileNetV2 that is computed once per photo.

    ``vectors`` are the head's input, float32 (1280,). ``measured`` are the same for the validation
    side, always exact, whichever engine computed the others. ``activations`` are the input of the
    first fine-tuned block: float16 (h, w, C), or uint8 pixels (S, S, 3) for the whole network.
    Rows of mirrored photos follow those of the photos as they are. ``weights`` is the identity of
    its weights file.
    """

    vectors: Rows
    measured: Rows
    activations: Rows | None
    weights: str

    @property
    def tables(self) -> list[Rows]:
        """The tables in which a usable photo has a row."""
        tables = [self.vectors, self.measured, self.activations]
        return [rows for rows in tables if rows is not None]


def frozen(
    config: RunConfig, photos: Photos, weights: Path, engine: str, reporter: Reporter
) -> Frozen:
    """Compute MobileNetV2's frozen part of each photo by ``engine``, as ``config`` has it.

    Raises:
        StoppedEarly: when a stop was asked for.
        RunError: when an exported network cannot be loaded.
        EngineError: when the engine's cluster cannot be reached or cannot compute.
    """
    with engines.place(engine, reporter) as where:
        return _frozen(config, photos, weights, engine, reporter, where)


def _frozen(
    config: RunConfig,
    photos: Photos,
    weights: Path,
    engine: str,
    reporter: Reporter,
    where: Engine,
) -> Frozen:
    root, records, held_back = photos.root, photos.records, photos.held_back
    views = (False, True) if effective.augments(config) else (False,)
    calibrate_on = records.iloc[photos.train]
    embed = engines.embedder(engine, weights, root, records, calibrate_on=calibrate_on, where=where)
    steps = [_Step(len(records), partial(embed, mirrored=mirrored)) for mirrored in views]
    if engine == INT8:
        exact = engines.embedder("litert", weights, root, records.iloc[held_back])
        steps.append(_Step(len(held_back), exact))
    if config.fine_tune:
        steps += _activating(config, photos, weights, views, where)
    rows = _one_after_another(steps, reporter.progress_until_stopped("embed"))
    vectors = _joined([rows.pop(0) for _ in views])
    measured = rows.pop(0).spread(held_back, len(records)) if engine == INT8 else vectors
    return Frozen(vectors, measured, _joined(rows) if rows else None, identity(weights))


@dataclass(frozen=True)
class _Step:
    photos: int
    rows: Callable[..., Rows]


def _activating(
    config: RunConfig, photos: Photos, weights: Path, views: tuple[bool, ...], where: Engine
) -> list[_Step]:
    source, count = (photos.root, photos.records), len(photos.records)
    if effective.sees_pixels(config):
        side = config.info.side
        return [_Step(count, partial(embeddings.decode, *source, side=side))]
    trunk = export.trunk_file(weights, config.fine_tune_from)
    activate = partial(embeddings.activate, *source, trunk=trunk, engine=where)
    return [_Step(count, partial(activate, mirrored=mirrored)) for mirrored in views]


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
    """The two sides of a split, as row positions in ``records``.

    ``test`` has the records of the test side, which no method reads.
    """

    config: RunConfig
    records: pd.DataFrame
    train: np.ndarray
    held_back: np.ndarray
    test: pd.DataFrame

    @property
    def train_records(self) -> pd.DataFrame:
        """The records of the training side."""
        return self.records.iloc[self.train]

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
            repeats=effective.repeats(self.config) if smallest_crop else 1,
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


def sides(run: Run, photos: Photos, tables: list[Rows], reporter: Reporter) -> Sides:
    """Report the split, and return its two sides.

    Photos that lack a row in any of ``tables`` are on no side.

    Raises:
        DatasetError: when a resumed run would have other photos on its sides.
    """
    records = photos.records
    missing = {path: error for rows in tables for path, error in rows.missing.items()}
    for path, error in missing.items():
        reporter.emit("skipped", path=path, reason=str(error))
    usable = ~records["path"].isin(missing).to_numpy()
    train, held_back = (side[usable[side]] for side in (photos.train, photos.held_back))
    fingerprint = split_fingerprint(records["digest"].iloc[held_back])
    test_hash = split_fingerprint(photos.test["digest"]) if len(photos.test) else ""
    _require_same(run, validation=fingerprint, test=test_hash)
    labels = records["label"].to_numpy()
    reporter.emit(
        "split",
        train=len(train),
        validation=len(held_back),
        hash=fingerprint,
        test=len(photos.test),
        test_hash=test_hash,
        left_out=photos.left_out,
        train_dogs=int((labels[train] == DOG).sum()),
        validation_dogs=int((labels[held_back] == DOG).sum()),
        **({} if run.classes.are_pets else {"classes": to_builtins(run.classes)}),
    )
    return Sides(run.config, records, train, held_back, photos.test)


def _require_same(run: Run, *, validation: str, test: str) -> None:
    """Check that a resumed run has the validation and test photos that it started with."""
    recorded = run.view.split
    if recorded is None:
        return
    for name, before, now in (
        ("validation", recorded.hash, validation),
        ("test", recorded.test_hash, test),
    ):
        if before != now:
            raise DatasetError(
                f"Expected the {name} photos that this run started with ({before}). "
                f"Received: others ({now}), because near duplicates were found or photos no "
                "longer decode. Start a new run."
            )
