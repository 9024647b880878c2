"""The files of a trained run: its predictions, evaluation, model and references.

Each file replaces an older one only when it is complete.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pandas as pd
from msgspec import UNSET, UnsetType

from catsdogs.dataset import labelling
from catsdogs.dataset.index import Dataset
from catsdogs.errors import RunError, UnreadableImage
from catsdogs.evaluation.calibration import Calibration, calibration
from catsdogs.evaluation.metrics import Evaluation, evaluate
from catsdogs.exports.metadata import named_for
from catsdogs.images import picture
from catsdogs.labels import DOG, UNLABELLED
from catsdogs.learning.reporting import Reporter
from catsdogs.runs import layout, model_files
from catsdogs.runs.result import BothResult, CalibrationResult, RunResult
from catsdogs.runs.run import Run
from catsdogs.system import files

if TYPE_CHECKING:
    from catsdogs.learning.preparing import Sides
    from catsdogs.learning.training import Trained

Known = TypeVar("Known")
_CHECKED_IMAGES = 16


def write(run: Run, dataset: Dataset, trained: "Trained", reporter: Reporter) -> RunResult:
    """Write the predictions, the evaluation and the model; return the run's metrics."""
    folder, root = run.folder, dataset.root
    validation = trained.sides.val_records.assign(p_dog=trained.p_dog)
    with reporter.phase("evaluate"):
        evaluation, calibrated = _evaluate(run, validation)
        _write_sides(folder, trained.sides)
    with reporter.phase("export"):
        latency_ms = _write_model(run, dataset, trained)
        both = _both_limits(folder, root, trained, reporter)
    return RunResult(
        parameters=trained.model.count_params(),
        train_images=len(trained.sides.train),
        val_images=len(validation),
        test_images=len(trained.sides.test),
        val_accuracy=evaluation.accuracy,
        val_balanced_accuracy=_or_unset(evaluation.balanced_accuracy),
        val_majority_baseline=_or_unset(evaluation.majority_baseline),
        train_dogs=int((trained.sides.train_records["label"] == DOG).sum()),
        val_dogs=int((validation["label"] == DOG).sum()),
        classes=run.about.dataset.classes,
        val_loss=evaluation.log_loss,
        calibration=CalibrationResult(**calibrated.to_json()),
        both=both,
        latency_ms=latency_ms,
        model_bytes=(folder / layout.LITERT_MODEL).stat().st_size,
        sha256=model_files.checksums(folder),
    )


def _write_sides(folder: Path, sides: "Sides") -> None:
    """Write which photos trained the model, and which are locked away to test it."""
    training, test = sides.records.iloc[sides.train][["digest"]], sides.test
    _write_table(folder / layout.TRAINING, training.drop_duplicates().sort_values("digest"))
    if len(test):
        _write_table(folder / layout.TEST, test[["path", "label", "digest"]])
    else:
        # The run may have been extended, and have had a test set before.
        (folder / layout.TEST).unlink(missing_ok=True)


def _write_table(path: Path, table: pd.DataFrame) -> None:
    with files.replacing(path) as temporary:
        table.to_parquet(temporary, index=False, compression="zstd")


def _or_unset(value: Known | None) -> Known | UnsetType:
    return UNSET if value is None else value


def _evaluate(run: Run, validation: pd.DataFrame) -> tuple[Evaluation, Calibration]:
    """Write the predictions and their evaluation; return it and the calibration."""
    labels, p_dog = validation["label"].to_numpy(), validation["p_dog"].to_numpy()
    evaluation = evaluate(labels, p_dog, classes=run.classes)
    calibrated = calibration(labels, p_dog, seed=run.config.seed)
    _write_table(run.folder / layout.PREDICTIONS, validation[["path", "label", "p_dog", "digest"]])
    figures = {**evaluation.to_json(), "calibration": calibrated.to_json()}
    files.write_json(run.folder / layout.EVALUATION, run.classes.document(figures))
    return evaluation, calibrated


def _write_model(run: Run, dataset: Dataset, trained: "Trained") -> float:
    """Write the model and its references; return the model's milliseconds per image."""
    rest = _rest(dataset)
    save_references = partial(_save_references, run.folder, dataset.root, trained, rest)
    if trained.frozen is None or len(rest):
        latency_ms = _export(run, dataset.root, trained)
        save_references()
        return latency_ms
    # All vectors are known before the export, and each of the two keeps one core busy.
    with ThreadPoolExecutor(1) as beside:
        saved = beside.submit(save_references)
        latency_ms = _export(run, dataset.root, trained)
    saved.result()
    return latency_ms


def _export(run: Run, root: Path, trained: "Trained") -> float:
    """Write the model for Keras and for LiteRT; return the latter's milliseconds per image."""
    with files.replacing(run.folder / layout.KERAS_MODEL) as temporary:
        trained.model.save(temporary)
    # When the converter cannot write a file of its own, it may return without an error.
    with files.replacing(run.folder / layout.LITERT_MODEL) as temporary:
        trained.export_litert(temporary)
        if not run.classes.are_pets:
            files.write_bytes(temporary, named_for(run.classes, temporary.read_bytes()))
        return _check_export(temporary, root, trained)


def _save_references(folder: Path, root: Path, trained: "Trained", rest: pd.DataFrame) -> None:
    from catsdogs.learning.referencing import references

    litert = folder / layout.LITERT_MODEL
    found = references(trained.sides, trained.frozen, root, litert, rest=rest)
    if found is None:
        # The run may have been extended, and have written some the last time.
        (folder / layout.REFERENCES).unlink(missing_ok=True)
    else:
        found.save(folder)


def _rest(dataset: Dataset) -> pd.DataFrame:
    """Return the pictures of other things: those beside two classes that names were chosen for."""
    chosen, pictures = labelling.load(dataset.root), dataset.pictures
    is_other = (pictures["label"] == UNLABELLED) & ~pictures["excluded"]
    return pictures[is_other & bool(chosen.own and chosen.names)]


def _both_limits(
    folder: Path, root: Path, trained: "Trained", reporter: Reporter
) -> BothResult | UnsetType:
    """Return the limits for "both", which only a fine-tuned network can tell.

    Frozen, its maps hold too little evidence (docs/log.md).
    """
    from catsdogs.learning.limits import both_limits

    # A run that was stopped before its fine-tuning has a frozen network.
    if trained.frozen is not None or not trained.sides.config.info.backbone:
        return UNSET
    litert, progress = folder / layout.LITERT_MODEL, reporter.progress("export")
    return _or_unset(both_limits(trained.sides, root, litert, progress))


def _check_export(exported: Path, root: Path, trained: "Trained") -> float:
    """Compare the exported model with the trained one on some photos; return its ms per image."""
    from catsdogs.learning.export import check_agreement

    side = trained.model.input_shape[1]
    names = trained.sides.val_records["path"].head(_CHECKED_IMAGES)
    try:
        pixels = [picture.load_square(picture.read_bytes(root / name), side) for name in names]
    except UnreadableImage as error:
        raise RunError(
            f"Expected to read {', '.join(names)} again, to check the exported model on them. "
            f"Received: {error} Resume the run."
        ) from None
    return check_agreement(exported, pixels, trained.p_dog[: len(pixels)])
