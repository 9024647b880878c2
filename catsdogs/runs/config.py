"""Everything needed to repeat a run, checked where it enters."""

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from shlex import quote
from typing import Any

from catsdogs.dataset.split import DEFAULT_SEED, DEFAULT_VALIDATION
from catsdogs.errors import ConfigError
from catsdogs.paths import portable

RECIPES = ("default", "plain")
SCHEDULES = ("cosine", "constant")
# How MobileNetV2's base is computed. "auto" is the fastest that agrees with Keras on this machine.
INT8, FLOAT16 = "litert-int8", "litert-float16"
ENGINES = ("auto", "litert", INT8, "keras")
PRECISIONS = ("auto", "float32", "bfloat16")
_FLOATS, _FLAGS = (float, float | None), (bool, bool | None)
# The first block of MobileNetV2 that fine-tuning changes; what lies below is computed once a photo.
FINE_TUNE_FROM = ("block_16", "block_13", "block_6", "all")
FINE_TUNING_RATE = 6e-5
_PLAIN_RATE = 1e-3  # Adam's own, in Keras.
# What a form offers at one click. "notebook" repeats the project that this one grew from.
PRESETS: dict[str, dict[str, Any]] = {
    "recommended": {"recipe": "default", "epochs": 10},
    "notebook": {"recipe": "plain", "epochs": 10},
    "quick look": {"recipe": "default", "epochs": 2},
}


@dataclass(frozen=True)
class ModelInfo:
    """What the app says of a model before TensorFlow is loaded."""

    title: str
    side: int  # pixels; the network sees side × side
    learning_rate: float  # the default recipe's peak
    dropout: float  # the default recipe's
    smallest_crop: float  # the default recipe's, as a share of the photo's area
    summary: str


MODELS = {
    "custom_cnn": ModelInfo(
        "Custom CNN",
        150,
        2e-3,
        0.3,
        0.65,
        "Three convolutions and two dense layers, learned from nothing but your photos.",
    ),
    "mobilenet_v2": ModelInfo(
        "MobileNetV2",
        224,
        2e-3,
        0.2,
        0.35,
        "A network that has seen 1.3 million ImageNet photos; its last layer is learned anew.",
    ),
}


@dataclass(frozen=True)
class RunConfig:
    """The settings of one run. ``data`` is the path of a folder or an archive, as given.

    None means the recipe's own value. ``repeats`` is how often an epoch shows each image, where
    they are cropped at random. ``early_stopping`` is a number of epochs without a lower
    validation loss, after which the run ends; 0 never ends it. ``fine_tune`` epochs follow those of
    the head, with MobileNetV2 learning from block ``fine_tune_from`` up. ``engine`` computes its
    frozen part; ``precision`` is what the custom CNN trains in. ``deterministic`` lets TensorFlow
    use only operations that give the same bits at every run.
    """

    model: str
    data: str
    recipe: str = "default"
    epochs: int = 10
    batch_size: int = 32
    learning_rate: float | None = None
    schedule: str | None = None
    augment: bool | None = None
    repeats: int | None = None
    dropout: float | None = None
    early_stopping: int = 0
    fine_tune: int = 0
    fine_tune_from: str = "all"
    fine_tune_learning_rate: float | None = None
    validation: float = DEFAULT_VALIDATION
    seed: int = DEFAULT_SEED
    engine: str = "auto"
    precision: str = "auto"
    deterministic: bool = False

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            ConfigError: naming the first value that is out of range.
        """
        for field in fields(self):
            _expect_type(field.name, field.type, getattr(self, field.name))
        _expect_one_of(MODELS, "model", self.model)
        _expect(_is_path(self.data), "data", "a path", repr(self.data)[:80])
        _expect_one_of(RECIPES, "recipe", self.recipe)
        _expect(1 <= self.epochs <= 1000, "epochs", "1 to 1000", self.epochs)
        _expect(1 <= self.batch_size <= 1024, "batch size", "1 to 1024", self.batch_size)
        _expect(
            self.learning_rate is None or 0 < self.learning_rate <= 10,
            "learning rate",
            "a number above 0, at most 10",
            self.learning_rate,
        )
        if self.schedule is not None:
            _expect_one_of(SCHEDULES, "schedule", self.schedule)
        _expect(
            self.repeats in (None, 1)
            or (self.smallest_crop is not None and 1 <= self.repeats <= 100),
            "repeats",
            "1 to 100 where images are cropped at random, 1 elsewhere",
            self.repeats,
        )
        _expect(
            self.dropout is None or 0 <= self.dropout < 1,
            "dropout",
            "0 to 1, 1 excluded",
            self.dropout,
        )
        _expect(
            0 <= self.early_stopping <= 1000, "early stopping", "0 to 1000", self.early_stopping
        )
        _expect(
            0 <= self.fine_tune <= (1000 if self.model == "mobilenet_v2" else 0),
            "epochs of fine-tuning",
            "0 to 1000 for MobileNetV2, 0 for the custom CNN, which learns all of itself anyway",
            self.fine_tune,
        )
        _expect_one_of(FINE_TUNE_FROM, "first block to fine-tune", self.fine_tune_from)
        _expect(
            self.fine_tune_learning_rate is None or 0 < self.fine_tune_learning_rate <= 10,
            "learning rate of fine-tuning",
            "a number above 0, at most 10",
            self.fine_tune_learning_rate,
        )
        _expect_one_of(ENGINES, "engine", self.engine)
        _expect_one_of(PRECISIONS, "precision", self.precision)
        _expect(
            0 < self.validation < 1,
            "validation share",
            "between 0 and 1, both excluded",
            self.validation,
        )
        _expect(0 <= self.seed < 2**32, "seed", "0 to 4294967295", self.seed)

    @property
    def is_plain(self) -> bool:
        """Whether it is the notebook's way: nothing against overfitting, the last weights kept."""
        return self.recipe == "plain"

    @property
    def peak_learning_rate(self) -> float:
        """The learning rate that training starts from (or warms up to)."""
        own = _PLAIN_RATE if self.is_plain else MODELS[self.model].learning_rate
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
        learns_pixels = self.model == "custom_cnn" or self.fine_tune > 0
        own = learns_pixels and not self.is_plain
        return own if self.augment is None else self.augment

    @property
    def image_repeats(self) -> int:
        """How often an epoch shows each training image, differently each time.

        More draws of each image save epochs: Fort et al., "Drawing Multiple Augmentation Samples
        Per Image During Training Efficiently Decreases Test Error" (2021, arXiv:2105.13343).
        """
        if self.smallest_crop is None:
            return 1
        return self.repeats or (2 if self.model == "custom_cnn" else 1)

    @property
    def smallest_crop(self) -> float | None:
        """The smallest share of a photo's area that training may see at random; None for all of it.

        Crops need pixels: what a frozen part made of a photo cannot be cropped, only mirrored.
        """
        whole = self.fine_tune > 0 and self.fine_tune_from == "all"
        has_pixels = self.model == "custom_cnn" or whole
        return MODELS[self.model].smallest_crop if self.augments and has_pixels else None

    @property
    def dropout_rate(self) -> float:
        """The share of activations that dropout silences before each dense layer."""
        plain_cnn = self.is_plain and self.model == "custom_cnn"
        own = 0.0 if plain_cnn else MODELS[self.model].dropout
        return own if self.dropout is None else self.dropout

    @property
    def title(self) -> str:
        """How pages name the run's model, with the recipe where it is not the default."""
        ways = [self.recipe] if self.recipe != "default" else []
        ways += ["fine-tuned"] if self.fine_tune else []
        return MODELS[self.model].title + (f" ({', '.join(ways)})" if ways else "")

    def command(self) -> str:
        """Return the command line that repeats this run, also where defaults differ."""
        return " ".join(
            [
                f"python -m catsdogs train --model {self.model}",
                f"--data {quote(portable(self.data))}",
                f"--recipe {self.recipe} --epochs {self.epochs} --batch-size {self.batch_size}",
                f"--learning-rate {self.peak_learning_rate!r}",
                f"--schedule {self.learning_rate_schedule} --dropout {self.dropout_rate!r}",
                "--augment" if self.augments else "--no-augment",
                f"--repeats {self.image_repeats}",
                *self._fine_tuning(),
                f"--engine {self.engine} --precision {self.precision}",
                f"--early-stopping {self.early_stopping} --validation {self.validation!r}",
                f"--seed {self.seed}",
                *(["--deterministic"] if self.deterministic else []),
            ]
        )

    def _fine_tuning(self) -> list[str]:
        if not self.fine_tune:
            return []
        return [
            f"--fine-tune {self.fine_tune} --fine-tune-from {self.fine_tune_from}",
            f"--fine-tune-learning-rate {self.fine_tuning_rate!r}",
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "RunConfig":
        """Rebuild a config; settings that this version does not know are ignored.

        Raises:
            ConfigError: when a required setting is missing or a value is out of range.
        """
        known = {field.name for field in fields(cls)}
        try:
            return cls(**{n: v for n, v in _up_to_date(values).items() if n in known})
        except TypeError as error:
            raise ConfigError(
                f"Expected the settings of a run. Received: {sorted(values)} ({error})."
            ) from None


def _up_to_date(values: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a run, with what was the default when it was made written out."""
    if "repeats" in values or "model" not in values:
        return values
    then: dict[str, Any] = {"repeats": 1, "precision": "float32"}
    if values["model"] == "custom_cnn" and values.get("learning_rate") is None:
        then["learning_rate"] = 1e-3
    return values | then


def _expect_one_of(choices: Iterable[str], name: str, received: Any) -> None:
    _expect(received in choices, name, f"one of {', '.join(choices)}", received)


def _expect_type(name: str, declared: Any, received: Any) -> None:
    is_flag = isinstance(received, bool)  # Which Python counts among the whole numbers.
    fits = isinstance(received, declared | int if declared in _FLOATS else declared)
    _expect(
        fits and is_flag <= (declared in _FLAGS),
        name.replace("_", " "),
        getattr(declared, "__name__", str(declared)),
        repr(received)[:80],
    )


def _is_path(data: str) -> bool:
    try:
        return b"\0" not in os.fsencode(data)
    except UnicodeEncodeError:
        return False


def _expect(holds: bool, name: str, expected: str, received: Any) -> None:
    if not holds:
        raise ConfigError(f"Expected {name}: {expected}. Received: {received}.")
