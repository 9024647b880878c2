"""The essentials of a model card inside of a model file: how to feed it, and what it answers."""

import json
from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from catsdogs.evaluation.metrics import THRESHOLD
from catsdogs.features.litert import OUTPUT
from catsdogs.labels import CAT, DOG, Classes
from catsdogs.runs.run import Run

# The name of the entry in a LiteRT file. Its value is JSON.
ENTRY = "catsdogs"
_IDENTIFIER = b"TFL3"
# Where the data of a LiteRT file may begin: "force_align" in its schema.
_ALIGNMENT = 16


def essentials(run: Run) -> dict[str, str]:
    """Return what a user of the model of ``run`` has to know, by subject."""
    side, classes = run.config.info.side, run.classes
    output = classes.key(OUTPUT)
    return {
        "how_to_feed": (
            f"One picture as uint8 RGB, 0 to 255, shape (1, {side}, {side}, 3). Do not divide by "
            "255: the model scales its input itself. Turn the picture as its EXIF orientation "
            f"says, put transparent parts on white, and squeeze it to {side} × {side} pixels "
            "(bilinear, not cropped)."
        ),
        "labels": ",".join(classes.names),
        "answer": (
            f"{output} is 0 for {classes.one(CAT)} and 1 for {classes.one(DOG)}; from "
            f"{THRESHOLD:g} on, the answer is {classes.positive}. It has no answer for other "
            "pictures."
        ),
        "threshold": f"{THRESHOLD:g}",
        "temperature": f"{run.result.calibration.temperature:.6g}",
        "run": run.run_id,
        "licence": (
            "Check the terms of the training photos before you pass the model on. MobileNetV2's "
            "ImageNet weights come from Keras Applications."
        ),
    }


def named_for(classes: Classes, litert: bytes) -> bytes:
    """Return a LiteRT file whose first output is named after its classes: ``p_positive``."""
    if classes.are_pets:
        return litert
    model = schema.ModelT.InitFromPackedBuf(litert)
    for signature in model.signatureDefs:
        for output in signature.outputs:
            if output.name in (OUTPUT, OUTPUT.encode()):
                output.name = classes.key(OUTPUT)
    return _packed(model, len(litert))


def with_metadata(litert: bytes, facts: dict[str, str]) -> bytes:
    """Return a LiteRT file that holds ``facts``, and computes as before.

    Programs that show LiteRT files show its description, which says how to feed the model.
    """
    model = schema.ModelT.InitFromPackedBuf(litert)
    value = schema.BufferT()
    value.data = json.dumps(facts, indent=1, ensure_ascii=False).encode()
    entry = schema.MetadataT()
    entry.name, entry.buffer = ENTRY, len(model.buffers)
    model.description = facts["how_to_feed"]
    model.metadata = [*(model.metadata or []), entry]
    model.buffers = [*model.buffers, value]
    return _packed(model, len(litert))


def _packed(model: schema.ModelT, size: int) -> bytes:
    model.buffers = [_Aligned(buffer.data) for buffer in model.buffers]
    builder = flatbuffers.Builder(size)
    builder.Finish(model.Pack(builder), file_identifier=_IDENTIFIER)
    return bytes(builder.Output())


class _Aligned:
    """The data of a buffer, or None. The schema's own class does not align what it writes."""

    def __init__(self, data: Any) -> None:
        self._data = b"" if data is None else bytes(data)

    def Pack(self, builder: flatbuffers.Builder) -> int:
        """Write the buffer, and return its place. ``ModelT`` calls it by this name."""
        if not self._data:
            schema.BufferStart(builder)
            return int(schema.BufferEnd(builder))
        builder.StartVector(1, len(self._data), _ALIGNMENT)
        builder.head -= len(self._data)
        builder.Bytes[builder.head : builder.head + len(self._data)] = self._data
        data = builder.EndVector()
        schema.BufferStart(builder)
        schema.BufferAddData(builder, data)
        return int(schema.BufferEnd(builder))
