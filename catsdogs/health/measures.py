"""A photo's brightness, sharpness, colours and outline, measured on all its pixels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from catsdogs import paths
from catsdogs.features.store import Rows, rows_of
from catsdogs.images.parallel import Engine, Progress
from catsdogs.images.picture import DECODE_VERSION, load_upright

OUTLINE_SIDE = 32
MEASURES = np.dtype(
    [
        ("brightness", np.float32),  # mean grey level, 0 to 255
        ("sharpness", np.float32),  # variance of the Laplacian, in squared grey levels
        ("colour", np.float32),  # mean distance of R, G and B from their mean, 0 to 170
        ("entropy", np.float32),  # of the grey levels, in bits per pixel: 0 to 8
        ("outline", np.uint8, (OUTLINE_SIDE, OUTLINE_SIDE)),  # the picture, tiny and grey
    ]
)
_VERSION = 2  # Raise it when measures change.
# Sharpness depends on the scale of the photo, so larger photos are first reduced to this side.
_SIDE_PX = 256


@dataclass(frozen=True)
class Measures:
    """Work: a row of dtype ``MEASURES`` for each photo."""

    def needs(self) -> Sequence[Path]:
        """Return nothing."""
        return ()

    def loaded(self, place: Callable[[Path], Path]) -> Callable[[bytes], Any]:
        """Return the function; see ``Work``."""
        return _measured


def measure(
    root: Path,
    records: pd.DataFrame,
    *,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> Rows:
    """Return a cached row of dtype ``MEASURES`` for each photo that decodes."""
    return rows_of(
        root,
        records,
        store=paths.cache_dir() / "measures" / f"{DECODE_VERSION}-{_VERSION}",
        row=MEASURES,
        work=Measures(),
        engine=engine,
        progress=progress,
    )


def _measured(content: bytes) -> Any:
    photo = load_upright(content)
    photo.thumbnail((_SIDE_PX, _SIDE_PX), Image.Resampling.BOX)
    grey = photo.convert("L")
    levels = np.asarray(grey, dtype=np.float32)
    tiny = photo.resize((OUTLINE_SIDE, OUTLINE_SIDE), Image.Resampling.BOX)
    colours = np.asarray(tiny, dtype=np.float32)
    row = np.zeros((), dtype=MEASURES)
    row["brightness"] = levels.mean()
    row["sharpness"] = _laplacian(levels).var() if min(levels.shape) > 2 else 0
    row["colour"] = np.abs(colours - colours.mean(axis=-1, keepdims=True)).mean()
    row["entropy"] = _entropy(np.asarray(grey))
    row["outline"] = np.asarray(tiny.convert("L"))
    return row


def _entropy(levels: np.ndarray) -> float:
    """Return Shannon's entropy of the histogram of uint8 ``levels``, in bits."""
    share = np.bincount(levels.ravel(), minlength=256) / levels.size
    share = share[share > 0]
    return float(-(share * np.log2(share)).sum())


def _laplacian(levels: np.ndarray) -> np.ndarray:
    """Return the discrete Laplacian; its variance measures focus (Pech-Pacheco et al., 2000)."""
    middle = levels[1:-1, 1:-1]
    across, along = levels[1:-1, :-2] + levels[1:-1, 2:], levels[:-2, 1:-1] + levels[2:, 1:-1]
    return across + along - 4 * middle
