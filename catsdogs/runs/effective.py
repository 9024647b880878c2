"""The values with which a run is trained, from its settings, its recipe and its model."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catsdogs.runs.config import RunConfig

FINE_TUNING_RATE = 1e-4
_PLAIN_RATE = 1e-3  # Adam's own, in Keras.


def learning_rate(config: "RunConfig") -> float:
    """Return the learning rate that training starts from (or warms up to)."""
    own = _PLAIN_RATE if config.is_plain else config.info.learning_rate
    return config.learning_rate or own


def fine_tuning_rate(config: "RunConfig") -> float:
    """Return the learning rate that fine-tuning warms up to."""
    return config.fine_tune_learning_rate or FINE_TUNING_RATE


def schedule(config: "RunConfig") -> str:
    """Return "cosine": a short warm-up, then down to zero; or "constant"."""
    return config.schedule or ("constant" if config.is_plain else "cosine")


def augments(config: "RunConfig") -> bool:
    """Return whether training images are seen differently in each epoch."""
    learns_pixels = config.info.learns_pixels or config.fine_tune > 0
    own = learns_pixels and not config.is_plain
    return own if config.augment is None else config.augment


def sees_pixels(config: "RunConfig") -> bool:
    """Return whether training sees pixels, and not only the output of a frozen part."""
    backbone = config.info.backbone
    return backbone is None or (
        config.fine_tune > 0 and backbone.blocks[config.fine_tune_from].sees_pixels
    )


def repeats(config: "RunConfig") -> int:
    """Return how often an epoch shows each training image, differently each time.

    More draws of each image save epochs: Fort et al., "Drawing Multiple Augmentation Samples Per
    Image During Training Efficiently Decreases Test Error" (2021, arXiv:2105.13343).
    """
    if smallest_crop(config) is None:
        return 1
    return config.repeats or config.info.repeats


def smallest_crop(config: "RunConfig") -> float | None:
    """Return the smallest share of a photo's area that training may see; None for all of it.

    Crops need pixels: the output of a frozen part cannot be cropped, only mirrored.
    """
    return config.info.smallest_crop if augments(config) and sees_pixels(config) else None


def centre_crop(config: "RunConfig") -> float:
    """Return the share of a picture's width and height that the finished network sees."""
    own = 1.0 if smallest_crop(config) is None else config.info.centre_crop
    return own if config.centre_crop is None else config.centre_crop


def dropout(config: "RunConfig") -> float:
    """Return the share of activations that dropout silences before each dense layer."""
    own = config.info.plain_dropout if config.is_plain else config.info.dropout
    return own if config.dropout is None else config.dropout
