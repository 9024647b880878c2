"""Do the forms of one trained model give the same answers, and what does int8 cost?

    python -m benchmarks.agreement RUN [--json]

Compares the forms on every validation photo of a finished run: the training's own predictions
(`predictions.parquet`), `model.keras` in Keras, `model.tflite` in LiteRT, and the same weights in
float16 and int8. Prints the share of photos that get the same label, the largest difference in
P(dog), and the accuracy of each form. The run's photos must still be where they were.
"""

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import pandas as pd

from catsdogs.features.litert import LiteRTModel
from catsdogs.images import picture
from catsdogs.images.parallel import map_files
from catsdogs.learning import quantization
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.choices import FLOAT16, INT8
from catsdogs.runs.run import Run
from catsdogs.sources import opening

BATCH = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    run = store.find_usable(options.run)
    predictions = model_files.read_predictions(run)
    predictions, pixels = _those_that_decode(run, predictions)
    rows = [
        _row("training's own", predictions["p_dog"].to_numpy(), predictions),
        _row("model.keras, Keras", _by_keras(run, pixels), predictions),
        _row("model.tflite, LiteRT", _by_litert(run, pixels), predictions),
        *(_smaller(form, run) for form in (FLOAT16, INT8)),
    ]
    _print(run, rows, as_json=options.json)


def _those_that_decode(run: Run, predictions: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the predictions whose photos still exist, and the pixels of those photos."""
    root, side = opening.open_source(Path(run.config.data)), run.config.info.side
    decoded = map_files(
        root, list(predictions["path"]), lambda content: picture.load_square(content, side)
    )
    pixels = {name: value for name, value in decoded if isinstance(value, np.ndarray)}
    if not pixels:
        raise SystemExit(f"Expected the run's validation photos in {root}. Received: none.")
    there = predictions[predictions["path"].isin(pixels)]
    return there, np.stack([pixels[name] for name in there["path"]])


def _by_keras(run: Run, pixels: np.ndarray) -> np.ndarray:
    model = keras.models.load_model(model_files.intact(run, layout.KERAS_MODEL))
    return model.predict(pixels, batch_size=BATCH, verbose=0)[:, 0]


def _by_litert(run: Run, pixels: np.ndarray) -> np.ndarray:
    model = LiteRTModel(model_files.intact(run, layout.LITERT_MODEL))
    return np.array([model(photo)["p_dog"].item() for photo in pixels])


def _smaller(form: str, run: Run) -> dict[str, object]:
    with TemporaryDirectory() as folder:
        figures = quantization.quantized(form, run, Path(folder) / "model.tflite")
    return {
        "form": form,
        "same_label": figures.same_label,
        "largest_difference": figures.largest_difference,
        "accuracy": figures.val_accuracy,
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
    print(f"{run.title}, {run.result.val_images:,} validation photos\n")
    print("| form | same label | largest difference in P(dog) | accuracy |\n|---|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row['form']} | {row['same_label']:.2%} | {row['largest_difference']:.2g} | "
            f"{row['accuracy']:.2%} |"
        )


if __name__ == "__main__":
    main()
