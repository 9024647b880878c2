"""Keras → LiteRT, with the heat map inside the graph.

Frozen MobileNetV2 runs differ only in their head, so the expensive conversion runs only once per
machine. The cache keeps the backbone with a placeholder head. A run's file is a copy of it in which
1,281 numbers are replaced.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from catsdogs import paths
from catsdogs.errors import RunError
from catsdogs.features.backbones import export_of, identity
from catsdogs.features.embeddings import EMBEDDING_SIZE
from catsdogs.features.litert import OUTPUT, LiteRTModel
from catsdogs.learning import models, tensorflow_internals
from catsdogs.learning.frameworks import keras, layers, ops, tensorflow
from catsdogs.learning.views import Views, for_views, one_view
from catsdogs.system import files

_SMALLER = [tensorflow.lite.Optimize.DEFAULT]
# LiteRT and TensorFlow round differently; measured differences are below 1e-5.
AGREEMENT = 1e-3
# The placeholder head in the backbone's file: byte patterns that occur in it once.
_NO_KERNEL = np.linspace(1, 2, EMBEDDING_SIZE, dtype=np.float32)
_NO_BIAS = np.linspace(2, 3, 7 * 7, dtype=np.float32)


def export_network(model: keras.Model, target: Path) -> None:
    """Write a complete network as a LiteRT file.

    Its outputs are ``p_dog``, ``heatmap`` (h, w) and ``embedding`` (D,), the last layer's input. If
    a network answers for several views, the outputs are those for the whole picture.
    """
    _export(_graph(model), target)


def export_int8(
    model: keras.Model, target: Path, photos: Callable[[], Sequence[np.ndarray]]
) -> None:
    """Write a complete network as a LiteRT file that computes in int8; outputs as in float32.

    ``photos()`` returns uint8 (S, S, 3) to calibrate on. The custom CNN needs none: it computes the
    ranges of its activations for each image, which agrees better at no extra cost.
    """
    if models.has_backbone(model):
        quantize(_graph(model), photos(), target)
    else:
        _export(_graph(model), target, optimizations=_SMALLER)


def export_float16(model: keras.Model, target: Path) -> None:
    """Write a complete network as a LiteRT file with float16 weights, half the size.

    It still computes in float32; outputs as in float32.
    """
    _export(_graph(model), target, optimizations=_SMALLER, weights=[tensorflow.float16])


def export_saved_model(model: keras.Model, folder: Path, *, output: str) -> None:
    """Write a complete network as a SavedModel for any number of images.

    Its outputs are those of a LiteRT file, with the name ``output`` for ``p_dog``.
    """
    graph = _graph(model)
    archive = keras.export.ExportArchive()
    archive.track(graph)
    images = tensorflow.TensorSpec((None, *graph.input_shape[1:]), tensorflow.uint8, name="image")

    def answer(image: Any) -> Any:
        found = graph(image, training=False)
        return {output if name == OUTPUT else name: value for name, value in found.items()}

    # ``model.export`` leaves ``training`` open, and in older runs a layer then assumes it.
    archive.add_endpoint("serve", answer, [images])
    archive.write_out(folder, verbose=False)


def backbone_file(weights: Path) -> Path:
    """Return the exported backbone of these weights, exporting it when the cache has none.

    Its outputs are ``embedding`` (1280,) and, from the head that each run inserts, ``p_dog`` and
    ``heatmap`` (7, 7).
    """
    target = export_of(weights)
    if not target.is_file():
        backbone = models.build_backbone(weights)
        _export(_class_activation_graph(backbone, _NO_KERNEL, _NO_BIAS), target)
    return target


def quantized_backbone_file(
    weights: Path, calibrated_on: str, photos: Callable[[int], Sequence[np.ndarray]]
) -> Path:
    """Return the int8 backbone, quantizing it if the cache has none; output ``embedding``.

    ``photos(S)`` returns uint8 (S, S, 3) pictures to calibrate on; ``calibrated_on``
    identifies them in the file name.
    """
    name = f"mobilenet_v2-{identity(weights)}-mostly-int8-{calibrated_on}.tflite"
    target = paths.cache_dir() / "backbones" / name
    if not target.is_file():
        network = models.build_embedder(models.build_backbone(weights))
        graph = keras.Model(network.input, {"embedding": network.output})
        quantize(graph, photos(network.input_shape[1]), target)
    return target


def trunk_file(weights: Path, block: str) -> Path:
    """Return MobileNetV2 below ``block``, exporting it when the cache has none.

    Its output is ``activations`` (h, w, C).
    """
    name = f"mobilenet_v2-{identity(weights)}-below-{block}.tflite"
    target = paths.cache_dir() / "backbones" / name
    if not target.is_file():
        trunk = models.build_trunk(models.build_backbone(weights), block)
        _export(keras.Model(trunk.input, {"activations": trunk.output}), target)
    return target


def quantize(graph: keras.Model, photos: Sequence[np.ndarray], target: Path) -> None:
    """Write ``graph`` as a LiteRT file that computes in int8, calibrated on uint8 ``photos``."""
    files.write_bytes(target, tensorflow_internals.quantized(_converter(graph), photos))


def export_mobilenet_v2(backbone: Path, head: keras.Model, target: Path) -> None:
    """Write a LiteRT file: the exported ``backbone`` with this head's kernel and bias in place."""
    kernel, bias = models.output_layer(head).get_weights()  # (1280, 1), (1,)
    content = backbone.read_bytes()
    content = tensorflow_internals.with_constant(content, _NO_KERNEL, kernel)
    content = tensorflow_internals.with_constant(content, _NO_BIAS, np.full_like(_NO_BIAS, bias))
    files.write_bytes(target, content)


def check_agreement(litert: Path, images: list[np.ndarray], p_dog: np.ndarray) -> float:
    """Return the median milliseconds of a forward pass, after checking the exported model.

    ``images`` are uint8 (S, S, 3); ``p_dog`` (N,) are the probabilities from training.

    Raises:
        RunError: if any probability differs by more than ``AGREEMENT``.
    """
    model = LiteRTModel(litert)
    found, times_ms = [], []
    for image in images:
        started = time.perf_counter()
        found.append(model(image)["p_dog"].item())
        times_ms.append((time.perf_counter() - started) * 1000)
    difference = float(np.abs(np.array(found) - p_dog).max(initial=0))
    if not difference <= AGREEMENT:
        raise RunError(
            f"Expected the exported model to agree with training within {AGREEMENT}. Received: a "
            f"difference of {difference:.2g}. Train again. If the error persists, please report it."
        )
    return float(np.median(times_ms))


def _graph(model: keras.Model) -> keras.Model:
    """Return a complete network with all outputs of its LiteRT file."""
    network, seen = one_view(model)
    network = for_views(network, seen)
    if models.has_backbone(network):
        backbone, head = models.parts_of_mobilenet_v2(network)
        kernel, bias = models.output_layer(head).get_weights()
        graph = _class_activation_graph(backbone, kernel, bias, dtype=network.input.dtype)
    else:
        graph = _grad_cam_graph(network)
    return graph if seen.is_whole else _with_views(graph, seen, last=network.layers[-1])


def _with_views(graph: keras.Model, seen: Views, *, last: keras.Layer) -> keras.Model:
    pixels = keras.Input(graph.input_shape[1:], dtype="uint8", name="image")
    found = [graph(view) for view in seen.of(pixels)]
    embedding = sum(one["embedding"] for one in found) / len(found)
    heatmap = seen.placed([one["heatmap"] for one in found])
    outputs = {"p_dog": last(embedding), "heatmap": heatmap, "embedding": embedding}
    return keras.Model(pixels, outputs)


def _grad_cam_graph(model: keras.Model) -> keras.Model:
    tensors = [
        model.get_layer(models.LAST_MAPS).output,
        _hidden_values(model),
        models.output_layer(model).input,
        model.output,
    ]
    # A network inside another: operations from a file have the names that new ones would get.
    network = keras.Model(model.input, tensors)
    pixels = keras.Input(model.input_shape[1:], dtype=model.input.dtype, name="image")
    maps, hidden, embedding, p_dog = network(pixels)
    heatmap = _grad_cam(model, maps, hidden)
    return keras.Model(pixels, {"p_dog": p_dog, "heatmap": heatmap, "embedding": embedding})


def _class_activation_graph(
    backbone: keras.Model, kernel: np.ndarray, bias: np.ndarray, *, dtype: str = "uint8"
) -> keras.Model:
    """The class activation map (Zhou et al., 2016, arXiv:1512.04150), exact for this network.

    Averaging over positions and applying the head commute, so the head applied at each position
    gives the logit's share of that position, and their mean is the logit itself.
    """
    pixels = keras.Input(backbone.input_shape[1:], dtype=dtype, name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1)(pixels)
    maps = backbone(x, training=False)  # (B, 7, 7, 1280)
    cam = layers.EinsumDense("bhwc,cd->bhwd", (7, 7, 1), bias_axes="hwd", name="cam")
    heatmap = layers.Reshape((7, 7))(cam(maps))
    cam.set_weights([kernel.reshape(-1, 1), np.broadcast_to(bias, 49).reshape(7, 7, 1)])
    p_dog = ops.sigmoid(ops.mean(heatmap, axis=(1, 2)))
    embedding = layers.GlobalAveragePooling2D()(maps)
    return keras.Model(pixels, {"p_dog": p_dog, "heatmap": heatmap, "embedding": embedding})


def _grad_cam(
    model: keras.Model, maps: keras.KerasTensor, hidden_values: keras.KerasTensor
) -> keras.KerasTensor:
    """Grad-CAM (Selvaraju et al., 2017, arXiv:1610.02391) at the last pooled maps, signed.

    ``maps`` (B, h, w, C) and ``hidden_values`` (B, H) are the model's activations.

    The gradient of the logit through one hidden ReLU layer has a closed form, so it is written as
    forward operations that LiteRT knows. The mean over positions is folded into the constant.
    """
    output, hidden = models.output_layer(model), model.get_layer(models.HIDDEN)
    height, width, channels = maps.shape[1:]
    kernel = hidden.get_weights()[0].reshape(height * width, channels, -1)
    mean_kernel = (kernel.mean(axis=0) * _normalising_scale(model)).T  # (hidden, C)
    active = ops.cast(hidden_values > 0, "float32")
    slopes = active * ops.convert_to_tensor(output.get_weights()[0][:, 0])  # (B, hidden)
    channel_weights = ops.matmul(slopes, ops.convert_to_tensor(mean_kernel))  # (B, C)
    return ops.sum(maps * ops.reshape(channel_weights, (-1, 1, 1, channels)), axis=-1)


def _hidden_values(model: keras.Model) -> keras.KerasTensor:
    # In networks from older versions, the dense layer itself has the ReLU.
    names = {layer.name for layer in model.layers}
    name = f"{models.HIDDEN}_active"
    return model.get_layer(name if name in names else models.HIDDEN).output


def _normalising_scale(model: keras.Model) -> float | np.ndarray:
    """Return what batch normalisation, at its final statistics, multiplies hidden units (H,) by."""
    names = {layer.name for layer in model.layers}
    if (name := f"{models.HIDDEN}_active_norm") not in names:
        return 1.0
    norm = model.get_layer(name)
    return np.asarray(norm.gamma) / np.sqrt(np.asarray(norm.moving_variance) + norm.epsilon)


def _export(
    graph: keras.Model,
    target: Path,
    *,
    optimizations: Sequence[Any] = (),
    weights: Sequence[Any] = (),
) -> None:
    converter = _converter(graph)
    converter.optimizations = list(optimizations)
    converter.target_spec.supported_types = list(weights)
    files.write_bytes(target, converter.convert())


def _converter(graph: keras.Model) -> Any:
    """Return TensorFlow's converter of a graph for one image, its outputs by their names.

    ``graph.export(format="litert")`` takes twice the time for the same file: it tracks and saves
    every Keras layer, although the values of the variables are enough.
    """
    image = tensorflow.TensorSpec((1, *graph.input_shape[1:]), tensorflow.uint8, name="image")
    network = tensorflow.function(lambda image: graph(image, training=False))
    variables = tensorflow.Module()
    variables.held = [variable.value for variable in graph.variables]
    return tensorflow.lite.TFLiteConverter.from_concrete_functions(
        [network.get_concrete_function(image)], variables
    )
