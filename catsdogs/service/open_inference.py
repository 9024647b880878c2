"""The Open Inference Protocol (KServe V2): existing clients ask one run about pictures.

The input ``image`` has the bytes of N files, of datatype BYTES: in base64, or as they are with the
protocol's binary extension. The outputs have N elements each. A picture that cannot be read has the
label "", the probability -1 and the code of the reason in ``error``.

https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol and
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

import struct
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from catsdogs import __version__
from catsdogs.errors import RunError
from catsdogs.labels import Classes
from catsdogs.runs import store
from catsdogs.runs.run import Run
from catsdogs.service import asking, classifying, uploads
from catsdogs.service.documents import InferRequest, Options, Tensor
from catsdogs.service.refusals import Refused
from catsdogs.service.responses import as_json
from catsdogs.service.service import Service
from catsdogs.service.spool import Spool, Stored

_INPUT, _BYTES = "image", "BYTES"
_JSON_LENGTH = "inference-header-content-length"
_UNKNOWN = -1.0
_OUTPUTS = {"label": _BYTES, "p_dog": "FP64", "calibrated_p_dog": "FP64", "error": _BYTES}


async def v2_server(request: Request) -> Response:
    """Describe the server."""
    extensions = ["binary_tensor_data"]
    return as_json({"name": "catsdogs", "version": __version__, "extensions": extensions})


async def v2_live(request: Request) -> Response:
    """Say that the server answers."""
    return as_json({"live": True})


async def v2_model(request: Request) -> Response:
    """Describe a run as a model."""
    run = await run_in_threadpool(_found, request)
    inputs = [{"name": _INPUT, "datatype": _BYTES, "shape": [-1]}]
    outputs = [
        {"name": run.classes.key(name), "datatype": kind, "shape": [-1]}
        for name, kind in _OUTPUTS.items()
    ]
    return as_json(
        {
            "name": run.run_id,
            "versions": ["1"],
            "platform": "litert",
            "inputs": inputs,
            "outputs": outputs,
        }
    )


async def v2_model_ready(request: Request) -> Response:
    """Say whether a run can answer."""
    service: Service = request.app.state.service
    run = await run_in_threadpool(_found, request)
    await run_in_threadpool(service.models.panel, [run.run_id])
    return as_json({"name": run.run_id, "ready": True})


async def v2_infer(request: Request) -> Response:
    """Answer pictures with one run."""
    service: Service = request.app.state.service
    with uploads.admitted(request, service), closing(Spool()) as spool:
        run = await run_in_threadpool(_found, request)
        content = await uploads.whole(request, service, uploads.MOST_JSON_BYTES)
        asked, files = _read(content, request.headers.get(_JSON_LENGTH), spool)
        options = uploads.converted({**_asked_options(asked), "runs": [run.run_id]}, Options)
        answers = await run_in_threadpool(asking.answered, files, options, service.models)
    classifying.count(answers, service)
    document = {
        "model_name": run.run_id,
        "model_version": "1",
        **({"id": asked.id} if asked.id else {}),
        "outputs": _outputs(answers.documents, run.classes),
    }
    return as_json(document)


def _found(request: Request) -> Run:
    try:
        return store.find_with_model(request.path_params["model"])
    except RunError as error:
        raise Refused(404, "run", str(error)) from None


def _asked_options(asked: InferRequest) -> dict[str, Any]:
    names = ("threshold", "neither", "false_refusal")
    return {name: asked.parameters[name] for name in names if name in asked.parameters}


def _read(
    content: bytes, json_bytes: str | None, spool: Spool
) -> tuple[InferRequest, list[Stored]]:
    """Return a request and its pictures, from a JSON document and the bytes that may follow it."""
    if json_bytes is not None and not json_bytes.isdecimal():
        raise _unfit(f"{_JSON_LENGTH}: {json_bytes}")
    end = len(content) if json_bytes is None else int(json_bytes)
    asked = uploads.decoded(content[:end], InferRequest)
    if len(asked.inputs) != 1 or asked.inputs[0].name != _INPUT:
        raise _unfit(f"{', '.join(one.name for one in asked.inputs) or 'none'}")
    tensor = asked.inputs[0]
    if tensor.datatype != _BYTES:
        raise _unfit(f"{_INPUT} of {tensor.datatype}")
    files = []
    for number, picture in enumerate(_pictures(tensor, content[end:])):
        start = spool.size
        spool.write(picture)
        files.append(spool.since(start, f"{_INPUT}-{number}"))
    return asked, files


def _pictures(tensor: Tensor, binary: bytes) -> Iterator[bytes]:
    if tensor.data is None:
        return _binary(binary)
    flat = (one for row in tensor.data for one in ([row] if isinstance(row, str) else row))
    return map(_base64, flat)


def _base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (NotBase64, ValueError):
        raise _unfit("text that is not base64") from None


def _binary(content: bytes) -> Iterator[bytes]:
    """Yield elements, each after its length as a little-endian 32-bit number."""
    position = 0
    while position < len(content):
        try:
            (size,) = struct.unpack_from("<I", content, position)
        except struct.error:
            raise _unfit("binary data that are cut") from None
        position += 4
        if position + size > len(content):
            raise _unfit("binary data that are cut")
        yield content[position : position + size]
        position += size


def _outputs(documents: list[asking.Document], classes: Classes) -> list[dict[str, Any]]:
    kinds = {classes.key(name): kind for name, kind in _OUTPUTS.items()}
    found: dict[str, list[Any]] = {name: [] for name in kinds}
    for document in documents:
        result = next(iter(document["results"]), {**dict.fromkeys(kinds, _UNKNOWN), "label": ""})
        values = {**result, "error": (document["error"] or {"code": ""})["code"]}
        for name, column in found.items():
            column.append(values[name])
    return [
        {"name": name, "datatype": kind, "shape": [len(documents)], "data": found[name]}
        for name, kind in kinds.items()
    ]


def _unfit(received: str) -> Refused:
    return Refused(
        400,
        "inputs",
        f"Expected one input, {_INPUT}, of datatype {_BYTES}: the bytes of files, in base64 or as "
        f"binary data. Received: {received}.",
    )
