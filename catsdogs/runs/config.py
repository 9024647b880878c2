"""Everything needed to repeat a run: its settings, each declared once."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from catsdogs.dataset.split import DEFAULT_SEED, DEFAULT_VALIDATION, Rule
from catsdogs.errors import ConfigError
from catsdogs.runs import choices, effective
from catsdogs.runs.earlier_settings import up_to_date
from catsdogs.runs.models import (
    FROM_BLOCK_4,
    MODELS,
    ModelInfo,
    block_titles,
    fine_tuning_epochs_expected,
)
from catsdogs.runs.settings import (
    Choice,
    Flag,
    Number,
    Text,
    Whole,
    check,
    declared,
    is_path,
    is_rate,
    required,
    setting,
)


def _has_backbone(model: ModelInfo) -> bool:
    return model.backbone is not None


def _is_fine_tuned(config: "RunConfig") -> bool:
    return config.fine_tune > 0


@dataclass(frozen=True)
class RunConfig:
    """The settings of one run, in the order in which its command names them.

    None stands for the recipe's own value, which the functions of ``effective`` return.
    """

    model: str = required(
        Choice(MODELS, lambda name: MODELS[name].title), "Model", "The network to train."
    )
    data: str = required(
        Text(is_path, "a path"), "Data", "A folder or an archive of labelled images."
    )
    recipe: str = setting(
        "default",
        Choice(choices.RECIPES, choices.RECIPES.__getitem__),
        "Recipe",
        "Sets the network's normalisation and the defaults of the settings below.",
    )
    epochs: int = setting(
        10,
        Whole(1, 1000),
        "Epochs",
        "How often the model sees every training image. 5 to 30 are usual.",
    )
    batch_size: int = setting(
        32,
        Whole(1, 1024, logarithmic=True),
        "Batch size",
        "The number of images per update of the weights. 16 to 128 are usual.",
    )
    learning_rate: float | None = setting(
        None,
        Number(is_rate, "a number above 0, at most 10", step=1e-4, logarithmic=True),
        "Learning rate",
        "The size of each update of the weights. Too large: the loss jumps. Too small: it hardly "
        "falls. 0.0001 to 0.01 are usual.",
        effective=effective.learning_rate,
        by_recipe=True,
    )
    schedule: str | None = setting(
        None,
        Choice(choices.SCHEDULES, choices.SCHEDULES.__getitem__),
        "Schedule",
        "How the learning rate changes over the run.",
        effective=effective.schedule,
        by_recipe=True,
    )
    dropout: float | None = setting(
        None,
        Number(lambda value: 0 <= value < 1, "from 0 to below 1", step=0.05, form="%.2f"),
        "Dropout",
        "The share of activations set to zero at random in training, against overfitting. "
        "0 to 0.5 are usual.",
        effective=effective.dropout,
        by_recipe=True,
    )
    augment: bool | None = setting(
        None,
        Flag(),
        "Augmentation",
        "Vary training images from epoch to epoch.",
        effective=effective.augments,
        by_recipe=True,
        help_for=lambda model: model.augmentation,
    )
    repeats: int | None = setting(
        None,
        Whole(1, 100),
        "Views per image",
        "How often an epoch shows each training image, with a different crop each time. Epochs "
        "take that many times longer. 1 to 4 are usual.",
        noun="repeats",
        effective=effective.repeats,
        by_recipe=True,
        matters=lambda config: effective.smallest_crop(config) is not None,
        applies=lambda model: model.learns_pixels,
        allowed=lambda config: config.repeats == 1 or effective.smallest_crop(config) is not None,
        expected=lambda: "1 to 100 if images are cropped at random, otherwise 1",
    )
    fine_tune: int = setting(
        0,
        Whole(0, 1000),
        "Fine-tuning epochs",
        "Epochs that train more of MobileNetV2, after its new last layer has been trained. "
        "0: keep the weights from ImageNet. 2 to 5 are usual.",
        noun="epochs of fine-tuning",
        applies=_has_backbone,
        allowed=lambda config: config.fine_tune == 0 or _has_backbone(MODELS[config.model]),
        expected=fine_tuning_epochs_expected,
        is_said=_is_fine_tuned,
        metavar="EPOCHS",
    )
    fine_tune_from: str = setting(
        FROM_BLOCK_4,
        Choice(block_titles(), lambda name: block_titles()[name]),
        "Fine-tuned part",
        "The blocks that fine-tuning trains. The others are computed once per photo, so epochs "
        "with few blocks are shorter.",
        noun="first block to fine-tune",
        applies=_has_backbone,
        is_said=_is_fine_tuned,
        matters=_is_fine_tuned,
    )
    fine_tune_learning_rate: float | None = setting(
        None,
        Number(is_rate, "a number above 0, at most 10", step=1e-5, logarithmic=True),
        "Fine-tuning rate",
        "The learning rate of fine-tuning: small, to keep the knowledge from ImageNet. "
        "0.00001 to 0.0003 are usual.",
        effective=effective.fine_tuning_rate,
        applies=_has_backbone,
        is_said=_is_fine_tuned,
        matters=_is_fine_tuned,
    )
    engine: str = setting(
        "auto",
        Choice(choices.ENGINES, choices.ENGINES.__getitem__),
        "Engine",
        "The software that computes the frozen part. int8 takes half the time for training photos "
        "but is less exact; validation images are always computed exactly.",
        applies=_has_backbone,
    )
    precision: str = setting(
        "auto",
        Choice(choices.PRECISIONS, choices.PRECISIONS.__getitem__),
        "Precision",
        "The number format of training. The finished model is always float32.",
        applies=lambda model: model.learns_pixels,
    )
    centre_crop: float | None = setting(
        None,
        Number(lambda value: 0.5 <= value <= 1, "from 0.5 to 1", step=0.05, form="%.2f"),
        "Centre crop",
        "The finished model looks at this share of each picture's width and height, in its middle, "
        "because random crops in training show animals larger than they are in whole photos. "
        "0.8 to 1 are usual.",
        effective=effective.centre_crop,
        by_recipe=True,
        allowed=lambda config: config.centre_crop == 1 or effective.sees_pixels(config),
        expected=lambda: "1, unless training sees pixels, as fine-tuning from block 4 does",
        matters=effective.sees_pixels,
        is_said=effective.sees_pixels,
    )
    mirrored_view: bool = setting(
        False,
        Flag(),
        "Mirrored view",
        "The finished model answers for each picture and its mirror image, and gives the mean of "
        "both. It is slightly more accurate, and an answer takes twice the time. By default it is "
        "off.",
        allowed=lambda config: not config.mirrored_view or effective.sees_pixels(config),
        expected=lambda: "no, unless training sees pixels, as fine-tuning from block 4 does",
        matters=effective.sees_pixels,
        is_said=lambda config: config.mirrored_view,
    )
    weight_decay: float = setting(
        0.0,
        Number(lambda value: 0 <= value <= 1, "from 0 to 1", step=0.01, form="%.3f"),
        "Weight decay",
        "Pulls the weights of convolutions and dense layers towards zero, against overfitting. "
        "It matters in long trainings: 0.01 to 0.1 are usual.",
        is_said=lambda config: config.weight_decay > 0,
    )
    early_stopping: int = setting(
        0,
        Whole(0, 1000),
        "Early stopping",
        "Stop after this many epochs without a lower validation loss. 0: never. 2 to 5 are usual.",
        metavar="EPOCHS",
    )
    class_weights: str = setting(
        "none",
        Choice(choices.CLASS_WEIGHTS, choices.CLASS_WEIGHTS.__getitem__),
        "Class weights",
        "Balanced: an image of the rarer class counts more in training. Use it when one class is "
        "rare. The losses in charts and results are not weighted.",
    )
    validation: float = setting(
        DEFAULT_VALIDATION,
        Number(lambda value: 0 < value < 1, "above 0 and below 1", step=0.05, form="%.2f"),
        "Validation share",
        "The share of images that measure the model and do not train it. Copies of one image are "
        "never on both sides. 0.1 to 0.3 are usual.",
    )
    test: float = setting(
        0.0,
        Number(lambda value: 0 <= value < 1, "from 0 to below 1", step=0.05, form="%.2f"),
        "Test share",
        "The share of images that are locked away: nothing in training looks at them, and each "
        "later look is counted. Not used if the dataset has its own test folder. 0 to 0.2 are "
        "usual.",
        allowed=lambda config: config.validation + config.test < 1,
        expected=lambda: "from 0 to below 1, together with the validation share below 1",
    )
    split: str = setting(
        "own",
        Choice(choices.SPLITS, choices.SPLITS.__getitem__),
        "Split",
        "The dataset's own folders train, validation and test where it has them, or sides that "
        "are drawn from all images.",
    )
    seed: int = setting(
        DEFAULT_SEED,
        Whole(0, 2**32 - 1),
        "Seed",
        "Decides the split, the initial weights and the order of the images. Any whole number "
        "from 0 is fine.",
    )
    deterministic: bool = setting(
        False,
        Flag(),
        "Deterministic operations",
        "Use only TensorFlow operations that give the same bits in every run. It costs a few "
        "percent of the time, and most processors give the same bits without it.",
    )

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            ConfigError: naming the first value that is out of range.
        """
        check(self)

    @property
    def info(self) -> ModelInfo:
        """The abilities of the run's model."""
        return MODELS[self.model]

    @property
    def is_plain(self) -> bool:
        """Whether it is the notebook's recipe: no regularisation, and the last weights are kept."""
        return self.recipe == choices.PLAIN

    @property
    def all_epochs(self) -> int:
        """The epochs of the whole run, fine-tuning included."""
        return self.epochs + self.fine_tune

    @property
    def split_rule(self) -> Rule:
        """How the run's dataset is split."""
        return Rule(self.validation, self.seed, self.test, own=self.split == "own")

    @property
    def title(self) -> str:
        """How pages name the run's model, with the recipe where it is not the default."""
        return self.info.title + self.ways

    @property
    def ways(self) -> str:
        """The differences from the model's default, in brackets; "" without any."""
        ways = [self.recipe] if self.recipe != "default" else []
        ways += ["fine-tuned"] if self.fine_tune else []
        return f" ({', '.join(ways)})" if ways else ""

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
            return cls(**{n: v for n, v in up_to_date(values).items() if n in known})
        except TypeError as error:
            raise ConfigError(
                f"Expected the settings of a run. Received: {sorted(values)} ({error})."
            ) from None


SETTINGS = declared(RunConfig)
