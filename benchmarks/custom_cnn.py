"""How fast does the custom CNN learn, our way and in plain Keras, on the same photos?

    python -m benchmarks.custom_cnn DATASET [--epochs 2] [--json]

Each way runs in its own process, with the same training photos and the same batches of 32:

- ours: `catsdogs train --model custom_cnn`, with the default and the plain recipe;
- plain Keras: the plain recipe's network on `image_dataset_from_directory`, with `cache()` and
  `prefetch()` as in its tutorial, in float32 and in `mixed_bfloat16`.

Prints the seconds per epoch (the last one, with warm caches and validation), photos per second, our
factor over plain Keras, and how much of this machine's measured peak the training's multiply-adds
reach. The peak is the GFLOP/s of a large matrix product in the same precision.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.notebook_way import linked_by_class, sides_of
from catsdogs.runs import effective, store

# The multiply-adds of a forward pass: three convolutions and the first dense layer.
_PLAIN = [148**2 * 32 * 27, 72**2 * 64 * 288, 34**2 * 128 * 576, 36_992 * 128]
_DEFAULT = [50**2 * 48 * 147, 25**2 * 128 * 1200, 12**2 * 256 * 3200, 9_216 * 256]


def _gflop_a_photo(forward: list[int]) -> float:
    """Each layer has two gradients as costly as its forward pass, the first one only one."""
    return 2 * (3 * sum(forward) - forward[0]) / 1e9


def main() -> None:
    options = _options()
    if options.peer:
        print(json.dumps(_plain_keras(Path(options.peer), options.epochs, options.precision)))
        return
    if options.peak:
        print(json.dumps(_peak_gflops(options.peak)))
        return
    with TemporaryDirectory() as folder:
        linked_by_class(options.dataset, Path(folder))
        arguments = ["--peer", folder, "--epochs", str(options.epochs), "--precision"]
        peer, half = (_child(*arguments, precision) for precision in ("float32", "bfloat16"))
    rows = [
        {"way": "ours, default recipe", **_ours(options.dataset, options.epochs, "default")},
        {"way": "ours, plain recipe", **_ours(options.dataset, options.epochs, "plain")},
        {"way": "plain Keras", **half},
        {"way": "plain Keras", **peer},
    ]
    for row in rows:
        row["factor"] = row["photos_per_s"] / peer["photos_per_s"]
        peak = _child("--peak", row["precision"])
        forward = _DEFAULT if "default" in row["way"] else _PLAIN
        row["of_peak"] = row["photos_per_s"] * _gflop_a_photo(forward) / peak
    _print(rows, as_json=options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", nargs="?", type=Path)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--precision", default="float32", help=argparse.SUPPRESS)
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    return parser.parse_args()


def _child(*arguments: str) -> object:
    command = [sys.executable, "-m", "benchmarks.custom_cnn", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _ours(dataset: Path, epochs: int, recipe: str) -> dict[str, object]:
    with TemporaryDirectory() as artifacts:
        command = [sys.executable, "-m", "catsdogs", "train", "--model", "custom_cnn", "--json"]
        command += ["--data", str(dataset), "--epochs", str(epochs), "--recipe", recipe]
        environment = {**os.environ, "CATSDOGS_ARTIFACTS": artifacts}
        subprocess.run(command, check=True, capture_output=True, env=environment)
        run = store.load(next(path for path in Path(artifacts).iterdir() if path.is_dir()))
        ends = [epoch.t for epoch in run.view.epochs]
    result, images = run.result, run.result.train_images * effective.repeats(run.config)
    return _figures(ends[-1] - ends[-2], images, result.precision)


def _plain_keras(folder: Path, epochs: int, precision: str) -> dict[str, object]:
    import keras

    from catsdogs.learning import models
    from catsdogs.runs.config import RunConfig

    train, validation = sides_of(folder, side=150)
    config = RunConfig("custom_cnn", str(folder), recipe="plain")
    model = models.build_custom_cnn(config, precision=precision)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    ends = []
    clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: ends.append(time.perf_counter()))
    model.fit(train, validation_data=validation, epochs=epochs, callbacks=[clock], verbose=0)
    photos = sum(len(labels) for _, labels in train)
    return _figures(ends[-1] - ends[-2], photos, precision)


def _figures(seconds: float, photos: int, precision: str) -> dict[str, object]:
    return {"precision": precision, "epoch_s": seconds, "photos_per_s": photos / seconds}


def _peak_gflops(dtype: str) -> float:
    import tensorflow as tf

    side, times = 4096, []
    matrix = tf.cast(tf.random.uniform((side, side)), dtype)
    for _ in range(6):
        started = time.perf_counter()
        tf.linalg.matmul(matrix, matrix).numpy()
        times.append(time.perf_counter() - started)
    return 2 * side**3 / min(times) / 1e9


def _print(rows: list[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    print("| way | precision | epoch | photos/s | × plain Keras, float32 | of the peak |")
    print("|---|---|---:|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row['way']} | {row['precision']} | {row['epoch_s']:.1f} s | "
            f"{row['photos_per_s']:.0f} | {row['factor']:.2f} | {row['of_peak']:.0%} |"
        )


if __name__ == "__main__":
    main()
