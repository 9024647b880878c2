"""The abilities of each model, so that no page, command or worker compares names.

To add a model, add it to ``MODELS`` and to ``learning/models.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# The phases that prepare photos: as pixels for the network, or as vectors of a backbone.
DECODE, EMBED = "decode", "embed"
# Fine-tune every block, or those whose training is worth its time (docs/log.md).
WHOLE, FROM_BLOCK_4 = "all", "block_4"


@dataclass(frozen=True)
class Block:
    """A block of a backbone that fine-tuning can start from.

    ``activation_bytes`` is the size of its cached input per photo; None when photos enter the
    network as pixels. ``share`` is the part of the network's multiply-adds from this block on.
    """

    title: str
    activation_bytes: int | None = None
    share: float = 1.0

    @property
    def sees_pixels(self) -> bool:
        """Whether photos go through all of the network in each epoch, and can be cropped."""
        return self.activation_bytes is None


@dataclass(frozen=True)
class Backbone:
    """A pretrained network below a model's head.

    ``vector_size`` is the length of its embedding. ``blocks`` are those that fine-tuning can start
    from, the last one first.
    """

    vector_size: int
    blocks: Mapping[str, Block]


@dataclass(frozen=True)
class ModelInfo:
    """A model as the app describes it without loading TensorFlow.

    ``short_title`` names its runs, with their numbers: "CNN 3".
    ``side`` is its input in pixels: side × side. ``learning_rate`` (the peak), ``dropout`` and
    ``smallest_crop`` (share of a photo's area) belong to the default recipe, ``plain_dropout`` to
    the plain one. Where training crops photos, the network sees ``centre_crop`` (share of the width
    and height) of each, and ``repeats`` says how often an epoch shows it to training.
    ``judges_neither`` says whether its vectors distinguish a picture of neither class from a pet.
    ``old_learning_rate`` was the default in versions that did not know ``repeats``. A forward pass
    of one photo costs ``gflop`` billions of operations, and a run's folder takes about
    ``run_bytes``; 0 where they are not known.
    """

    title: str
    short_title: str
    side: int
    learning_rate: float
    dropout: float
    smallest_crop: float
    summary: str
    augmentation: str  # what augmentation does, for the form
    centre_crop: float = 1.0
    plain_dropout: float = 0.0
    repeats: int = 1
    backbone: Backbone | None = None
    judges_neither: bool = False
    old_learning_rate: float | None = None
    gflop: float = 0.0
    run_bytes: int = 0

    @property
    def preparing(self) -> str:
        """The phase that prepares photos: DECODE, or EMBED for a model on a backbone."""
        return EMBED if self.backbone else DECODE

    @property
    def learns_pixels(self) -> bool:
        """Whether it learns from pixels even without fine-tuning."""
        return self.backbone is None


MODELS: dict[str, ModelInfo] = {
    "custom_cnn": ModelInfo(
        title="Custom CNN",
        short_title="CNN",
        side=150,
        learning_rate=2e-3,
        dropout=0.3,
        smallest_crop=0.4,
        centre_crop=0.85,
        summary="Three convolutions and two dense layers, trained only on your photos.",
        augmentation="Crop each training image at random, and mirror it half of the time.",
        repeats=2,
        old_learning_rate=1e-3,
        gflop=0.41,
        run_bytes=115_000_000,
    ),
    "mobilenet_v2": ModelInfo(
        title="MobileNetV2",
        short_title="MobileNet",
        side=224,
        learning_rate=2e-3,
        dropout=0.2,
        smallest_crop=0.35,
        centre_crop=0.95,
        summary="A network trained on 1.3 million ImageNet photos, with a new last layer.",
        augmentation="Mirror training images in some epochs. Preparing them takes twice as long. "
        "If fine-tuning begins at block 4 or earlier, crop them at random instead.",
        plain_dropout=0.2,
        backbone=Backbone(
            vector_size=1280,
            blocks={
                "block_16": Block("Block 16, the last", 7 * 7 * 160 * 2, share=0.14),
                "block_13": Block("Blocks 13 to 16", 14 * 14 * 96 * 2, share=0.3),
                "block_6": Block("Blocks 6 to 16", 28 * 28 * 64, share=0.62),
                FROM_BLOCK_4: Block("Blocks 4 to 16, on new crops", share=0.75),
                WHOLE: Block("The whole network"),
            },
        ),
        judges_neither=True,
        gflop=0.6,
        run_bytes=20_000_000,
    ),
}


def block_titles() -> dict[str, str]:
    """Return every block that some model can be fine-tuned from, with its title."""
    backbones = (info.backbone for info in MODELS.values() if info.backbone)
    return {name: block.title for one in backbones for name, block in one.blocks.items()}


def fine_tuning_epochs_expected() -> str:
    """Return how many epochs of fine-tuning each model can have, in words."""
    tuned = [info.title for info in MODELS.values() if info.backbone]
    whole = [f"{i.title[0].lower()}{i.title[1:]}" for i in MODELS.values() if not i.backbone]
    return (
        f"0 to 1000 for {', '.join(tuned)}, 0 for the {' and the '.join(whole)}, which always "
        "trains all of its layers"
    )
