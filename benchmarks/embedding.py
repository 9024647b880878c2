"""Which engine computes MobileNetV2's frozen base fastest, and how close is it to the limit?

    python -m benchmarks.embedding [DATASET] [--images 256] [--json]

Times the engines of benchmarks/engines.py alternately, on the same decoded photos. Prints each
engine's images per second, our factor over it, and how close its vectors are to those of Keras
(median cosine similarity). Then times the whole way from file to vector, decoding alone, and the
limit: how fast this machine multiplies large matrices, and what share of that speed we reach. ONNX
Runtime and OpenVINO take part if installed (pip install onnxruntime tf2onnx openvino). DATASET
defaults to the drawn sample.
"""

import argparse
import json
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.engines import ENGINES, KERAS, OURS, Compute, Engine, Task
from catsdogs.dataset import index
from catsdogs.features.litert import LiteRTModel
from catsdogs.images import picture
from catsdogs.images.parallel import map_files
from catsdogs.learning import engines, export, models, weights
from catsdogs.sources import opening
from catsdogs.sources.sample import ensure_sample

REPEATS = 5
WHOLE_WAY, DECODING = "file to vector (ours)", "decoding alone (ours)"
MATRIX = "matrix product"
# 300 million multiply-adds (Sandler et al., 2018, arXiv:1801.04381, table 4), two operations each.
GFLOP_A_PHOTO = 0.6
MATRIX_SIDE = 4096


def main() -> None:
    options = _options()
    root = opening.open_source(options.dataset) if options.dataset else ensure_sample()
    usable = index.scan(root).usable
    names = list(usable["path"].iloc[_spread(len(usable), options.images)])
    with ExitStack() as stack:
        task = _task(root, usable, names, stack)
        work = _started(task) | _from_files(root, names, task) | {MATRIX: _matrix_product()}
        results = {name: compute() for name, compute in work.items()}
        seconds = _best_seconds(work)
    rates = {name: len(names) / elapsed_s for name, elapsed_s in seconds.items()}
    found = {
        "engines": _rows(rates, results),
        "limit": _limit(rates[OURS.name], 2 * MATRIX_SIDE**3 / 1e9 / seconds[MATRIX]),
    }
    print(json.dumps(found, indent=2) if options.json else _markdown(found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", nargs="?", type=Path)
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _spread(count: int, wanted: int) -> np.ndarray:
    return np.linspace(0, count - 1, min(count, wanted)).astype(int)


def _task(root: Path, usable: Any, names: list[str], stack: ExitStack) -> Task:
    weights_file = weights.find_weights()
    network = models.build_embedder(models.build_backbone(weights_file))
    decoded = map_files(root, names, lambda c: picture.load_square(c, network.input_shape[1]))
    return Task(
        pixels=np.stack([pixels for _, pixels in decoded]),
        network=network,
        float32=export.backbone_file(weights_file),
        int8=engines.quantized_backbone(weights_file, root, usable),
        folder=Path(stack.enter_context(tempfile.TemporaryDirectory())),
        stack=stack,
    )


def _started(task: Task) -> dict[str, Compute]:
    return {engine.name: engine.start(task) for engine in ENGINES if not engine.missing()}


def _from_files(root: Path, names: list[str], task: Task) -> dict[str, Compute]:
    model = LiteRTModel(task.float32)
    decode = partial(picture.load_square, side=model.side)
    embed = lambda content: model(decode(content))["embedding"]  # noqa: E731
    return {
        WHOLE_WAY: lambda: np.stack([vector for _, vector in map_files(root, names, embed)]),
        DECODING: lambda: np.stack([pixels for _, pixels in map_files(root, names, decode)]),
    }


def _matrix_product() -> Compute:
    matrix = tf.random.stateless_uniform((MATRIX_SIDE, MATRIX_SIDE), seed=(0, 0))
    return lambda: tf.linalg.matmul(matrix, matrix).numpy()


def _best_seconds(work: dict[str, Compute]) -> dict[str, float]:
    """Return the shortest time of each. They take turns, so that noise affects all alike."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(REPEATS):
        for name, compute in work.items():
            started = time.perf_counter()
            compute()
            times[name].append(time.perf_counter() - started)
    return {name: min(seconds) for name, seconds in times.items()}


def _rows(rates: dict[str, float], results: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    notes = {engine.name: _note(engine) for engine in ENGINES} | {WHOLE_WAY: "", DECODING: ""}
    return [_row(name, note, rates, results) for name, note in notes.items()]


def _note(engine: Engine) -> str:
    missing = engine.missing()
    return f"not installed: pip install {' '.join(missing)}" if missing else ""


def _row(
    name: str, note: str, rates: dict[str, float], results: dict[str, np.ndarray]
) -> dict[str, Any]:
    row = {"engine": name, "images_per_s": None, "ours_over_it": None, "cosine": None}
    if name in rates:
        row["images_per_s"] = round(rates[name], 1)
    if name in rates and name != DECODING:
        row["ours_over_it"] = round(rates[OURS.name] / rates[name], 2)
        row["cosine"] = round(_cosine(results[name], results[KERAS.name]), 6)
    return {**row, "note": note}


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    """Return the median cosine similarity of vectors (N, D) with their counterparts."""
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(np.median((one * other).sum(axis=1) / lengths))


def _limit(rate: float, peak: float) -> dict[str, float]:
    """Compare our images a second with what ``peak`` GFLOP/s would allow."""
    return {
        "matrix_product_gflop_per_s": round(peak, 1),
        "images_per_s_at_that": round(peak / GFLOP_A_PHOTO, 1),
        "ours_gflop_per_s": round(rate * GFLOP_A_PHOTO, 1),
        "ours_share": round(rate * GFLOP_A_PHOTO / peak, 2),
    }


def _markdown(found: dict[str, Any]) -> str:
    lines = [
        "| engine | images/s | ours ÷ it | cosine to Keras | note |",
        "|---|---:|---:|---:|---|",
    ]
    for row in found["engines"]:
        cells = ["" if cell is None else str(cell) for cell in row.values()]
        lines.append(f"| {' | '.join(cells)} |")
    limit = found["limit"]
    return "\n".join(lines) + (
        f"\n\nThe limit: {limit['matrix_product_gflop_per_s']} GFLOP/s in a matrix product, "
        f"{limit['images_per_s_at_that']} images/s. Ours computes at "
        f"{limit['ours_gflop_per_s']} GFLOP/s: {limit['ours_share']:.0%} of it."
    )


if __name__ == "__main__":
    main()
