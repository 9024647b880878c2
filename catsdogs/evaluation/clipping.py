"""Bounds for probabilities, where a confident mistake costs much: in log loss.

A probability of 0 for a dog costs infinitely much. So competitions that count log loss are won with
probabilities from, say, 0.005 to 0.995. How far to go is decided on validation images.
"""

from dataclasses import dataclass

import numpy as np

from catsdogs.evaluation import intervals
from catsdogs.evaluation.intervals import Interval
from catsdogs.evaluation.metrics import log_losses

_CANDIDATES = np.geomspace(1e-6, 0.2, 60)
_FOLDS = 10


@dataclass(frozen=True)
class Clip:
    """Probabilities from ``least`` to 1 - ``least``, and the log loss to expect with them.

    ``unclipped`` is the loss of the probabilities as they are.
    """

    least: float
    expected: Interval
    unclipped: float

    def __call__(self, p_dog: float) -> float:
        """Return a probability within the bounds."""
        return min(max(p_dog, self.least), 1 - self.least)


def clip(labels: np.ndarray, p_dog: np.ndarray, *, seed: int = 0) -> Clip:
    """Choose the bounds with the lowest log loss on labels (N,) of 0 and 1 and P(dog) (N,).

    The expected loss is cross-validated: each tenth of the images is scored with the bounds that
    are best for the others. If that does not beat the widest bounds, the widest are used: a few
    images cannot tell how far to go.
    """
    p_dog = p_dog.astype(np.float64)
    losses = np.stack(
        [log_losses(labels, np.clip(p_dog, least, 1 - least)) for least in _CANDIDATES]
    )
    order = np.random.default_rng(seed).permutation(len(labels))
    held_out = np.empty(len(labels))
    for fold in np.array_split(order, min(_FOLDS, len(labels))):
        rest = np.setdiff1d(order, fold)
        best = losses[:, rest].mean(axis=1).argmin() if len(rest) else 0
        held_out[fold] = losses[best, fold]
    chosen, widest = losses.mean(axis=1).argmin(), losses[0]
    if held_out.mean() >= widest.mean():
        chosen, held_out = 0, widest
    return Clip(
        least=float(_CANDIDATES[chosen]),
        expected=intervals.mean(held_out),
        unclipped=float(log_losses(labels, p_dog).mean()),
    )
