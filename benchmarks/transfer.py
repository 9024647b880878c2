"""How long does a MobileNetV2 run take, cold and warm, our way and the notebook's?

    python -m benchmarks.transfer DATASET [--seeds 1 2 3] [--peer-epochs 10] [--json]

- ours, cold: `catsdogs train --model mobilenet_v2` with empty caches, including TensorFlow's start,
  the export of the backbone, decoding, measuring and saving; warm: the same again.
- the notebook's way: `image_dataset_from_directory` with `cache()` and `prefetch()`, a frozen
  `MobileNetV2`, `fit` for 10 epochs; including its start and one saved model.

Each runs in its own process, on the same photos and the same split. Prints seconds, validation
accuracy and loss, peak memory (of the process and its children), and our factor over the notebook's
way. With fewer --peer-epochs, the notebook's time for 10 epochs is extrapolated by repeating the
last one, and its accuracy is that of the fewer epochs, with a note in the output. Accuracy and loss
are those of the epoch with the lowest loss, for both. The photos and TensorFlow are read from the
disk once beforehand, so that the first process does not pay for that.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.notebook_way import linked_by_class, sides_of
from catsdogs.sources import opening

EPOCHS = 10


def main() -> None:
    options = _options()
    if options.peer:
        print(json.dumps(_notebook(Path(options.peer), options.peer_epochs)))
        return
    _read_once(options.dataset)
    rows = []
    for number, seed in enumerate(options.seeds):
        with TemporaryDirectory() as world:
            cold = _ours(options.dataset, Path(world), seed)
            rows.append({"way": f"ours, seed {seed}, cold", **cold})
            if number == 0:
                warm = _ours(options.dataset, Path(world), seed)
                rows.append({"way": f"ours, seed {seed}, warm", **warm})
    peer = _peer(options.dataset, options.seeds[0], options.peer_epochs)
    rows.append({"way": f"the notebook's, seed {options.seeds[0]}", **peer})
    for row in rows:
        row["factor"] = peer["seconds"] / row["seconds"]
    _print(rows, options.peer_epochs, as_json=options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", nargs="?", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    # The first epoch also decodes the photos and builds the graph: it does not predict the others.
    parser.add_argument("--peer-epochs", type=int, default=EPOCHS, choices=range(2, EPOCHS + 1))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    return parser.parse_args()


def _read_once(dataset: Path) -> None:
    for path in opening.open_source(dataset).rglob("*"):
        if path.is_file():
            path.read_bytes()
    subprocess.run([sys.executable, "-c", "import tensorflow"], check=True, capture_output=True)


def _ours(dataset: Path, world: Path, seed: int) -> dict[str, float]:
    folders = {f"CATSDOGS_{name}": str(world / name) for name in ("CACHE", "ARTIFACTS")}
    command = [sys.executable, "-m", "catsdogs", "train", "--model", "mobilenet_v2", "--json"]
    command += ["--data", str(dataset), "--epochs", str(EPOCHS), "--seed", str(seed)]
    result, seconds, peak = _watched(command, folders)
    return {
        "seconds": seconds,
        "accuracy": result["val_accuracy"],
        "loss": result["val_loss"],
        "peak_mb": peak,
    }


def _peer(dataset: Path, seed: int, epochs: int) -> dict[str, float]:
    with TemporaryDirectory() as folder:
        linked_by_class(dataset, Path(folder), seed=seed)
        command = [sys.executable, "-m", "benchmarks.transfer", "--peer", folder]
        result, seconds, peak = _watched([*command, "--peer-epochs", str(epochs)], {})
    seconds += (EPOCHS - epochs) * result.pop("last_epoch_s")
    return {"seconds": seconds, **result, "peak_mb": peak}


def _watched(command: list[str], environment: dict[str, str]) -> tuple[dict, float, float]:
    """Run a command that prints JSON; return its JSON, the seconds and the peak memory in MB."""
    began = time.perf_counter()
    child = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **environment},
    )
    peaks = [0.0]
    watcher = threading.Thread(target=_watch, args=(child, peaks))
    watcher.start()
    printed, _ = child.communicate()
    seconds = time.perf_counter() - began
    watcher.join()
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}: {printed}")
    return json.loads(printed[printed.index("{") :]), seconds, max(peaks)


def _watch(child: subprocess.Popen, peaks: list[float]) -> None:
    """Add up the memory of the process and of its children until it ends.

    Shared pages and pages of memory-mapped files count only where they are private.
    """
    while child.poll() is None:
        try:
            family = [psutil.Process(child.pid), *psutil.Process(child.pid).children(True)]
            peaks.append(sum(p.memory_full_info().uss for p in family) / 1e6)
        except psutil.Error:
            pass
        time.sleep(0.5)  # Each measurement halts the process for a moment.


def _notebook(folder: Path, epochs: int) -> dict[str, float]:
    import keras

    from catsdogs.learning.weights import find_weights

    train, validation = sides_of(folder, side=224)
    base = keras.applications.MobileNetV2(
        include_top=False, weights=str(find_weights()), input_shape=(224, 224, 3)
    )
    base.trainable = False
    model = keras.Sequential(
        [
            keras.Input((224, 224, 3)),
            keras.layers.Rescaling(1 / 127.5, offset=-1),
            base,
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    ends = [time.perf_counter()]
    clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: ends.append(time.perf_counter()))
    history = model.fit(
        train, validation_data=validation, epochs=epochs, callbacks=[clock], verbose=0
    ).history
    with TemporaryDirectory() as place:
        model.save(Path(place) / "model.keras")
    best = min(
        range(epochs), key=history["val_loss"].__getitem__
    )  # Because ours keeps its best epoch.
    return {
        "accuracy": history["val_accuracy"][best],
        "loss": history["val_loss"][best],
        "last_epoch_s": ends[-1] - ends[-2],
    }


def _print(rows: list[dict], peer_epochs: int, *, as_json: bool) -> None:
    cold = [row for row in rows if row["way"].endswith("cold")]
    means = {name: statistics.mean(row[name] for row in cold) for name in ("accuracy", "loss")}
    if as_json:
        print(json.dumps({"rows": rows, "means": means, "peer_epochs": peer_epochs}, indent=2))
        return
    print("| way | seconds | × the notebook's | accuracy | loss | peak memory |")
    print("|---|---:|---:|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row['way']} | {row['seconds']:.1f} | {row['factor']:.1f} | "
            f"{row['accuracy']:.2%} | {row['loss']:.4f} | {row['peak_mb']:,.0f} MB |"
        )
    print(f"\nMean of ours: {means['accuracy']:.2%}, loss {means['loss']:.4f}.")
    if peer_epochs < EPOCHS:
        print(f"The notebook's {EPOCHS} epochs are extrapolated from {peer_epochs}.")


if __name__ == "__main__":
    main()
