"""The tensors inside a LiteRT model: feature maps of each stage, and the first filters."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

# Fewer channels are colours, and a smaller map or filter shows nothing to people.
_FEWEST_CHANNELS, _SMALLEST_MAP, _SMALLEST_FILTER, _LARGEST_FILTER = 8, 4, 5, 11
_COLOURS = 3


@dataclass(frozen=True)
class Stage:
    """The last feature maps of one size, after their ReLU: float32 (S, S, C), not negative."""

    maps: np.ndarray

    @property
    def side(self) -> int:
        """The width and height of a map."""
        return int(self.maps.shape[0])

    def strongest(self, count: int) -> np.ndarray:
        """Return the maps that vary most over the picture: (S, S, ``count`` or fewer).

        A map that is bright everywhere would show nothing, however strong it is.
        """
        order = np.argsort(-self.maps.std(axis=(0, 1)))
        return self.maps[..., order[:count]]


@dataclass(frozen=True)
class Inside:
    """The stages of a network for one picture, from the input on, and its first filters.

    ``filters`` is float32 (F, k, k, 3), RGB; None if they are too small to see. A network whose
    maps cannot be found has no stages.
    """

    stages: tuple[Stage, ...]
    filters: np.ndarray | None


@dataclass
class _Pass:
    """One view of the picture, float32 (S, S, 3), and its feature maps by their side."""

    view: np.ndarray
    maps: dict[int, np.ndarray]


def inside(path: Path, pixels: np.ndarray) -> Inside:
    """Return what a model computes inside for uint8 ``pixels`` (side, side, 3).

    It keeps all tensors, so it needs more memory and time than an answer.
    """
    # Without XNNPACK, because a delegate keeps its own tensors for itself.
    interpreter = Interpreter(
        str(path),
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    interpreter.get_signature_runner()(image=pixels[np.newaxis])
    passes = _passes(_squares(interpreter), len(pixels))
    # A network with several views also sees the mirror image: take the view as people see it.
    best = max(passes, key=lambda one: _likeness(one.view, pixels), default=None)
    stages = tuple(map(Stage, best.maps.values())) if best else ()
    return Inside(stages, _filters(interpreter))


def _squares(interpreter: Any) -> Iterator[np.ndarray]:
    """Yield each square tensor (S, S, C) that is computed for the picture, in order."""
    for tensor in interpreter.get_tensor_details():
        shape = tuple(tensor["shape"])
        is_square = len(shape) == 4 and shape[0] == 1 and shape[1] == shape[2] >= _SMALLEST_MAP
        # Workspace of the operations has no name.
        if is_square and tensor["dtype"] == np.float32 and tensor["name"]:
            yield interpreter.get_tensor(tensor["index"])[0]


def _passes(tensors: Iterable[np.ndarray], side: int) -> list[_Pass]:
    """Return the passes of a network: when maps become larger again, another begins."""
    passes, view, last = list[_Pass](), np.empty(0), 0
    for tensor in tensors:
        size, channels = tensor.shape[1:]
        if channels == _COLOURS and size == side:
            view, last = tensor, 0
        elif channels >= _FEWEST_CHANNELS and tensor.min() >= 0 < tensor.max():
            if size > last:
                passes.append(_Pass(view, {}))
            passes[-1].maps[size] = tensor
            last = size
    return [one for one in passes if one.view.size]


def _likeness(view: np.ndarray, pixels: np.ndarray) -> float:
    return float(np.corrcoef(view.ravel(), pixels.ravel())[0, 1])


def _filters(interpreter: Any) -> np.ndarray | None:
    """Return the kernels of the first convolution, which is the only one on colours."""
    for tensor in interpreter.get_tensor_details():
        shape = tuple(tensor["shape"])
        if len(shape) != 4 or shape[3] != _COLOURS or tensor["dtype"] != np.float32:
            continue
        count, height, width, _ = shape
        if count >= _FEWEST_CHANNELS and height == width <= _LARGEST_FILTER:
            found = interpreter.get_tensor(tensor["index"])
            return found if height >= _SMALLEST_FILTER else None
    return None
