"""``python -m catsdogs.learning.onnx_export FORMAT RUN_FOLDER OUT``: a run's model as ONNX.

It is converted from the run's LiteRT file: Keras' own exporter makes an unusable file of the custom
CNN. Prints how the two files agree as JSON; ``null`` without the run's photos.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import tf2onnx
from ai_edge_litert.interpreter import Interpreter

from catsdogs.errors import DatasetError
from catsdogs.exports.agreement import (
    Agreement,
    Photos,
    agreement,
    answers,
    require_equal,
    validation_photos,
)
from catsdogs.exports.metadata import essentials
from catsdogs.features.litert import OUTPUT, LiteRTModel, known_output
from catsdogs.labels import label_of_name
from catsdogs.learning import export_program
from catsdogs.runs import layout, model_files
from catsdogs.runs.run import Run
from catsdogs.sources.sample import draw_sample
from catsdogs.system import files

_OPSET = 17
# Enough to see that a conversion went wrong.
_DRAWN = 20


def exported(run: Run, out: Path) -> Agreement | None:
    """Write the model of ``run`` as ONNX to ``out``; compare it with the run's LiteRT file.

    Without the run's validation photos, it is compared on drawn pictures, and None is returned:
    they say nothing about photos.

    Raises:
        RunError: if a file of the run is damaged, or if a probability differs by more than
            ``EQUAL``.
    """
    source = model_files.intact(run, layout.LITERT_MODEL)
    convert(source, out, essentials(run))
    photos = _photos(run)
    with TemporaryDirectory() as folder:
        found = _compared(source, out, photos or _drawn(Path(folder)))
    require_equal(found, "ONNX")
    return found if photos else None


def convert(litert: Path, out: Path, facts: dict[str, str]) -> None:
    """Write a LiteRT file as ONNX, with the same names: image; p_dog, heatmap, embedding.

    ``facts`` become its metadata.
    """
    model, _ = tf2onnx.convert.from_tflite(str(litert), opset=_OPSET)
    _rename(model.graph, _names(litert))
    onnx.helper.set_model_props(model, facts)
    onnx.checker.check_model(model)
    files.write_bytes(out, model.SerializeToString())


def _names(litert: Path) -> dict[str, str]:
    """Return the names that a file's signature gives its tensors, by the tensors' own names."""
    runner = Interpreter(str(litert)).get_signature_runner()
    details = {**runner.get_input_details(), **runner.get_output_details()}
    return {detail["name"]: name for name, detail in details.items()}


def _rename(graph: Any, names: dict[str, str]) -> None:
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for value in (*graph.input, *graph.output, *graph.value_info):
        value.name = names.get(value.name, value.name)


def _photos(run: Run) -> Photos | None:
    """Return the run's validation photos; None where they are not on this machine."""
    try:
        photos = validation_photos(run)
    except DatasetError:
        return None
    return photos if len(photos.table) else None


def _drawn(folder: Path) -> Photos:
    root = draw_sample(folder / "drawn", images=_DRAWN)
    names = sorted(path.name for path in root.iterdir())
    return Photos(root, pd.DataFrame({"path": names, "label": map(label_of_name, names)}))


def _compared(litert_file: Path, onnx_file: Path, photos: Photos) -> Agreement:
    litert, session = LiteRTModel(litert_file), onnxruntime.InferenceSession(onnx_file)
    own = answers(lambda image: litert(image)["p_dog"].item(), photos, side=litert.side)
    p_dog = answers(lambda image: p_dog_of(session, image), photos, side=litert.side)
    return agreement(p_dog, own, photos.table["label"].to_numpy())


def p_dog_of(session: onnxruntime.InferenceSession, image: np.ndarray) -> float:
    """Return P(dog) of one uint8 image (S, S, 3)."""
    names = [one.name for one in session.get_outputs() if known_output(one.name) == OUTPUT]
    (p_dog,) = session.run(names, {"image": image[np.newaxis]})
    return p_dog.item()


if __name__ == "__main__":
    sys.exit(export_program.main(exported))
