"""The values of a run's settings that its recipe and its model decide."""

from catsdogs.runs import choices
from catsdogs.runs.models import MODELS, ModelInfo

FINE_TUNING_RATE = 1e-4
_PLAIN_RATE = 1e-3  # Adam's own, in Keras.


class Recipe:
    """The values with which a run is trained, from its settings and its model."""

    model: str
    recipe: str
    epochs: int
    learning_rate: float | None
    schedule: str | None
    dropout: float | None
    augment: bool | None
    repeats: int | None
    fine_tune: int
    fine_tune_from: str
    fine_tune_learning_rate: float | None

    @property
    def info(self) -> ModelInfo:
        """The abilities of the run's model."""
        return MODELS[self.model]

    @property
    def is_plain(self) -> bool:
        """Whether it is the notebook's recipe: no regularisation, and the last weights are kept."""
        return self.recipe == choices.PLAIN

    @property
    def peak_learning_rate(self) -> float:
        """The learning rate that training starts from (or warms up to)."""
        own = _PLAIN_RATE if self.is_plain else self.info.learning_rate
        return self.learning_rate or own

    @property
    def fine_tuning_rate(self) -> float:
        """The learning rate that fine-tuning warms up to."""
        return self.fine_tune_learning_rate or FINE_TUNING_RATE

    @property
    def all_epochs(self) -> int:
        """The epochs of the whole run, fine-tuning included."""
        return self.epochs + self.fine_tune

    @property
    def learning_rate_schedule(self) -> str:
        """Return "cosine": a short warm-up, then down to zero; or "constant"."""
        return self.schedule or ("constant" if self.is_plain else "cosine")

    @property
    def augments(self) -> bool:
        """Whether training images are seen differently in each epoch."""
        learns_pixels = self.info.learns_pixels or self.fine_tune > 0
        own = learns_pixels and not self.is_plain
        return own if self.augment is None else self.augment

    @property
    def learns_pixels(self) -> bool:
        """Whether training sees pixels, and not only the output of a frozen part."""
        backbone = self.info.backbone
        return backbone is None or (
            self.fine_tune > 0 and backbone.blocks[self.fine_tune_from].sees_pixels
        )

    @property
    def image_repeats(self) -> int:
        """How often an epoch shows each training image, differently each time.

        More draws of each image save epochs: Fort et al., "Drawing Multiple Augmentation Samples
        Per Image During Training Efficiently Decreases Test Error" (2021, arXiv:2105.13343).
        """
        if self.smallest_crop is None:
            return 1
        return self.repeats or self.info.repeats

    @property
    def smallest_crop(self) -> float | None:
        """The smallest share of a photo's area that training may see at random; None for all of it.

        Crops need pixels: the output of a frozen part cannot be cropped, only mirrored.
        """
        return self.info.smallest_crop if self.augments and self.learns_pixels else None

    @property
    def dropout_rate(self) -> float:
        """The share of activations that dropout silences before each dense layer."""
        own = self.info.plain_dropout if self.is_plain else self.info.dropout
        return own if self.dropout is None else self.dropout
