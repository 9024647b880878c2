"""``python -m catsdogs.learning.saved_model FORMAT RUN_FOLDER OUT``: a run's model as SavedModel.

A SavedModel is a folder, so ``OUT`` is a zip of it. Prints how it agrees with the run, as JSON.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from catsdogs.exports.agreement import (
    Agreement,
    agreement,
    answers,
    require_equal,
    validation_photos,
)
from catsdogs.exports.package import MODEL, write_zip
from catsdogs.features.litert import OUTPUT
from catsdogs.learning import export, export_program
from catsdogs.learning.frameworks import tensorflow
from catsdogs.learning.quantization import loaded
from catsdogs.runs.run import Run


def exported(run: Run, out: Path) -> Agreement:
    """Write a zip of the model of ``run`` as SavedModel to ``out``; compare it with the run.

    Raises:
        DatasetError: if the run's validation photos are missing.
        RunError: if a file of the run is missing or damaged, or if a probability differs by more
            than ``EQUAL``.
    """
    photos = validation_photos(run)
    with TemporaryDirectory() as folder:
        made = Path(folder) / MODEL
        export.export_saved_model(loaded(run), made, output=run.classes.key(OUTPUT))
        parts = [path for path in made.rglob("*") if path.is_file()]
        write_zip(out, {path.relative_to(folder).as_posix(): path.read_bytes() for path in parts})
        answer = tensorflow.saved_model.load(made).signatures["serving_default"]
        name, side = run.classes.key(OUTPUT), run.config.info.side
        p_dog = answers(
            lambda image: _answer(answer, image)[name].numpy().item(), photos, side=side
        )
    own, label = (photos.table[name].to_numpy() for name in ("p_dog", "label"))
    found = agreement(p_dog, own, label)
    require_equal(found, "SavedModel")
    return found


def _answer(answer: Any, image: np.ndarray) -> Any:
    return answer(image=tensorflow.constant(image[np.newaxis]))


if __name__ == "__main__":
    sys.exit(export_program.main(exported))
