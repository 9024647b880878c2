"""The metrics that Keras computes in a fit. Class weights change the loss, but no metric."""

from typing import Any

from catsdogs.evaluation.metrics import THRESHOLD
from catsdogs.learning.frameworks import keras, ops
from catsdogs.learning.pipeline import Batches
from catsdogs.runs.choices import BALANCED
from catsdogs.runs.config import RunConfig

_UNWEIGHTED = "unweighted_loss"


def metrics(config: RunConfig) -> list[Any]:
    """Return the metrics to compile a model with."""
    found: list[Any] = ["accuracy", dogs_found]
    if config.class_weights == BALANCED:
        found.append(keras.metrics.BinaryCrossentropy(name=_UNWEIGHTED))
    return found


def loss_name(config: RunConfig) -> str:
    """Return the name under which Keras reports the loss without class weights."""
    return _UNWEIGHTED if config.class_weights == BALANCED else "loss"


def dogs_found(labels: keras.KerasTensor, p_dog: keras.KerasTensor) -> keras.KerasTensor:
    """Return 1 for each recognised dog and 0 for all others, (B, 1); Keras reports the mean.

    With the accuracy, this gives the recall of both classes, and costs next to nothing.
    """
    return labels * ops.cast(p_dog > THRESHOLD, labels.dtype)


def balanced_accuracy(accuracy: float, found: float, on: Batches) -> float | None:
    """Return the mean recall of both classes; None if ``on`` lacks one of them.

    ``accuracy`` is the share of the images that are right, ``found`` the share that are
    recognised dogs.
    """
    images = len(on.positions)
    cats, dogs = images - on.dogs, on.dogs
    if not cats or not dogs:
        return None
    right, right_dogs = round(accuracy * images), round(found * images)
    return ((right - right_dogs) / cats + right_dogs / dogs) / 2


def class_weights(config: RunConfig, training: Batches) -> dict[int, float] | None:
    """Return the weight of an image of each class in training; None where all are equal."""
    return training.balanced_weights if config.class_weights == BALANCED else None
