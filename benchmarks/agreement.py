"""Do the forms of one trained model say the same, and what does int8 cost?

    python -m benchmarks.agreement RUN [--json]

For each validation photo of a finished run: what training ended with (from cached pixels, vectors
or activations; `predictions.parquet`), `model.keras` through Keras, `model.tflite` through LiteRT,
and the model in int8. Prints the share of photos that get the same label, the largest difference
in P(dog), and each form's accuracy. The run's photos have to be where they were.
"""

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import pandas as pd

from catsdogs.data import images, sources
from catsdogs.data.decoding import map_files
from catsdogs.learning import quantization
from catsdogs.litert import LiteRTModel
from catsdogs.runs import store
from catsdogs.runs.config import MODELS
from catsdogs.runs.store import Run

BATCH = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    run = store.find_usable(options.run)
    predictions = store.read_predictions(run)
    root = sources.open_source(Path(run.config.data))
    rows = [
        _row("training's own", predictions["p_dog"].to_numpy(), predictions),
        _row("model.keras, Keras", _by_keras(run, root, list(predictions["path"])), predictions),
        _row("model.tflite, LiteRT", _by_litert(run, root, predictions), predictions),
        _int8(run),
    ]
    _print(run, rows, as_json=options.json)


def _by_keras(run: Run, root: Path, names: list[str]) -> np.ndarray:
    model = keras.models.load_model(run.folder / store.KERAS_MODEL)
    side = MODELS[run.config.model].side
    found = []
    for begin in range(0, len(names), BATCH):
        some = names[begin : begin + BATCH]
        pixels = map_files(root, some, lambda content: images.load_square(content, side))
        found.append(model.predict_on_batch(np.stack([value for _, value in pixels]))[:, 0])
    return np.concatenate(found)


def _by_litert(run: Run, root: Path, predictions: pd.DataFrame) -> np.ndarray:
    model = LiteRTModel(run.folder / store.LITERT_MODEL)
    answers = map_files(
        root,
        list(predictions["path"]),
        lambda content: model(images.load_square(content, model.side))["p_dog"].item(),
    )
    return np.array([p_dog for _, p_dog in answers])


def _int8(run: Run) -> dict[str, object]:
    with TemporaryDirectory() as folder:
        figures = quantization.quantized(run, Path(folder) / "int8.tflite")
    return {
        "form": "int8, LiteRT",
        "same_label": figures["same_label"],
        "largest_difference": figures["largest_difference"],
        "accuracy": figures["val_accuracy"],
    }


def _row(form: str, p_dog: np.ndarray, predictions: pd.DataFrame) -> dict[str, object]:
    own, label = predictions["p_dog"].to_numpy(), predictions["label"].to_numpy()
    return {
        "form": form,
        "same_label": float(np.mean((p_dog >= 0.5) == (own >= 0.5))),
        "largest_difference": float(np.abs(p_dog - own).max()),
        "accuracy": float(np.mean((p_dog >= 0.5) == label)),
    }


def _print(run: Run, rows: list[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"run": run.run_id, "forms": rows}, indent=2))
        return
    print(f"{run.title}, {run.result['val_images']:,} validation photos\n")
    print("| form | same label | largest difference in P(dog) | accuracy |\n|---|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row['form']} | {row['same_label']:.2%} | {row['largest_difference']:.2g} | "
            f"{row['accuracy']:.2%} |"
        )


if __name__ == "__main__":
    main()
