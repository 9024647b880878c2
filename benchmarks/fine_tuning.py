"""How fast does fine-tuning MobileNetV2 learn, our ways and Keras' usual way?

    python -m benchmarks.fine_tuning DATASET [--batches 12] [--rounds 7] [--json]

All networks start from the same weights, with the statistics of batch normalisation frozen, and
take the same batches of 32 photos from memory. They are timed alternately:

- the default: blocks 4 to 16 are trained, and normalisation is folded into the convolutions
  (`catsdogs/learning/folding.py`);
- all blocks: the same, with every block trained;
- Keras: all of `keras.applications.MobileNetV2` with its layers of batch normalisation not
  trainable, as its guide to fine-tuning says.

Prints the photos per second (the median of the rounds), each factor over Keras (the median over the
rounds), and the largest difference of the predictions before training. DATASET is a folder or a
zip; the first 256 photos are used.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from catsdogs.dataset import index
from catsdogs.images import picture
from catsdogs.images.parallel import map_files
from catsdogs.learning import models, weights
from catsdogs.learning.frameworks import keras, layers, tensorflow
from catsdogs.runs.config import RunConfig
from catsdogs.runs.effective import FINE_TUNING_RATE
from catsdogs.runs.models import MODELS, WHOLE
from catsdogs.sources import opening

BATCH, PHOTOS = 32, 256


def main() -> None:
    options = _options()
    pixels, labels = _photos(options.dataset)
    networks = {
        "the default": _ours(RunConfig.fine_tune_from),
        "all blocks": _ours(WHOLE),
        "Keras": _usual(),
    }
    apart = np.ptp([one.predict(pixels, verbose=0) for one in networks.values()], axis=0).max()
    batches = tensorflow.data.Dataset.from_tensor_slices((pixels, labels)).repeat().batch(BATCH)
    rounds = {name: _trainer(one, batches, options.batches) for name, one in networks.items()}
    for train in rounds.values():
        train()  # Builds the graph.
    timed = [{name: train() for name, train in rounds.items()} for _ in range(options.rounds)]
    found = {
        "photos_per_s": {name: statistics.median(one[name] for one in timed) for name in rounds},
        "factor": {
            name: statistics.median(one[name] / one["Keras"] for one in timed) for name in rounds
        },
        "largest_difference": float(apart),
    }
    print(json.dumps(found, indent=2) if options.json else _markdown(found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--batches", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _photos(dataset: Path) -> tuple[np.ndarray, np.ndarray]:
    root, side = opening.open_source(dataset), MODELS["mobilenet_v2"].side
    records = index.scan(root).usable[:PHOTOS]
    decoded = map_files(
        root, list(records["path"]), lambda content: picture.load_square(content, side)
    )
    return np.stack([pixels for _, pixels in decoded]), records["label"].to_numpy(np.float32)


def _ours(begin: str) -> keras.Model:
    return models.build_trainable(*_parts(), begin)


def _usual() -> keras.Model:
    backbone, head = _parts()
    backbone.trainable = True
    for layer in backbone.layers:
        layer.trainable = not isinstance(layer, layers.BatchNormalization)
    return models.assemble_mobilenet_v2(backbone, head)


def _parts() -> tuple[keras.Model, keras.Model]:
    keras.utils.set_random_seed(1)
    vector_size = MODELS["mobilenet_v2"].backbone.vector_size
    return models.build_backbone(weights.find_weights()), models.build_head(vector_size, dropout=0)


def _trainer(
    network: keras.Model, batches: tensorflow.data.Dataset, count: int
) -> Callable[[], float]:
    """Return a function that trains on ``count`` batches and returns the photos per second."""
    optimizer = keras.optimizers.Adam(FINE_TUNING_RATE, use_ema=True, ema_momentum=0.99)
    network.compile(optimizer, loss="binary_crossentropy")

    def train() -> float:
        started = time.perf_counter()
        network.fit(batches, steps_per_epoch=count, shuffle=False, verbose=0)
        return count * BATCH / (time.perf_counter() - started)

    return train


def _markdown(found: dict[str, object]) -> str:
    lines = ["| way | photos/s | times as fast |", "|---|---:|---:|"]
    for name, rate in found["photos_per_s"].items():
        lines.append(f"| {name} | {rate:.1f} | {found['factor'][name]:.2f} |")
    apart = f"Largest difference of a probability: {found['largest_difference']:.1e}"
    return "\n".join([*lines, "", apart])


if __name__ == "__main__":
    main()
