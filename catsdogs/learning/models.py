"""The two architectures as Keras models: raw uint8 pixels in, P(dog) out."""

from pathlib import Path

import keras
from keras import layers

from catsdogs.runs.config import MODELS, RunConfig

# Keras' 0.99 needs several hundred batches to forget its start; a small dataset has fewer in a run.
BATCH_NORM_MOMENTUM = 0.9
LAST_MAPS = "last_maps"  # the layer a heat map is read from


def build_custom_cnn(config: RunConfig) -> keras.Model:
    """Return the network trained from scratch; input (B, 150, 150, 3), output (B, 1).

    The plain recipe's is the notebook's network, 4,828,481 parameters. The default one keeps its
    convolutions and dense layers and adds batch normalisation after each pooling and dropout before
    each dense layer. Normalising the pooled maps, not the full-size ones, costs a quarter as much.
    """
    normalised, dropout = not config.is_plain, config.dropout_rate
    side = MODELS[config.model].side
    pixels = keras.Input((side, side, 3), dtype="uint8", name="image")
    x = layers.Rescaling(1 / 255)(pixels)
    for filters in (32, 64, 128):
        x = layers.Conv2D(filters, 3, activation="relu")(x)
        x = layers.MaxPooling2D(name=LAST_MAPS if filters == 128 and not normalised else None)(x)
        if normalised:
            x = layers.BatchNormalization(
                momentum=BATCH_NORM_MOMENTUM, name=LAST_MAPS if filters == 128 else None
            )(x)
    x = layers.Flatten()(x)  # (B, 17 * 17 * 128)
    x = layers.Dropout(dropout)(x) if dropout else x
    x = layers.Dense(128, activation="relu", name="hidden")(x)
    x = layers.Dropout(dropout)(x) if dropout else x
    p_dog = layers.Dense(1, activation="sigmoid", name="p_dog")(x)
    return keras.Model(pixels, p_dog, name="custom_cnn")


def build_backbone(weights: Path) -> keras.Model:
    """Return MobileNetV2 without its classifier, frozen: (B, 224, 224, 3) → (B, 7, 7, 1280).

    The input is scaled to [-1, 1], as its ImageNet training had it.
    """
    side = MODELS["mobilenet_v2"].side
    backbone = keras.applications.MobileNetV2(
        include_top=False, weights=str(weights), input_shape=(side, side, 3)
    )
    backbone.trainable = False
    return backbone


def build_head(features: int, *, dropout: float) -> keras.Model:
    """Return the part that is learned: (B, features) → P(dog) of shape (B, 1)."""
    vectors = keras.Input((features,))
    x = layers.Dropout(dropout)(vectors) if dropout else vectors
    return keras.Model(vectors, layers.Dense(1, activation="sigmoid", name="p_dog")(x))


def assemble_mobilenet_v2(backbone: keras.Model, head: keras.Model) -> keras.Model:
    """Return the complete network, 2,259,265 parameters: pixels (B, 224, 224, 3) → (B, 1)."""
    pixels = keras.Input(backbone.input_shape[1:], dtype="uint8", name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1)(pixels)
    # training=False keeps batch normalisation on its ImageNet statistics.
    x = backbone(x, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(pixels, head(x), name="mobilenet_v2")
