"""How fast does fine-tuning the whole of MobileNetV2 learn, our way and Keras' usual way?

    python -m benchmarks.fine_tuning DATASET [--batches 12] [--rounds 7] [--json]

Both networks start from the same weights, with the statistics of batch normalisation frozen, and
take the same batches of 32 photos from memory. They are timed alternately:

- ours: normalisation is folded into the convolutions (`catsdogs/learning/folding.py`);
- Keras: `keras.applications.MobileNetV2` with its layers of batch normalisation not trainable, as
  its guide to fine-tuning says.

Prints the photos per second (the median of the rounds), our factor over Keras (the median of the
pairs), and the largest difference of their predictions before training. DATASET is a folder or a
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
from catsdogs.runs.models import MODELS, WHOLE
from catsdogs.runs.recipe import FINE_TUNING_RATE
from catsdogs.sources import opening

BATCH, PHOTOS = 32, 256


def main() -> None:
    options = _options()
    pixels, labels = _photos(options.dataset)
    networks = {"ours": _ours(), "Keras": _usual()}
    apart = np.ptp([one.predict(pixels, verbose=0) for one in networks.values()], axis=0).max()
    batches = tensorflow.data.Dataset.from_tensor_slices((pixels, labels)).repeat().batch(BATCH)
    rounds = {name: _trainer(one, batches, options.batches) for name, one in networks.items()}
    for train in rounds.values():
        train()  # Builds the graph.
    pairs = [[train() for train in rounds.values()] for _ in range(options.rounds)]
    rates = dict(zip(rounds, map(statistics.median, zip(*pairs, strict=True)), strict=True))
    found = {
        "photos_per_s": rates,
        "factor": statistics.median(ours / usual for ours, usual in pairs),
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


def _ours() -> keras.Model:
    return models.build_trainable(*_parts(), WHOLE)


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
    lines = ["| way | photos/s |", "|---|---:|"]
    lines += [f"| {name} | {rate:.1f} |" for name, rate in found["photos_per_s"].items()]
    return "\n".join(
        [
            *lines,
            "",
            f"{found['factor']:.2f} times as fast; largest difference of a probability "
            f"{found['largest_difference']:.1e}",
        ]
    )


if __name__ == "__main__":
    main()
