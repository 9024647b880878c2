"""The vectors of training photos that a run keeps, to detect pictures unlike all of them."""

from pathlib import Path

import numpy as np
import pandas as pd

from catsdogs.errors import UnreadableImage
from catsdogs.features.litert import LiteRTModel
from catsdogs.images import picture
from catsdogs.images.parallel import map_files
from catsdogs.inference.rejection import COUNT, References, unit
from catsdogs.learning import unseen
from catsdogs.learning.others import Others
from catsdogs.learning.preparing import Frozen, Sides
from catsdogs.learning.unseen import Known
from catsdogs.text import counted

# The number of training vectors that tell the run's photos from other things.
FITTED = 3000
# A frozen backbone reacts more to small, blurred or dark photos than a fine-tuned one: it refuses
# them up to twice as often as photos of unseen clusters (docs/log.md).
CAUTION_FROZEN = 1.5


def references(
    sides: Sides,
    frozen: Frozen | None,
    root: Path,
    litert: Path,
    *,
    fitted: int = FITTED,
    others: Others | None = None,
    rest: pd.DataFrame | None = None,
) -> References | None:
    """Return at most 2,000 references of a run, drawn with its seed from its training side.

    The vectors come from MobileNetV2's ``frozen`` base if it has computed them; otherwise from the
    exported model ``litert``, on photos that still exist. None if there are none. ``others`` have
    vectors of that model; a frozen base has those that the project ships. A classifier separates
    them from ``fitted`` training vectors. ``rest`` are records of the dataset that show other
    things, too.
    """
    generator = np.random.default_rng(sides.config.seed)
    if frozen is not None:
        others = Others.of(frozen.weights)
    most_known = max(fitted, COUNT) if others else COUNT
    train, held_back = (
        generator.permutation(side)[:most]
        for side, most in ((sides.train, most_known), (sides.held_back, COUNT))
    )
    records = sides.records
    if frozen is not None:
        vectors, measured = frozen.vectors.take(train), frozen.measured.take(held_back)
    else:
        train, vectors = _embedded(litert, root, records, train)
        _, measured = _embedded(litert, root, records, held_back)
    if not len(vectors) or not len(measured):
        return None
    if rest is not None and len(rest):
        own = _in_dataset(litert, root, rest, generator)
        others = others.followed_by(own) if others else own
    kept = records.iloc[train]
    known = Known(vectors, kept["path"].to_numpy(dtype=str), kept["label"].to_numpy())
    caution = CAUTION_FROZEN if frozen is not None and others else 1.0
    seed = sides.config.seed
    return unseen.references(known, measured, others, count=COUNT, caution=caution, seed=seed)


def _in_dataset(
    litert: Path, root: Path, rest: pd.DataFrame, generator: np.random.Generator
) -> Others:
    drawn = np.sort(generator.permutation(len(rest))[:COUNT])
    found, vectors = _embedded(litert, root, rest, drawn)
    kinds = rest["path"].iloc[found].str.rpartition("/")[0].to_numpy(dtype=str)
    return Others(unit(vectors), kinds, f"{counted(len(found), 'other picture')} of the dataset")


def _embedded(
    litert: Path, root: Path, records: pd.DataFrame, positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the photos that decode (N,) and their vectors, float32 (N, D)."""
    model = LiteRTModel(litert)
    outcomes = map_files(
        root,
        list(records["path"].iloc[positions]),
        lambda content: model(picture.load_square(content, model.side))["embedding"],
    )
    vectors = [outcome for _, outcome in outcomes]
    decoded = [not isinstance(vector, UnreadableImage) for vector in vectors]
    return positions[decoded], np.array(
        [v for v, is_one in zip(vectors, decoded, strict=True) if is_one]
    )
