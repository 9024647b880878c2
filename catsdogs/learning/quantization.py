"""``python -m catsdogs.learning.quantization FORMAT RUN_FOLDER OUT``: a smaller model file.

Prints one JSON object that compares its answers on the run's validation photos with the labels and
with the run's own answers. For the command line, which never loads TensorFlow itself.
"""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from catsdogs.dataset import index
from catsdogs.errors import CatsDogsError, DatasetError, RunError, UnreadableImage
from catsdogs.features.litert import LiteRTModel
from catsdogs.images import picture
from catsdogs.images.parallel import map_files
from catsdogs.learning import engines, export
from catsdogs.learning.frameworks import keras
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.choices import INT8
from catsdogs.runs.run import Run
from catsdogs.sources import opening


def main(form: str, folder: Path, out: Path) -> int:
    """Write ``out`` and print the metrics; return the exit status."""
    try:
        print(json.dumps(quantized(form, store.load(folder), out)))
    except CatsDogsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def quantized(form: str, run: Run, out: Path) -> dict[str, Any]:
    """Write the model of ``run`` as INT8 or FLOAT16 to ``out``, a .tflite file; return its metrics.

    ``images`` counts the validation photos that still exist, ``val_accuracy`` is the accuracy on
    them, and ``same_label`` the share on which it agrees with the run.

    Raises:
        DatasetError: if the run's photos, needed to measure and to calibrate int8, are missing.
    """
    root = opening.open_source(Path(run.config.data))
    predictions = model_files.read_predictions(run)
    records = index.scan(root).usable
    model = loaded(run)
    if form == INT8:
        learned_from = records[_is_trained_on(run, records["digest"], predictions)]
        side = run.config.info.side
        export.export_int8(
            model, out, partial(engines.calibration_photos, root, learned_from, side)
        )
    else:
        export.export_float16(model, out)
    # By content: a file may have been renamed.
    places = records.drop_duplicates("digest").set_index("digest")["path"]
    there = predictions[predictions["digest"].isin(places.index)]
    return _measured(LiteRTModel(out), root, there.assign(path=there["digest"].map(places)))


def _is_trained_on(run: Run, digests: pd.Series, predictions: pd.DataFrame) -> pd.Series:
    """Return a mask of the run's training photos; in older runs, of all but the validation side."""
    known = model_files.training_digests(run)
    return ~digests.isin(predictions["digest"]) if known is None else digests.isin(known)


def loaded(run: Run) -> keras.Model:
    """Return the run's model from its Keras file, in safe mode: no code in the file runs.

    Raises:
        RunError: if it is missing, has changed, or is not such a model.
    """
    path = model_files.intact(run, layout.KERAS_MODEL)
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras passes on any error from reading the file.
        first = next(iter(str(error).splitlines()), "")
        raise RunError(
            f"Expected {path.name} of {run.run_id} to be a model that training wrote. Received: "
            f"a file that Keras cannot load ({type(error).__name__}: {first[:200]}). Train the run "
            "again, or delete it."
        ) from None


def _measured(model: LiteRTModel, root: Path, predictions: pd.DataFrame) -> dict[str, Any]:
    names = list(predictions["path"])
    answers = map_files(
        root, names, lambda c: model(picture.load_square(c, model.side))["p_dog"].item()
    )
    p_dog = np.array([np.nan if isinstance(a, UnreadableImage) else a for _, a in answers])
    there = ~np.isnan(p_dog)
    if not there.any():
        raise DatasetError(
            "Expected the run's validation photos, to measure on. Received: none that exist "
            "and decode. Put them back where the run found them."
        )
    says_dog = p_dog[there] >= 0.5
    label, own = (predictions[name].to_numpy()[there] for name in ("label", "p_dog"))
    return {
        "images": int(there.sum()),
        "val_accuracy": float(np.mean(says_dog == label)),
        "same_label": float(np.mean(says_dog == (own >= 0.5))),
        "largest_difference": float(np.abs(p_dog[there] - own).max()),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
