"""``python -m catsdogs.learning.quantization FORMAT RUN_FOLDER OUT``: a smaller model file.

Prints one JSON object that compares its answers on the run's validation photos with the labels and
with the run's own answers. For the command line, which never loads TensorFlow itself.
"""

import json
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from catsdogs.dataset import index
from catsdogs.errors import CatsDogsError, RunError
from catsdogs.exports.agreement import Agreement, agreement, answers, validation_photos
from catsdogs.exports.metadata import named_for
from catsdogs.features.litert import LiteRTModel
from catsdogs.learning import engines, export
from catsdogs.learning.frameworks import keras
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.choices import INT8
from catsdogs.runs.run import Run
from catsdogs.sources import opening
from catsdogs.system import files


def main(form: str, folder: Path, out: Path) -> int:
    """Write ``out`` and print the metrics; return the exit status."""
    try:
        print(json.dumps(asdict(quantized(form, store.load(folder), out))))
    except CatsDogsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def quantized(form: str, run: Run, out: Path) -> Agreement:
    """Write the model of ``run`` as INT8 or FLOAT16 to ``out``, a .tflite file; measure it.

    Raises:
        DatasetError: if the run's photos, needed to measure and to calibrate int8, are missing.
    """
    photos, model = validation_photos(run), loaded(run)
    if form == INT8:
        export.export_int8(model, out, partial(photos_to_calibrate, run))
    else:
        export.export_float16(model, out)
    files.write_bytes(out, named_for(run.classes, out.read_bytes()))
    smaller = LiteRTModel(out)
    p_dog = answers(lambda image: smaller(image)["p_dog"].item(), photos, side=smaller.side)
    own, label = (photos.table[name].to_numpy() for name in ("p_dog", "label"))
    return agreement(p_dog, own, label)


def photos_to_calibrate(run: Run) -> list[np.ndarray]:
    """Return some of the run's training photos, uint8 (S, S, 3) each.

    Raises:
        DatasetError: if its photos are missing or do not decode.
        RunError: if the run's files are missing or damaged.
    """
    root = opening.open_source(Path(run.config.data))
    records = index.scan(root).usable
    learned_from = records[is_trained_on(run, records["digest"])]
    return engines.calibration_photos(root, learned_from, run.config.info.side)


def is_trained_on(run: Run, digests: pd.Series) -> pd.Series:
    """Return a mask of the run's training photos; in older runs, of all but the validation side.

    Raises:
        RunError: if the run's files are missing or damaged.
    """
    known = model_files.training_digests(run)
    if known is None:
        return ~digests.isin(model_files.read_predictions(run)["digest"])
    return digests.isin(known)


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
