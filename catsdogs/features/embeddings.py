"""Features that are computed once per photo and cached: pixels and MobileNetV2's outputs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from catsdogs import paths
from catsdogs.errors import WeightsUnavailable
from catsdogs.features.litert import LiteRTModel
from catsdogs.features.store import Rows, rows_of, stored
from catsdogs.images.parallel import Engine, Progress
from catsdogs.images.picture import DECODE_VERSION, load_square
from catsdogs.system import processes

EMBEDDING_SIZE = 1280
_ROW = np.dtype((np.float32, (EMBEDDING_SIZE,)))


@dataclass(frozen=True)
class ModelOutput:
    """Work: an output of a LiteRT model for each photo, or for its mirror image."""

    model: Path
    name: str
    mirrored: bool = False

    def needs(self) -> Sequence[Path]:
        """Return the model's file."""
        return (self.model,)

    def loaded(self, place: Callable[[Path], Path]) -> Callable[[bytes], np.ndarray]:
        """Return the function; see ``Work``.

        Raises:
            RunError: if the model cannot be loaded.
        """
        model = LiteRTModel(place(self.model))
        return lambda content: model(_view(content, model.side, self.mirrored))[self.name]


@dataclass(frozen=True)
class Pixels:
    """Work: each photo as a square of uint8 (side, side, 3), or its mirror image."""

    side: int
    mirrored: bool = False

    def needs(self) -> Sequence[Path]:
        """Return nothing."""
        return ()

    def loaded(self, place: Callable[[Path], Path]) -> Callable[[bytes], np.ndarray]:
        """Return the function; see ``Work``."""
        return lambda content: _view(content, self.side, self.mirrored)


def embed(
    root: Path,
    records: pd.DataFrame,
    *,
    backbone: Path,
    mirrored: bool = False,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> Rows:
    """Return float32 rows of shape (1280,): the backbone's pooled last feature maps of each photo.

    ``backbone`` is a LiteRT model with an ``embedding`` output; its file name identifies it in the
    cache. With ``mirrored``, the rows are of each photo's mirror image.

    Raises:
        RunError: if ``backbone`` cannot be loaded.
    """
    return rows_of(
        root,
        records,
        store=_store("embeddings", backbone.stem, mirrored),
        row=_ROW,
        work=ModelOutput(backbone, "embedding", mirrored),
        engine=engine,
        progress=progress,
    )


def embed_in_batches(
    root: Path,
    records: pd.DataFrame,
    *,
    network: Callable[[np.ndarray], np.ndarray],
    side: int,
    name: str,
    mirrored: bool = False,
    progress: Progress | None = None,
) -> Rows:
    """Return the rows of ``embed``, from a ``network`` that maps pixels (B, S, S, 3) to (B, 1280).

    Use it on processors that are fast on many photos at once. ``name`` identifies the network in
    the cache.
    """
    return rows_of(
        root,
        records,
        store=_store("embeddings", name, mirrored),
        row=_ROW,
        work=Pixels(side, mirrored),
        together=network,
        progress=progress,
    )


def vector(content: bytes, model: LiteRTModel) -> np.ndarray:
    """Return the row of ``embed`` for a file's content, float32 of shape (1280,).

    Raises:
        UnreadableImage: if it is not a picture.
    """
    return model(_view(content, model.side, mirrored=False))["embedding"]


def alike(wanted: np.ndarray, *, backbone: Path) -> pd.Series:
    """Return the cosine similarity of a vector to each cached one of ``embed``, by digest."""
    unit = wanted / np.linalg.norm(wanted)
    found: dict[str, float] = {}
    for digests, rows in stored(_store("embeddings", backbone.stem, mirrored=False), _ROW):
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        found.update(zip(digests, rows @ unit / np.maximum(lengths, 1e-12), strict=True))
    return pd.Series(found, dtype=float)


def activate(
    root: Path,
    records: pd.DataFrame,
    *,
    trunk: Path,
    mirrored: bool = False,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> Rows:
    """Return float16 rows of shape (h, w, C): the input of the fine-tuned blocks of the backbone.

    ``trunk`` is a LiteRT model with an ``activations`` output; its file name identifies it in the
    cache. Half precision is enough: a run trained on these rows is checked against its export.

    Raises:
        RunError: if ``trunk`` cannot be loaded.
    """
    model = LiteRTModel(trunk)
    shape = model(np.zeros((model.side, model.side, 3), np.uint8))["activations"].shape
    return rows_of(
        root,
        records,
        store=_store("activations", trunk.stem, mirrored),
        row=np.dtype((np.float16, shape)),
        work=ModelOutput(trunk, "activations", mirrored),
        engine=engine,
        progress=progress,
    )


def decode(
    root: Path, records: pd.DataFrame, *, side: int, progress: Progress | None = None
) -> Rows:
    """Return uint8 rows of shape (side, side, 3): each photo as input of the network."""
    return rows_of(
        root,
        records,
        store=paths.cache_dir() / "pixels" / f"{side}-{DECODE_VERSION}",
        row=np.dtype((np.uint8, (side, side, 3))),
        work=Pixels(side),
        progress=progress,
    )


def _store(kind: str, name: str, mirrored: bool) -> Path:
    folder = f"{name}-{DECODE_VERSION}-mirrored" if mirrored else f"{name}-{DECODE_VERSION}"
    return paths.cache_dir() / kind / folder


def _view(content: bytes, side: int, mirrored: bool) -> np.ndarray:
    pixels = load_square(content, side)
    return np.ascontiguousarray(pixels[:, ::-1]) if mirrored else pixels


def exported_backbone() -> Path:
    """Return MobileNetV2's base as a LiteRT file. The first call exports it, which takes seconds.

    A separate process exports it, so that this one never loads TensorFlow.

    Raises:
        WeightsUnavailable: if the ImageNet weights are missing and cannot be downloaded.
    """
    try:
        return Path(processes.answer_of("catsdogs.learning.backbone"))
    except ChildProcessError as error:
        raise WeightsUnavailable(f"MobileNetV2's base could not be exported. {error}") from None
