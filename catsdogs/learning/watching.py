"""The wall: a few validation photos whose answers people follow from epoch to epoch."""

import numpy as np

from catsdogs.features.store import Rows
from catsdogs.learning.frameworks import keras, ops
from catsdogs.learning.preparing import Sides
from catsdogs.learning.reporting import Reporter

PHOTOS = 12
_DIGITS = 4  # of P(dog): more than a page shows


def watch(sides: Sides, rows: Rows, reporter: Reporter) -> np.ndarray:
    """Choose the photos of the wall and report them; return their ``rows``, (W, …), W <= 12."""
    chosen = chosen_positions(sides)
    photos = sides.records.iloc[chosen][["path", "digest", "label"]]
    reporter.emit("watched", photos=photos.to_dict("records"))
    return rows.take(chosen)


def chosen_positions(sides: Sides) -> np.ndarray:
    """Return the positions of W <= 12 validation photos, half of each class where possible.

    The seed and the split decide, so a resumed run has the same ones. No picture comes twice. It
    draws from a generator of its own, so training is the same with and without the wall.
    """
    generator = np.random.default_rng((sides.config.seed, PHOTOS))
    drawn = generator.permutation(sides.held_back)
    pictures = sides.records.iloc[drawn].assign(position=drawn).drop_duplicates("group")
    # Alternating: the first of each class, the second of each class, …
    turn = pictures.groupby("label").cumcount().sort_values(kind="stable")
    first = pictures["position"].loc[turn.index[:PHOTOS]]
    return generator.permutation(first.to_numpy())


def p_dog(model: keras.Model, rows: np.ndarray) -> list[float]:
    """Return the P(dog) of ``model`` for each of ``rows``, rounded.

    Called after the validation pass of an epoch, because Keras does not return the predictions of
    that pass. A dozen photos take a few milliseconds.
    """
    answers = ops.convert_to_numpy(model(rows, training=False))[:, 0]
    return [round(float(p), _DIGITS) for p in answers]
