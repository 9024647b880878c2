"""The architectures as Keras models: raw uint8 pixels in, P(dog) out.

A model that learns from pixels is a function in ``NETWORKS``. Its last maps are a layer named
``LAST_MAPS``; one dense ReLU layer named ``HIDDEN`` leads from there to the output layer. The
heat map is computed from these layers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from catsdogs.learning.folding import folded, unfold
from catsdogs.learning.frameworks import keras, layers, ops
from catsdogs.learning.normalization import FusedBatchNormalization
from catsdogs.learning.views import Middle
from catsdogs.runs import effective
from catsdogs.runs.config import RunConfig
from catsdogs.runs.models import MODELS, WHOLE

# Keras' 0.99 needs several hundred batches to forget its start; small datasets have fewer.
BATCH_NORM_MOMENTUM = 0.95
# The custom CNN's convolutions (filters, side of the kernel, step), and the units of its hidden
# layer. docs/log.md compares others.
_PLAIN_LAYERS = ((32, 3, 1), (64, 3, 1), (128, 3, 1)), 128
_LAYERS = ((48, 7, 3), (128, 5, 1), (256, 5, 1)), 256
_LEAST_VARIANCE = 1e-3  # of pixels from 0 to 1: pictures of one colour have none
LAST_MAPS = "last_maps"  # the layer a heat map is read from
_MOBILENET_V2 = "mobilenet_v2"
HIDDEN = "hidden"  # the custom CNN's first dense layer


def build_custom_cnn(config: RunConfig, *, precision: str | None = None) -> keras.Model:
    """Return the network trained from scratch; input (B, 150, 150, 3), output (B, 1).

    The plain recipe builds the notebook's network, 4,828,481 parameters. The default recipe has as
    many layers. Its convolutions are wider and see larger parts of the photo, the first one in
    steps of 3 pixels. It normalises the output of all layers but the last, and has dropout before
    each dense layer: 3,342,161 parameters.

    With a ``precision``, returns the network to train: maps in "bfloat16" or "float32", weights and
    probability in float32 either way; outside training, it sees the middle of each picture. Without
    one, returns the network to save, with the same weights: all float32, built from Keras' own
    layers only.
    """
    side = MODELS[config.model].side
    with _dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32"):
        pixels = keras.Input((side, side, 3), dtype="uint8", name="image")
        x = _seen(pixels, effective.centre_crop(config) if precision else 1)
        x = _scaled(x) if config.is_plain else _standardized(x)
        convolutions, hidden = _PLAIN_LAYERS if config.is_plain else _LAYERS
        padding = "valid" if config.is_plain else "same"
        for filters, kernel, step in convolutions:
            x = layers.Conv2D(
                filters, kernel, strides=step, padding=padding, use_bias=config.is_plain
            )(x)
            # Normalise after pooling, on a quarter of the values: ReLU and maximum commute.
            x = layers.MaxPooling2D()(x)
            is_last = filters == convolutions[-1][0]
            x = _active(x, config, LAST_MAPS if is_last else None, fused=bool(precision))
        x = layers.Flatten()(x)  # (B, 6 * 6 * 256), plain (B, 17 * 17 * 128)
        x = _dropout(x, config)
        x = layers.Dense(hidden, use_bias=config.is_plain, name=HIDDEN)(x)
        x = _active(x, config, f"{HIDDEN}_active")
        x = _dropout(x, config)
        p_dog = layers.Dense(1, activation="sigmoid", dtype="float32", name="p_dog")(x)
    return keras.Model(pixels, p_dog, name="custom_cnn")


def _seen(pixels: keras.KerasTensor, centre_crop: float) -> keras.KerasTensor:
    return pixels if centre_crop == 1 else Middle(centre_crop)(pixels)


def _scaled(pixels: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Rescaling(1 / 255)(pixels)


def _standardized(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """Return pictures without their mean colour, and with the same contrast.

    So light and colour casts change little. The means of 3 × 3 pixels are enough to measure both.
    """
    x = layers.Rescaling(1 / 255, dtype="float32")(pixels)
    small = ops.average_pool(x, 3, strides=3)
    mean = ops.mean(small, axis=(1, 2), keepdims=True)
    variance = ops.mean(ops.square(small - mean), axis=(1, 2, 3), keepdims=True)
    return (x - mean) * ops.rsqrt(variance + _LEAST_VARIANCE)


def _active(
    x: keras.KerasTensor, config: RunConfig, name: str | None, *, fused: bool = False
) -> keras.KerasTensor:
    if not config.is_plain:
        options = {"momentum": BATCH_NORM_MOMENTUM, "name": f"{name}_norm" if name else None}
        if fused:
            x = FusedBatchNormalization(**options)(x)
        else:
            x = layers.BatchNormalization(**options, dtype="float32")(x)
    return layers.ReLU(name=name)(x)


def _dropout(x: keras.KerasTensor, config: RunConfig) -> keras.KerasTensor:
    return layers.Dropout(effective.dropout(config))(x) if effective.dropout(config) else x


@contextmanager
def _dtype_policy(name: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


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


def build_embedder(backbone: keras.Model, *, centre_crop: float = 1) -> keras.Model:
    """Return pixels (B, 224, 224, 3) → the backbone's pooled last maps (B, 1280).

    Outside training, it sees this share of the width and height of each picture.
    """
    return _on_pixels(
        lambda x: layers.GlobalAveragePooling2D()(backbone(x, training=False)), centre_crop
    )


def build_trunk(backbone: keras.Model, block: str) -> keras.Model:
    """Return the part below ``block``: pixels (B, 224, 224, 3) → activations (B, h, w, C)."""
    below = keras.Model(backbone.input, _begin_of(backbone, block))
    return _on_pixels(lambda x: below(x, training=False))


def build_trainable(
    backbone: keras.Model, head: keras.Model, begin: str, *, centre_crop: float = 1
) -> keras.Model:
    """Return the network whose blocks from ``begin`` up can be trained, or all of them.

    Input: float16 activations (B, h, w, C) of the block, or uint8 pixels (B, 224, 224, 3) for the
    complete network, which outside training sees ``centre_crop`` of the width and height of each
    picture. Output: P(dog) (B, 1). It shares the head. Its copy of the blocks has its
    normalisation folded, with the statistics of ImageNet: give the trained weights back with
    ``take_trained``.
    """
    if _sees_pixels(begin):
        network = folded(_thawed(backbone))
        if begin != WHOLE:
            _freeze_below(network, begin)
        return assemble_mobilenet_v2(network, head, centre_crop=centre_crop)
    tensor = _begin_of(backbone, begin)
    blocks = folded(_thawed(keras.Model(tensor, backbone.output)))
    activations = keras.Input(tensor.shape[1:], dtype="float16")
    maps = blocks(layers.Identity(dtype="float32")(activations))
    return keras.Model(activations, head(layers.GlobalAveragePooling2D()(maps)))


def take_trained(trained: keras.Model, backbone: keras.Model, begin: str) -> None:
    """Copy the weights of the ``trained`` blocks from ``begin`` up into ``backbone``."""
    blocks, _ = parts_of_mobilenet_v2(trained)
    is_complete = _sees_pixels(begin)
    unfold(
        blocks,
        backbone if is_complete else keras.Model(_begin_of(backbone, begin), backbone.output),
    )


def _sees_pixels(begin: str) -> bool:
    backbone = MODELS[_MOBILENET_V2].backbone
    return backbone is not None and backbone.blocks[begin].sees_pixels


def _freeze_below(network: keras.Model, block: str) -> None:
    for layer in network.layers:
        if layer.name == _first_layer(block):
            return
        layer.trainable = False


def _thawed(network: keras.Model) -> keras.Model:
    network.trainable = True
    # One by one: setting a new model trainable does not reach its layers.
    for layer in network.layers:
        layer.trainable = True
    return network


def build_head(features: int, *, dropout: float) -> keras.Model:
    """Return the trainable head: (B, features) → P(dog) of shape (B, 1)."""
    vectors = keras.Input((features,))
    x = layers.Dropout(dropout)(vectors) if dropout else vectors
    return keras.Model(vectors, layers.Dense(1, activation="sigmoid", name="p_dog")(x))


def assemble_mobilenet_v2(
    backbone: keras.Model, head: keras.Model, *, centre_crop: float = 1
) -> keras.Model:
    """Return the complete network, 2,259,265 parameters: pixels (B, 224, 224, 3) → (B, 1).

    For ``centre_crop`` see ``build_embedder``; only a network that is not saved can have one.
    """
    embedder = build_embedder(backbone, centre_crop=centre_crop)
    # Without the head's optimizer, which does not belong in a file.
    bare_head = keras.Model(head.input, head.output)
    return keras.Model(embedder.input, bare_head(embedder.output), name=_MOBILENET_V2)


def has_backbone(model: keras.Model) -> bool:
    """Tell whether a complete network, perhaps from a file, is a backbone with our head."""
    info = MODELS.get(model.name)
    return info is not None and info.backbone is not None


def parts_of_mobilenet_v2(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """Return the backbone and the head of a complete network."""
    backbone, head = (layer for layer in model.layers if isinstance(layer, keras.Model))
    return backbone, head


def output_layer(network: keras.Model) -> keras.Layer:
    """Return the layer that answers: the last one, in a complete network or in a head."""
    last = network.layers[-1]
    return output_layer(last) if isinstance(last, keras.Model) else last


def _begin_of(backbone: keras.Model, block: str) -> keras.KerasTensor:
    return backbone.get_layer(_first_layer(block)).input


def _first_layer(block: str) -> str:
    return f"{block}_expand"


def _on_pixels(
    network: Callable[[keras.KerasTensor], keras.KerasTensor], centre_crop: float = 1
) -> keras.Model:
    """Return ``network`` behind MobileNetV2's scaling of uint8 pixels to [-1, 1]."""
    side = MODELS["mobilenet_v2"].side
    pixels = keras.Input((side, side, 3), dtype="uint8", name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1)(_seen(pixels, centre_crop))
    return keras.Model(pixels, network(x))


NETWORKS: dict[str, Callable[..., keras.Model]] = {"custom_cnn": build_custom_cnn}


def build(config: RunConfig, *, precision: str | None = None) -> keras.Model:
    """Return the network of a model that learns from pixels; see ``build_custom_cnn``."""
    return NETWORKS[config.model](config, precision=precision)
