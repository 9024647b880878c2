"""MobileNetV2's frozen base on the requested engine, or on the fastest exact one.

LiteRT in float32 agrees with Keras to a few millionths. In int8 it is twice as fast, but only close
(docs/log.md has the differences), so it is used only on request, and not for metrics. Keras itself
may be faster if TensorFlow sees a GPU.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from catsdogs.dataset.split import fingerprint as split_fingerprint
from catsdogs.distributed import ray_engine
from catsdogs.errors import DatasetError, UnreadableImage
from catsdogs.features import embeddings
from catsdogs.features.backbones import identity
from catsdogs.features.litert import LiteRTModel
from catsdogs.features.store import Rows
from catsdogs.images import picture
from catsdogs.images.parallel import THREADS, Engine, map_files
from catsdogs.learning import export, machine, models
from catsdogs.learning.machine import Choice
from catsdogs.learning.reporting import Reporter
from catsdogs.runs.choices import INT8, ON_RAY
from catsdogs.text import counted

_CALIBRATION_PHOTOS = 150
_MEASURED_PHOTOS = 256
_SPEEDUP = "keras_embedding_speedup"  # the measurement's name in the cache


def fastest(weights: Path, root: Path, records: pd.DataFrame) -> str:
    """Return the fastest exact engine on this machine, measured on photos of ``records``."""
    if not machine.has_gpu():
        return _without_gpu().value
    measure = partial(_keras_speedup, weights, root, records)
    return _with_gpu(machine.remembered(_SPEEDUP, measure)).value


def known_choice() -> Choice:
    """Return what ``fastest`` returns here with the reason, without measuring anything."""
    if not machine.has_gpu():
        return _without_gpu()
    speedup = machine.recalled(_SPEEDUP)
    if speedup is None:
        return Choice("litert or keras", "the first run of MobileNetV2 measures both on the photos")
    return _with_gpu(speedup)


def _without_gpu() -> Choice:
    return Choice("litert", "TensorFlow sees no GPU, and LiteRT is the fastest on a processor")


def _with_gpu(speedup: float) -> Choice:
    """Return the faster engine, where Keras on the GPU is ``speedup`` times as fast as LiteRT."""
    value = "keras" if speedup > 1 else "litert"
    return Choice(value, f"Keras on the GPU measured {speedup:.2f} × as fast as LiteRT")


def embedder(
    engine: str,
    weights: Path,
    root: Path,
    records: pd.DataFrame,
    *,
    calibrate_on: pd.DataFrame | None = None,
    where: Engine | None = None,
) -> Callable[..., Rows]:
    """Return ``embed(mirrored=…, progress=…)`` → float32 rows (1280,) of the photos in ``records``.

    Exports the files that the engine needs, the first time on a machine. LiteRT computes on this
    machine, or on the machines of ``where``.

    Raises:
        RunError: if an exported model cannot be loaded.
    """
    if engine == "keras":
        network, side = _keras_network(weights)
        name = f"mobilenet_v2-{identity(weights)}-keras"
        return partial(
            embeddings.embed_in_batches, root, records, network=network, side=side, name=name
        )
    backbone = export.backbone_file(weights)
    if engine == INT8:
        backbone = quantized_backbone(
            weights, root, records if calibrate_on is None else calibrate_on
        )
    return partial(embeddings.embed, root, records, backbone=backbone, engine=where)


@contextmanager
def place(engine: str, reporter: Reporter) -> Iterator[Engine]:
    """Yield the machine or the cluster that computes photo by photo for an engine of a run.

    Raises:
        EngineError: if the cluster cannot be reached.
    """
    name = ray_engine.RAY if engine == ON_RAY else ray_engine.LOCAL
    with ray_engine.opened(name) as opened:
        if isinstance(opened, ray_engine.RayEngine):
            value = f"{counted(opened.nodes, 'node')} with {counted(opened.cores, 'core')}"
            reporter.emit("resolved", name="cluster", value=value)
        yield opened


def quantized_backbone(weights: Path, root: Path, records: pd.DataFrame) -> Path:
    """Return the backbone in int8, calibrated on some of ``records``; output ``embedding``."""
    chosen = _spread_over(records)
    calibrated_on = split_fingerprint(chosen["digest"])
    return export.quantized_backbone_file(
        weights, calibrated_on, lambda side: calibration_photos(root, chosen, side)
    )


def calibration_photos(root: Path, records: pd.DataFrame, side: int) -> list[np.ndarray]:
    """Return some photos from all over the dataset, uint8 (side, side, 3) each.

    Raises:
        DatasetError: if none of them decodes.
    """
    names = list(_spread_over(records)["path"])
    decoded = map_files(root, names, lambda content: picture.load_square(content, side))
    photos = [pixels for _, pixels in decoded if not isinstance(pixels, UnreadableImage)]
    if not photos:
        raise DatasetError(
            f"Expected photos to calibrate on. Received: {len(names)} that do not decode. "
            "Run the health check, or put the photos back where the run found them."
        )
    return photos


def _spread_over(records: pd.DataFrame) -> pd.DataFrame:
    count = min(len(records), _CALIBRATION_PHOTOS)
    return records.iloc[np.linspace(0, len(records) - 1, count).astype(int)]


def _keras_speedup(weights: Path, root: Path, records: pd.DataFrame) -> float:
    """Return the speed of Keras divided by that of LiteRT, on decoded photos."""
    network, side = _keras_network(weights)
    photos = calibration_photos(root, records, side)
    batch = np.stack([photos[i % len(photos)] for i in range(_MEASURED_PHOTOS)])
    litert = LiteRTModel(export.backbone_file(weights))
    network(batch)  # The first call traces the graph.
    with ThreadPoolExecutor(THREADS) as pool:
        litert_s = _seconds(lambda: list(pool.map(litert, batch)))
    return litert_s / _seconds(lambda: network(batch))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _keras_network(weights: Path) -> tuple[Callable[[np.ndarray], np.ndarray], int]:
    model = models.build_embedder(models.build_backbone(weights))
    return lambda pixels: model.predict_on_batch(pixels), model.input_shape[1]
