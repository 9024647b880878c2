"""``python -m catsdogs.learning.onnx_export FORMAT RUN_FOLDER OUT``: a run's model as ONNX.

It is converted from the run's LiteRT file: Keras' own exporter makes an unusable file of the custom
CNN. Prints how the ONNX file agrees with the LiteRT file, as JSON.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import tf2onnx
from ai_edge_litert.interpreter import Interpreter

from catsdogs.errors import CatsDogsError, RunError
from catsdogs.exports.agreement import Agreement, agreement, answers, validation_photos
from catsdogs.features.litert import LiteRTModel
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.run import Run
from catsdogs.system import files

# Float32 files differ in rounding only; measured differences are below 1e-5.
AGREEMENT = 1e-4
_OPSET = 17
_HOW_TO_FEED = (
    "One picture as uint8 RGB, 0 to 255, shape (1, S, S, 3). Do not divide by 255: the model "
    "scales its input itself. p_dog is 0 for a cat and 1 for a dog."
)


def main(form: str, folder: Path, out: Path) -> int:
    """Write ``out`` and print the agreement; return the exit status."""
    try:
        print(json.dumps(asdict(exported(store.load(folder), out))))
    except CatsDogsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def exported(run: Run, out: Path) -> Agreement:
    """Write the model of ``run`` as ONNX to ``out``; compare it with the run's LiteRT file.

    Raises:
        DatasetError: if the run's validation photos are missing.
        RunError: if a file of the run is damaged, or if a probability differs by more than
            ``AGREEMENT``.
    """
    source = model_files.intact(run, layout.LITERT_MODEL)
    photos = validation_photos(run)
    convert(source, out)
    litert, session = LiteRTModel(source), onnxruntime.InferenceSession(out)
    own = answers(lambda image: litert(image)["p_dog"].item(), photos, side=litert.side)
    p_dog = answers(lambda image: _p_dog(session, image), photos, side=litert.side)
    found = agreement(p_dog, own, photos.table["label"].to_numpy())
    if not found.largest_difference <= AGREEMENT:
        raise RunError(
            f"Expected the ONNX model to agree with the run within {AGREEMENT:g}. Received: a "
            f"difference of {found.largest_difference:.2g}. Please report it, and use LiteRT."
        )
    return found


def convert(litert: Path, out: Path) -> None:
    """Write a LiteRT file as ONNX, with the same names: image; p_dog, heatmap, embedding."""
    model, _ = tf2onnx.convert.from_tflite(str(litert), opset=_OPSET)
    _rename(model.graph, _names(litert))
    model.metadata_props.add(key="how_to_feed", value=_HOW_TO_FEED)
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


def _p_dog(session: onnxruntime.InferenceSession, image: np.ndarray) -> float:
    (p_dog,) = session.run(["p_dog"], {"image": image[np.newaxis]})
    return p_dog.item()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
