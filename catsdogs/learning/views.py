"""The views of a picture that a finished network answers for: its middle, and a mirror image.

Training sees random crops, in which animals are larger than in whole photos. A network therefore
answers best for the middle of a picture, where they have that size: Touvron et al., "Fixing the
train-test resolution discrepancy" (2019, arXiv:1906.06423).
"""

from dataclasses import dataclass

import numpy as np

from catsdogs.learning.frameworks import keras, layers, ops

_VIEW = "view"  # all layers but the last
_MIDDLE = "middle"
# A heat map of the middle becomes one of the whole picture, on a grid of this many cells.
_GRID = 20


@dataclass(frozen=True)
class Views:
    """The parts of a picture that a network sees.

    ``centre_crop`` is the share of its width and height, in its middle; ``mirrored`` tells whether
    the network also sees that with left and right exchanged, and gives the mean of both.
    """

    centre_crop: float = 1.0
    mirrored: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it sees the picture once and as it is."""
        return self == Views()

    def of(self, pixels: keras.KerasTensor) -> list[keras.KerasTensor]:
        """Return the views of pictures, uint8 (B, S, S, 3), in their size; a middle is float32."""
        seen = pixels if self.centre_crop == 1 else _middle(pixels, self.centre_crop)
        return [seen, mirrored(seen)] if self.mirrored else [seen]

    def placed(self, heatmaps: list[keras.KerasTensor]) -> keras.KerasTensor:
        """Return the heat map of whole pictures (B, H, W) from those of their views (B, h, w).

        Its mean is that of the views: around the middle, it is 0.
        """
        heatmap, *others = heatmaps
        for other in others:
            heatmap = (heatmap + mirrored(other)) / 2
        if self.centre_crop == 1:
            return heatmap
        height, width = heatmap.shape[1:]
        down, across = (_spread(cells, self.centre_crop) for cells in (height, width))
        return ops.matmul(ops.matmul(ops.convert_to_tensor(down), heatmap), across.T)


def with_views(model: keras.Model, views: Views) -> keras.Model:
    """Return a network that answers for ``views`` of each picture, with the same weights.

    All views go through all layers but the last, which gets the mean of their vectors (B, D).
    """
    if views.is_whole:
        return model
    model = for_views(model, views)
    *_, before, last = model.layers
    view = keras.Model(model.input, before.output, name=_VIEW)
    pixels = keras.Input(model.input_shape[1:], dtype="uint8", name="image")
    vectors = [view(seen) for seen in views.of(pixels)]
    vector = layers.Average()(vectors) if views.mirrored else vectors[0]
    return keras.Model(pixels, last(vector), name=model.name)


def for_views(model: keras.Model, views: Views) -> keras.Model:
    """Return the network, or a copy with its weights, for what ``views.of`` returns.

    An enlarged middle stays in fractions of a grey level: rounded, halves would become one level or
    another, as each runtime computes them.
    """
    return model if views.centre_crop == 1 else _taking("float32", model)


def one_view(model: keras.Model) -> tuple[keras.Model, Views]:
    """Return a complete network for one view of a picture, and the views that ``model`` has."""
    names = {layer.name for layer in model.layers}
    if _VIEW not in names:
        return model, Views()
    view, shared = model.get_layer(_VIEW), model.layers[-1]
    # A copy: to Keras, the input of a layer is that of its first call.
    last = type(shared).from_config(shared.get_config())
    network = keras.Model(view.input, last(view.output), name=model.name)
    last.set_weights(shared.get_weights())
    is_mirrored = any(isinstance(layer, layers.Average) for layer in model.layers)
    if _MIDDLE not in names:
        return network, Views(mirrored=is_mirrored)
    network = _taking("uint8", network)
    side = model.input_shape[1]
    ((margin, _), _) = model.get_layer(_MIDDLE).cropping
    return network, Views(1 - 2 * margin / side, is_mirrored)


def mirrored(pictures: keras.KerasTensor) -> keras.KerasTensor:
    """Return pictures or maps (B, h, w, …) with left and right exchanged."""
    return ops.flip(pictures, axis=2)


class Middle(layers.Layer):
    """Whole pictures in training, and their middle otherwise, for a network that is not saved."""

    def __init__(self, share: float) -> None:
        """Show ``share`` of the width and height."""
        super().__init__(autocast=False)
        self._share = share

    def call(self, pixels: keras.KerasTensor, training: bool | None = None) -> keras.KerasTensor:
        """Return pictures like ``pixels``, uint8 (B, S, S, 3), in float32."""
        return ops.cast(pixels, "float32") if training else _middle(pixels, self._share)


def _middle(pixels: keras.KerasTensor, share: float) -> keras.KerasTensor:
    """Return this share of the width and height of pictures, enlarged to their size S."""
    side = pixels.shape[1]
    cropped = layers.Cropping2D(round(side * (1 - share) / 2), name=_MIDDLE)(pixels)
    # Resizing assumes training, which would also hold for the layers after it.
    # Whole numbers would be rounded again.
    exact = ops.cast(cropped, "float32")
    return layers.Resizing(side, side, dtype="float32")(exact, training=False)


def _taking(dtype: str, network: keras.Model) -> keras.Model:
    pixels = keras.Input(network.input_shape[1:], dtype=dtype, name="image")
    copy = keras.models.clone_model(network, pixels)
    copy.set_weights(network.get_weights())
    return copy


def _spread(cells: int, share: float) -> np.ndarray:
    """Return what spreads values of ``cells`` in the middle over the whole, (``_GRID``, cells).

    Each cell of the grid gets the values of the part that it covers, times its length.
    """
    begin = (1 - share) / 2
    ends = begin + share * np.arange(cells + 1) / cells
    grid = np.arange(_GRID + 1) / _GRID
    low = np.maximum(grid[:-1, None], ends[None, :-1])
    high = np.minimum(grid[1:, None], ends[None, 1:])
    return (np.maximum(high - low, 0) * _GRID / share).astype("float32")
