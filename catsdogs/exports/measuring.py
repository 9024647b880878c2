"""Models in several formats, measured together on the same photos."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from catsdogs.comparison import locating
from catsdogs.errors import DatasetError, UnreadableImage
from catsdogs.evaluation.metrics import DEFAULT_MARGIN, THRESHOLD
from catsdogs.evaluation.paired import equivalence
from catsdogs.exports.agreement import Agreement, Photos, agreement, validation_photos
from catsdogs.exports.downloads import Quality
from catsdogs.exports.formats import Format
from catsdogs.features.litert import LiteRTModel
from catsdogs.images import joined, picture, stored
from catsdogs.images.parallel import Progress, map_files
from catsdogs.inference.latency import Model
from catsdogs.runs import model_files
from catsdogs.runs.run import Run
from catsdogs.storage import reading


def loaded(form: Format, path: Path) -> Model | None:
    """Return the model in a file; None if this process cannot run the format.

    Raises:
        RunError: if the file cannot be loaded.
    """
    if form.page_of:
        return None
    if form.runs_on == ("ai-edge-litert",):
        return LiteRTModel(path)
    if form.runs_on == ("onnxruntime",):
        from catsdogs.exports.onnx_model import OnnxModel  # An optional package.

        return OnnxModel(path)
    return None


def photos_of(run: Run) -> Photos:
    """Return the run's validation photos that are on this machine.

    Raises:
        DatasetError: if there are none.
        RunError: if the run's predictions are damaged.
    """
    photos = _located(run) if run.is_reference else validation_photos(run)
    if photos.table.empty:
        raise DatasetError(
            "Expected the run's validation photos, to measure on. Received: none that exist here. "
            "Put them back where the run found them."
        )
    return photos


def _located(run: Run) -> Photos:
    found = locating.locate(run, model_files.read_predictions(run))
    if found.root is None:
        raise DatasetError(
            "Expected the run's validation photos, to measure on. Received: a run that came with "
            "the project, and no copy of its dataset. Open that on the Dataset page."
        )
    root = found.root
    is_here = found.predictions["path"].map(lambda path: _is_there(root / path))
    return Photos(root, found.predictions[is_here])


def _is_there(path: Path) -> bool:
    """Return whether a photo is a file, an object at an address, or a row of a table."""
    if (file := joined.file_of(path)) is not None:
        return file.is_file()
    return path.is_file() or reading.is_object(path) or stored.split(path) is not None


def qualities(
    models: Mapping[str, Model], photos: Photos, *, progress: Progress
) -> dict[str, Quality]:
    """Return how good each model is on ``photos``, by its name; each photo is decoded once.

    ``progress`` may raise to end the work.

    Raises:
        DatasetError: if no photo can be decoded.
    """
    if not models:
        return {}
    found = _answers(list(models.values()), photos, progress)
    own, label = (photos.table[name].to_numpy() for name in ("p_dog", "label"))
    return {name: quality(found[:, column], own, label) for column, name in enumerate(models)}


def quality(p_dog: np.ndarray, own: np.ndarray, label: np.ndarray) -> Quality:
    """Compare answers ``p_dog`` (N,) with the run's ``own`` (N,) and the labels (N,).

    NaN marks photos without an answer, which do not count.

    Raises:
        DatasetError: if there is no photo with both answers.
    """
    same = agreement(p_dog, own, label)
    there = ~np.isnan(p_dog) & ~np.isnan(own)
    right, was_right = ((answers[there] >= THRESHOLD) == label[there] for answers in (p_dog, own))
    gained, lost = int((right & ~was_right).sum()), int((was_right & ~right).sum())
    return Quality(
        images=same.images,
        accuracy=same.val_accuracy,
        own_accuracy=float(was_right.mean()),
        to_cat=same.to_cat,
        to_dog=same.to_dog,
        equivalence_p=equivalence(gained, lost, same.images, DEFAULT_MARGIN).p,
    )


def stated(found: Agreement) -> Quality | None:
    """Return the quality of a model that another program measured, and that changes no label.

    None if it changes some: an ``Agreement`` does not say which of them it gets right.
    """
    if found.to_cat or found.to_dog:
        return None
    p = equivalence(0, 0, found.images, DEFAULT_MARGIN).p
    return Quality(found.images, found.val_accuracy, found.val_accuracy, 0, 0, p)


def _answers(models: Sequence[Model], photos: Photos, progress: Progress) -> np.ndarray:
    """Return P(dog) of each photo (rows) by each model (columns); NaN if it does not decode."""
    (side,) = {model.side for model in models}

    def asked(content: bytes) -> list[float]:
        image = picture.load_square(content, side)
        return [model(image)["p_dog"].item() for model in models]

    names = list(photos.table["path"])
    rows = np.full((len(names), len(models)), np.nan)
    for row, (_, found) in enumerate(map_files(photos.root, names, asked)):
        progress(row, len(names))
        if not isinstance(found, UnreadableImage):
            rows[row] = found
    return rows
