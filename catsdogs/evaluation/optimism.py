"""How much better the best of several models looks than it is, because it was chosen.

The validation images that choose a model also measure it, so its figure contains some luck: the
more models were tried and the fewer images there are, the more.
"""

from dataclasses import dataclass

import numpy as np

from catsdogs.evaluation.metrics import THRESHOLD, log_losses
from catsdogs.labels import DOG

_RESAMPLES = 1000
# Bounds the bootstrap's memory: this many resamples of all images at a time.
_BATCH = 100


@dataclass(frozen=True)
class Expected:
    """A metric of the chosen model on the images that chose it, and its estimate on new ones."""

    measured: float
    expected: float

    @property
    def luck(self) -> float:
        """The difference of the two, without its sign."""
        return abs(self.measured - self.expected)


@dataclass(frozen=True)
class BestOf:
    """The best of ``candidates`` models on ``images`` validation images: the one at ``position``.

    Every resample of the images chooses a model; ``chosen_again`` is the share that chooses the
    same one.
    """

    candidates: int
    images: int
    position: int
    accuracy: Expected
    log_loss: Expected
    chosen_again: float


def best_of(labels: np.ndarray, p_dog: np.ndarray, *, seed: int = 0) -> BestOf:
    """Return the model with the lowest log loss, and how good it is probably on new images.

    ``labels`` has shape (N,), ``p_dog`` (T, N): the answers of T models for the same N images.

    Each bootstrap resample of the images chooses a model by its log loss, which is then measured on
    the images that the resample left out. The mean of these measurements is what to expect of a
    model that is chosen in this way: Tsamardinos, Greasidou and Borboudakis, "Bootstrapping the
    out-of-sample predictions for efficient and accurate cross-validation" (Machine Learning 107,
    2018), their BBC. It does not count that each model was itself taken from its best epoch.

    An expectation is never better than the measurement: chance alone can make it so.

    Raises:
        ValueError: if there are no models or no images.
    """
    if p_dog.ndim != 2 or not p_dog.size:
        raise ValueError(f"Expected answers of shape (T, N). Received: {p_dog.shape}.")
    losses = log_losses(labels, p_dog)
    right = ((p_dog >= THRESHOLD) == (labels == DOG)).astype(np.float64)
    best = int(losses.mean(axis=1).argmin())
    chosen, left_out = _resampled(losses, right, np.random.default_rng(seed))
    accuracy, loss = float(right[best].mean()), float(losses[best].mean())
    expected_accuracy, expected_loss = left_out.mean(axis=0) if len(left_out) else (accuracy, loss)
    return BestOf(
        candidates=len(p_dog),
        images=len(labels),
        position=best,
        accuracy=Expected(accuracy, min(accuracy, float(expected_accuracy))),
        log_loss=Expected(loss, max(loss, float(expected_loss))),
        chosen_again=float((chosen == best).mean()) if len(chosen) else 1.0,
    )


def _resampled(
    losses: np.ndarray, right: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the model that each of R resamples chooses, and its metrics on the images left out.

    The metrics have shape (R, 2): accuracy and log loss. Resamples that leave no image out are not
    counted.
    """
    images = losses.shape[1]
    chosen, found = [], []
    for _ in range(_RESAMPLES // _BATCH):
        counts = generator.multinomial(images, np.full(images, 1 / images), size=_BATCH)
        out = (counts == 0).astype(np.float64)
        counts, out = counts[out.any(axis=1)], out[out.any(axis=1)]
        choice = (counts @ losses.T).argmin(axis=1)
        rows, left_out = np.arange(len(choice)), out.sum(axis=1)
        metrics = [(out @ values.T)[rows, choice] / left_out for values in (right, losses)]
        chosen.append(choice)
        found.append(np.stack(metrics, axis=1))
    return np.concatenate(chosen), np.concatenate(found)
