""" "Both": evidence for a dog in one part of a picture, and for a cat in another.

The heat map of a fine-tuned MobileNetV2 has the logit's share of each position. A photo of one
animal often has some evidence for the other class, so the pictures with the most mixed maps are
looked at again in parts, which show more detail (``docs/log.md`` lists the alternatives).
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from catsdogs.errors import UnreadableImage
from catsdogs.features.litert import LiteRTModel
from catsdogs.images.parallel import Progress, map_files
from catsdogs.images.picture import Picture, load_square
from catsdogs.runs.result import BothResult

# The share of photos like those of the validation side that may be said to show both.
FALSE_ALARMS = 0.01
# The share of pictures that are looked at again.
_MIXED = 0.2
_STRONGEST = 0.1  # of the positions
# Left, top, right and bottom of each part, as shares of the picture.
_HALVES = (0, 0, 0.5, 1), (0.5, 0, 1, 1), (0, 0, 1, 0.5), (0, 0.5, 1, 1)
_QUARTERS = (0, 0, 0.5, 0.5), (0.5, 0, 1, 0.5), (0, 0.5, 0.5, 1), (0.5, 0.5, 1, 1)
_PARTS = (*_HALVES, *_QUARTERS)
Boxes = Sequence[tuple[float, float, float, float]]


def shows_both(
    model: LiteRTModel, picture: Picture, heatmap: np.ndarray, limits: BothResult
) -> bool:
    """Tell whether a picture may show both classes; ``heatmap`` (h, w) is that of all of it.

    Raises:
        UnreadableImage: with the reason.
    """
    if _mixed(heatmap) < limits.mixed:
        return False
    quarters = _logits(model, picture, _QUARTERS)
    evidence = _evidence(heatmap, quarters)
    # More parts only add evidence. Where the quarters have none, the halves have too little: this
    # changed no answer for 6,693 pictures (docs/log.md).
    if evidence > limits.evidence or evidence <= 0:
        return evidence > limits.evidence
    halves = _logits(model, picture, _HALVES)
    return _evidence(heatmap, np.concatenate([quarters, halves])) > limits.evidence


def measured(
    model: LiteRTModel, root: Path, names: Sequence[str], progress: Progress
) -> BothResult | None:
    """Return the limits that hold for photos like those of the files ``names`` below ``root``.

    None if fewer decode than a share of ``FALSE_ALARMS`` can be measured on. ``progress`` counts
    passes of the model.
    """
    passes = len(names) + len(_PARTS) * round(_MIXED * len(names))

    def whole(content: bytes) -> np.ndarray:
        return model(load_square(content, model.side))["heatmap"]

    def in_parts(content: bytes) -> np.ndarray:
        return _logits(model, Picture(content), _PARTS)

    heatmaps = {}
    for name, heatmap in _answers(root, names, whole):
        heatmaps[name] = heatmap
        progress(len(heatmaps), passes)
    most = int(FALSE_ALARMS * (len(heatmaps) + 1))
    if not most:
        return None
    mixed = float(np.quantile([_mixed(heatmap) for heatmap in heatmaps.values()], 1 - _MIXED))
    again = [name for name, heatmap in heatmaps.items() if _mixed(heatmap) >= mixed]
    evidence = []
    for name, logits in _answers(root, again, in_parts):
        evidence.append(_evidence(heatmaps[name], logits))
        progress(min(len(heatmaps) + len(_PARTS) * len(evidence), passes), passes)
    progress(passes, passes)  # Files that do not decode take none.
    return BothResult(mixed=mixed, evidence=sorted(evidence)[-most], images=len(heatmaps))


def _answers(
    root: Path, names: Sequence[str], ask: Callable[[bytes], np.ndarray]
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (name, answer) of the files that decode."""
    for name, answer in map_files(root, names, ask):
        if not isinstance(answer, UnreadableImage):
            yield name, answer


def _mixed(heatmap: np.ndarray) -> float:
    return min(_strongest(heatmap))


def _strongest(heatmap: np.ndarray) -> tuple[float, float]:
    """Return the mean evidence for each class at the positions that have the most of it."""
    values = np.sort(heatmap, axis=None)
    count = round(_STRONGEST * values.size)
    return float(-values[:count].mean()), float(values[-count:].mean())


def _evidence(heatmap: np.ndarray, logits: np.ndarray) -> float:
    """Return the smaller of the evidence for the two classes; ``logits`` are those of the parts."""
    cat, dog = _strongest(heatmap)
    return min(cat / 2 - float(logits.min()), dog / 2 + float(logits.max()))


def _logits(model: LiteRTModel, picture: Picture, boxes: Boxes) -> np.ndarray:
    # The mean of a heat map is the logit, which p_dog has lost where it is 0 or 1.
    return np.array([model(part)["heatmap"].mean() for part in _parts(picture, model.side, boxes)])


def _parts(picture: Picture, side: int, boxes: Boxes) -> list[np.ndarray]:
    image = picture.upright(at_least_px=side)
    width, height = image.size
    return [
        np.asarray(
            image.resize(
                (side, side),
                Image.Resampling.BILINEAR,
                box=(left * width, top * height, right * width, bottom * height),
            )
        )
        for left, top, right, bottom in boxes
    ]
