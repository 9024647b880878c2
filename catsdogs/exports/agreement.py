"""How well a model in another format agrees with its run, on the run's validation photos."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from catsdogs.dataset import index
from catsdogs.errors import DatasetError, RunError, UnreadableImage
from catsdogs.evaluation.metrics import THRESHOLD
from catsdogs.images import picture
from catsdogs.images.parallel import map_files
from catsdogs.runs import model_files
from catsdogs.runs.run import Run
from catsdogs.sources import opening

# The largest difference in P(dog) of a model that only another program runs. Measured: below 2e-5.
EQUAL = 1e-4
Answer = Callable[[np.ndarray], float]  # uint8 (S, S, 3) → P(dog)


@dataclass(frozen=True)
class Agreement:
    """A model's answers beside the labels and the run's own answers.

    ``images`` counts the validation photos that still exist and decode, ``val_accuracy`` is the
    accuracy on them, and ``same_label`` the share on which the model agrees with the run.
    ``to_dog`` photos are a dog only for this model, ``to_cat`` a cat. ``largest_difference``
    is in P(dog).
    """

    images: int
    val_accuracy: float
    same_label: float
    largest_difference: float
    to_cat: int
    to_dog: int


@dataclass(frozen=True)
class Photos:
    """A run's validation photos that exist in ``root``: path, label, p_dog, digest."""

    root: Path
    table: pd.DataFrame


def validation_photos(run: Run, usable: pd.DataFrame | None = None) -> Photos:
    """Return the run's validation photos; ``usable`` are the records of its dataset, if known.

    Raises:
        DatasetError, RunError: if the dataset or the run's predictions cannot be read.
    """
    root = opening.open_source(Path(run.config.data))
    records = index.scan(root).usable if usable is None else usable
    predictions = model_files.read_predictions(run)
    # By content: a file may have been renamed.
    places = records.drop_duplicates("digest").set_index("digest")["path"]
    there = predictions[predictions["digest"].isin(places.index)]
    return Photos(root, there.assign(path=there["digest"].map(places)))


def answers(answer: Answer, photos: Photos, *, side: int) -> np.ndarray:
    """Return P(dog) of each photo, float (N,); NaN where a photo does not decode."""
    found = map_files(
        photos.root, list(photos.table["path"]), lambda c: answer(picture.load_square(c, side))
    )
    return np.array([np.nan if isinstance(a, UnreadableImage) else a for _, a in found])


def agreement(p_dog: np.ndarray, own: np.ndarray, label: np.ndarray) -> Agreement:
    """Compare the answers ``p_dog`` (N,) with the run's ``own`` (N,) and the labels (N,).

    Raises:
        DatasetError: if there is no photo with both answers.
    """
    there = ~np.isnan(p_dog) & ~np.isnan(own)
    if not there.any():
        raise DatasetError(
            "Expected the run's validation photos, to measure on. Received: none that exist "
            "and decode. Put them back where the run found them."
        )
    p_dog, own, label = p_dog[there], own[there], label[there]
    says_dog, said_dog = p_dog >= THRESHOLD, own >= THRESHOLD
    return Agreement(
        images=int(there.sum()),
        val_accuracy=float(np.mean(says_dog == label)),
        same_label=float(np.mean(says_dog == said_dog)),
        largest_difference=float(np.abs(p_dog - own).max()),
        to_cat=int((said_dog & ~says_dog).sum()),
        to_dog=int((says_dog & ~said_dog).sum()),
    )


def require_equal(found: Agreement, name: str) -> None:
    """Check that a model that should answer as its run does so.

    Raises:
        RunError: if a probability differs by more than ``EQUAL``.
    """
    if not found.largest_difference <= EQUAL:
        raise RunError(
            f"Expected the {name} model to agree with the run within {EQUAL:g}. Received: a "
            f"difference of {found.largest_difference:.2g}. Please report it, and use LiteRT."
        )
