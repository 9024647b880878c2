"""The metrics of a trained model, as a run's last event carries them."""

from math import isnan, nan
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from catsdogs.dataset.balance import Balance
from catsdogs.labels import PETS, Classes

LARGEST = 2**63 - 1  # A larger number comes from no run, and no chart can draw it.
Count = Annotated[int, Meta(ge=0, le=LARGEST)]
Duration = Annotated[float, Meta(ge=0, le=LARGEST)]
Share = Annotated[float, Meta(ge=0, le=1)]


class CalibrationResult(Struct, frozen=True, kw_only=True):
    """The temperature that divides the logits, and the expected calibration error around it."""

    temperature: Annotated[float, Meta(gt=0)] = 1.0
    ece_before: float | UnsetType = UNSET
    ece_after: float | UnsetType = UNSET


class BothResult(Struct, frozen=True, kw_only=True):
    """The limits above which a picture may show both classes, measured on so many ``images``.

    ``mixed`` is for the evidence in the heat map, ``evidence`` for that in all parts.
    """

    mixed: float
    evidence: float
    images: Count


class RunResult(Struct, frozen=True, kw_only=True):
    """The metrics of a run on its validation images, and the properties of its model.

    A run without a model has an empty result: ``is_model`` is false, and every number is NaN or 0.
    Older versions left fewer values; NaN or UNSET stands for those.

    ``test_images`` counts the images of the locked test set, which no metric here includes.
    ``seconds`` holds the time of each phase, and as "total" of the whole run. ``sha256`` holds the
    checksums of the model's files, by name. ``engine``, ``precision`` and ``weights`` are the
    values that "auto" stood for in this run. ``val_majority_baseline`` is the accuracy of naming
    the larger class for every validation image. ``classes`` are those of a run on two of its own:
    then ``val_dogs`` counts the images of the second.
    """

    parameters: Count | float = nan
    train_images: Count | float = nan
    val_images: Annotated[int, Meta(ge=1, le=LARGEST)] = 0
    test_images: Count = 0
    val_accuracy: Share = nan
    val_balanced_accuracy: Share | UnsetType = UNSET
    val_majority_baseline: Share | UnsetType = UNSET
    train_dogs: Count | UnsetType = UNSET
    val_dogs: Count | UnsetType = UNSET
    classes: Classes | UnsetType = UNSET
    val_loss: float = nan
    calibration: CalibrationResult = CalibrationResult()
    both: BothResult | UnsetType = UNSET
    latency_ms: Duration = nan
    weights: str | UnsetType = UNSET
    engine: str | UnsetType = UNSET
    precision: str | UnsetType = UNSET
    model_bytes: Count | float = nan
    seconds: dict[str, Duration] = {}
    sha256: dict[str, str] = {}

    def __post_init__(self) -> None:
        """Refuse counts that are not whole: NaN is the only float among them.

        Raises:
            ValueError: for any other.
        """
        for count in (self.parameters, self.train_images, self.model_bytes):
            if isinstance(count, float) and not isnan(count):
                raise ValueError(f"Expected a whole number. Received: {count}.")

    @property
    def is_model(self) -> bool:
        """Whether there is a model with a known accuracy."""
        return self.val_images > 0 and not isnan(self.val_accuracy)

    @property
    def train_balance(self) -> Balance | None:
        """The classes of the training images, where they are known."""
        return Balance.of(self.train_images, self.train_dogs, self._classes)

    @property
    def val_balance(self) -> Balance | None:
        """The classes of the validation images, where they are known."""
        return Balance.of(self.val_images, self.val_dogs, self._classes)

    @property
    def _classes(self) -> Classes:
        return PETS if isinstance(self.classes, UnsetType) else self.classes

    @property
    def balanced_score(self) -> float:
        """The balanced accuracy on the validation images, or the accuracy in older runs."""
        known = self.val_balanced_accuracy
        return self.val_accuracy if isinstance(known, UnsetType) else known

    @property
    def total_s(self) -> float:
        """The seconds of the whole run, NaN where they are not known."""
        return self.seconds.get("total", nan)

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON-ready values; nothing without a model."""
        if not self.is_model:
            return {}
        values: dict[str, Any] = msgspec.to_builtins(self)
        values["seconds"] = {"total": nan, **self.seconds}
        # Older versions left neither.
        for name in ("calibration", "sha256"):
            if getattr(self, name) == getattr(NO_RESULT, name):
                del values[name]
        return values


NO_RESULT = RunResult()
