"""The process of one run: ``python -m catsdogs.learning.worker artifacts/<run_id>``.

It reads the run's configuration, reports through its event file, and leaves the model, the
predictions, the evaluation and the model card in the run's folder. Its last event is written when
every other file is in place.
"""

import errno
import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, structs

from catsdogs.dataset import index
from catsdogs.errors import CatsDogsError, DatasetError, RunError, UnreadableImage
from catsdogs.evaluation.calibration import calibration
from catsdogs.evaluation.metrics import evaluate
from catsdogs.images import picture
from catsdogs.learning.reporting import Reporter, StoppedEarly
from catsdogs.reports.model_card import model_card
from catsdogs.runs import event_file, layout, model_files, previous_model, queue, store
from catsdogs.runs.result import CalibrationResult, RunResult
from catsdogs.sources import opening
from catsdogs.system import files, locks, processes

if TYPE_CHECKING:
    from catsdogs.learning.training import Trained

_CHECKED_IMAGES = 16


def main(folder: Path) -> int:
    """Do the run in ``folder``; return the process' exit status."""
    signal.signal(signal.SIGTERM, lambda *_: (folder / layout.STOP).touch())
    try:
        with locks.exclusive(folder / layout.LOCK, wait=_already_at_work):
            _require_unfinished(folder)
            failed = _work(folder)
    finally:
        queue.start_queued()
    return 1 if failed else 0


def _already_at_work() -> None:
    raise RunError("Expected a run that nobody works at. Received: one that another worker has.")


def _require_unfinished(folder: Path) -> None:
    # Who started this worker may not have known of another, which has ended meanwhile.
    if store.load(folder).ending is not None:
        raise RunError("Expected a run that is queued. Received: one that has ended. Resume it.")


def _work(folder: Path) -> bool:
    """Do the run and write its last event; return whether it failed."""
    identity = processes.identity_of(os.getpid())
    with event_file.appending(folder) as emit:
        try:
            files.remove_unfinished(folder)
            previous_model.put_back(folder)
            # Given back before the last event, for which there would be no room on a full disk.
            with files.reserve(folder / layout.RESERVE):
                emit("started", **identity.to_json())
                event, values = _run(folder, emit)
        except CatsDogsError as error:
            event, values = "failed", _with_earlier_model(folder, str(error))
        except Exception as error:
            # The edge of the process: whatever happened, the run has to say so.
            traceback.print_exc()
            event, values = "failed", _with_earlier_model(folder, _message(error))
        emit(event, **values, **store.load(folder).counts)
        previous_model.discard(folder)
    return event == "failed"


def _with_earlier_model(folder: Path, message: str, *, otherwise: str = "") -> dict[str, Any]:
    """Return what an end without a new model says: the old one, if there is one, still holds."""
    result = store.load(folder).view.result
    if not result.is_model:
        return {"message": f"{message} {otherwise}".strip()}
    previous_model.put_back(folder)
    return {"message": f"{message} The model is the one it had before.", "result": result.to_json()}


def _message(error: Exception) -> str:
    # Some libraries keep the system's words, but not its number.
    if not any(os.strerror(full) in str(error) for full in (errno.ENOSPC, errno.EDQUOT)):
        return f"{type(error).__name__}: {error}"
    return (
        "Expected room on the disk for the files of the run. Received: none left. Make some space, "
        "then resume the run."
    )


def _run(folder: Path, emit: Any) -> tuple[str, dict[str, Any]]:
    """Train and write everything; return the last event and its values."""
    began = time.perf_counter()
    run = store.load(folder)
    reporter = Reporter(emit, should_stop=(folder / layout.STOP).exists, began=began)
    dataset = index.scan(opening.open_source(Path(run.config.data)))
    _require_unchanged(dataset, run.about.dataset.fingerprint)
    train = _training()
    try:
        trained = train(run, dataset, reporter)
    except StoppedEarly:
        message = "Stopped before training went on."
        return "stopped", _with_earlier_model(folder, message, otherwise="There is no model.")
    result = _write_results(folder, dataset.root, trained, reporter)
    result = structs.replace(
        result,
        seconds={name: round(value, 2) for name, value in reporter.elapsed().items()},
    )
    ended = "stopped" if trained.cut_short else "finished"
    files.write_text(folder / layout.MODEL_CARD, model_card(run, ended, result))
    return ended, {"result": result.to_json()}


def _training() -> Callable[..., "Trained"]:
    """Load TensorFlow: only now, after the first event, for it takes seconds and a page waits."""
    # Of the million objects that come with it none is garbage, and looking takes a quarter of the
    # time; frozen, they are not looked at later either.
    gc.disable()
    from catsdogs.learning.training import train

    gc.freeze()
    gc.enable()
    return train


def _require_unchanged(dataset: index.Dataset, recorded: str) -> None:
    """Check that the photos and the decisions about them are those that the run recorded.

    Raises:
        DatasetError: when one was added, removed, changed or decided about meanwhile.
    """
    if dataset.fingerprint() != recorded:
        raise DatasetError(
            f"Expected the dataset that the run was started on ({recorded}). Received: another one "
            f"({dataset.fingerprint()}), because files or decisions changed. Start the run again."
        )


def _write_results(folder: Path, root: Path, trained: "Trained", reporter: Reporter) -> RunResult:
    if store.load(folder).view.result.is_model:
        previous_model.set_aside(folder)
    validation = trained.sides.val_records.assign(p_dog=trained.p_dog)
    with reporter.phase("evaluate"):
        labels = validation["label"].to_numpy()
        evaluation = evaluate(labels, trained.p_dog)
        calibrated = calibration(labels, trained.p_dog, seed=trained.sides.config.seed)
        with files.replacing(folder / layout.PREDICTIONS) as temporary:
            validation[["path", "label", "p_dog", "digest"]].to_parquet(
                temporary, index=False, compression="zstd"
            )
        figures = {**evaluation.to_json(), "calibration": calibrated.to_json()}
        files.write_json(folder / layout.EVALUATION, figures)
    with reporter.phase("export"):
        with files.replacing(folder / layout.KERAS_MODEL) as temporary:
            trained.model.save(temporary)
        # Where a file of its own cannot be written, the converter may still return something.
        with files.replacing(folder / layout.LITERT_MODEL) as temporary:
            trained.export_litert(temporary)
            latency_ms = _check_export(temporary, root, trained)
        _save_references(folder, root, trained)
    resolved = store.load(folder).view.resolved
    return RunResult(
        parameters=trained.model.count_params(),
        train_images=len(trained.sides.train),
        val_images=len(validation),
        val_accuracy=evaluation.accuracy,
        val_loss=evaluation.log_loss,
        calibration=msgspec.convert(calibrated.to_json(), CalibrationResult),
        latency_ms=latency_ms,
        weights=resolved.get("weights", UNSET),
        engine=resolved.get("engine", UNSET),
        precision=resolved.get("precision", UNSET),
        model_bytes=(folder / layout.LITERT_MODEL).stat().st_size,
        sha256=model_files.checksums(folder),
    )


def _save_references(folder: Path, root: Path, trained: "Trained") -> None:
    from catsdogs.learning.referencing import references

    found = references(trained.sides, trained.frozen, root, folder / layout.LITERT_MODEL)
    if found is None:
        (folder / layout.REFERENCES).unlink(missing_ok=True)  # Of before the run was extended.
    else:
        found.save(folder)


def _check_export(exported: Path, root: Path, trained: "Trained") -> float:
    """Compare the exported model with the training on some photos; return its ms an image."""
    from catsdogs.learning.export import check_agreement

    side = trained.model.input_shape[1]
    names = trained.sides.val_records["path"].head(_CHECKED_IMAGES)
    try:
        pixels = [picture.load_square(picture.read_bytes(root / name), side) for name in names]
    except UnreadableImage as error:
        raise RunError(
            f"Expected to read {', '.join(names)} once more, to check the exported model on them. "
            f"Received: {error} Resume the run."
        ) from None
    return check_agreement(exported, pixels, trained.p_dog[: len(pixels)])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
