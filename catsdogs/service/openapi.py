"""The description of the routes: OpenAPI 3.1 for programs, one page for people.

The schemas come from the types in ``documents.py``. OpenAPI 3.1 uses JSON Schema as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from catsdogs import __version__
from catsdogs.reports.rendering import rendered
from catsdogs.service.documents import (
    MOST_URLS,
    Answered,
    ClassifyRequest,
    InferRequest,
    Options,
    Refusal,
    RunBrief,
)
from catsdogs.service.refusals import API
from catsdogs.service.responses import as_json

Schema = dict[str, Any]
_TYPES = (ClassifyRequest, Options, list[Answered], list[RunBrief], RunBrief, InferRequest, Refusal)
# The page may load nothing, from no address.
_NOTHING = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


@dataclass(frozen=True)
class Described:
    """A route as the description has it.

    ``answers`` are the statuses of its answers with their content: a type of ``documents``, a media
    type, or None. ``takes`` is the type of its JSON body, "" for settings of a run.
    """

    method: str
    path: str
    summary: str
    answers: dict[int, tuple[str, Any]]
    takes: Any = None
    refuses: Sequence[int] = (401, 403)


_CLASSIFIED = ("The answers, as classify --json prints them.", list[Answered])
_ROUTES = (
    Described(
        "post",
        "/api/v1/classify",
        "Classify pictures and archives of pictures",
        {200: _CLASSIFIED, 207: ("The same. Some pictures could not be read.", list[Answered])},
        ClassifyRequest,
        (400, 401, 403, 408, 413, 415, 422, 429),
    ),
    Described(
        "get", "/api/v1/runs", "List all runs", {200: ("The runs, newest first.", list[RunBrief])}
    ),
    Described(
        "get",
        "/api/v1/runs/{run}",
        "Show a run",
        {200: ("The run, as runs show --json prints it.", "application/json")},
        refuses=(401, 403, 404),
    ),
    Described(
        "delete",
        "/api/v1/runs/{run}",
        "Delete a run; needs the token from everywhere",
        {204: ("It is deleted.", None)},
        refuses=(401, 403, 404, 422),
    ),
    Described(
        "get",
        "/api/v1/runs/{run}/card",
        "Get the model card of a run",
        {200: ("The card.", "text/markdown")},
        refuses=(401, 403, 404),
    ),
    Described(
        "get",
        "/api/v1/runs/{run}/events",
        "Follow the events of a run",
        {200: ("The events so far, and each new one until the run ends.", "text/event-stream")},
        refuses=(401, 403, 404, 429),
    ),
    Described(
        "post",
        "/api/v1/train",
        "Queue a training run; needs the token from everywhere",
        {202: ("The queued run.", RunBrief)},
        "",
        (400, 401, 403, 413, 422, 429),
    ),
    Described("get", "/healthz", "Ask whether the process answers", {200: ("It does.", None)}),
    Described(
        "get",
        "/readyz",
        "Ask whether the runs that answer are loaded",
        {200: ("They are.", None)},
        refuses=(401, 403, 503),
    ),
    Described(
        "get", "/metrics", "Get the metrics for Prometheus", {200: ("The metrics.", "text/plain")}
    ),
    Described("get", "/v2/health/live", "Open Inference Protocol: live", {200: ("It is.", None)}),
    Described("get", "/v2/health/ready", "Open Inference Protocol: ready", {200: ("It is.", None)}),
    Described(
        "get",
        "/v2/models/{model}",
        "Open Inference Protocol: describe a run as a model",
        {200: ("The model.", "application/json")},
        refuses=(401, 403, 404),
    ),
    Described(
        "post",
        "/v2/models/{model}/infer",
        "Open Inference Protocol: ask a run about pictures",
        {200: ("The outputs, one element for each picture.", "application/json")},
        InferRequest,
        (400, 401, 403, 404, 408, 413, 422, 429),
    ),
)


async def openapi(request: Request) -> Response:
    """Send the description for programs."""
    return as_json(description(request.app.state.service.prefix))


async def api_page(request: Request) -> Response:
    """Show the description to people. The page contacts no address."""
    api = description(request.app.state.service.prefix)
    page = rendered("service.html.jinja", filters={"pretty": _pretty}, api=api, codes=_codes)
    return HTMLResponse(page, headers=_NOTHING)


def description(prefix: str = "") -> Schema:
    """Return the OpenAPI document. Paths that are not below ``API`` begin with ``prefix``."""
    schemas, components = _schemas()
    paths: dict[str, Schema] = {}
    for one in _ROUTES:
        path = one.path if one.path.startswith(f"{API}/") else f"{prefix}{one.path}"
        paths.setdefault(path, {})[one.method] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cats vs Dogs",
            "version": __version__,
            "description": "Trained classifiers of cats and dogs. Requests are not kept.",
        },
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas() -> tuple[dict[Any, Schema], Schema]:
    found, components = msgspec.json.schema_components(
        _TYPES, ref_template="#/components/schemas/{name}"
    )
    return {str(kind): one for kind, one in zip(_TYPES, found, strict=True)}, components


def _operation(one: Described, schemas: dict[Any, Schema]) -> Schema:
    refused = {"description": "Refused.", "content": _json(schemas[str(Refusal)])}
    answers = {str(status): _answer(*it, schemas) for status, it in one.answers.items()}
    operation: Schema = {
        "summary": one.summary,
        "responses": {**answers, **{str(status): refused for status in one.refuses}},
    }
    names = [part[1:-1] for part in one.path.split("/") if part.startswith("{")]
    if names:
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in names
        ]
    if one.takes is not None:
        operation["requestBody"] = {"required": True, "content": _body(one, schemas)}
    return operation


def _body(one: Described, schemas: dict[Any, Schema]) -> Schema:
    if one.takes == "":
        return _json({"type": "object", "required": ["model", "data"]})
    content = _json(schemas[str(one.takes)])
    if one.takes is ClassifyRequest:
        file = {"type": "array", "items": {"type": "string", "format": "binary"}}
        urls = {"type": "array", "items": {"type": "string"}, "maxItems": MOST_URLS}
        form = {"type": "object", "properties": {"files": file, "urls": urls}}
        content["multipart/form-data"] = {"schema": {"allOf": [form, schemas[str(Options)]]}}
        content["application/zip"] = {}
    return content


def _answer(text: str, kind: Any, schemas: dict[Any, Schema]) -> Schema:
    if kind is None:
        return {"description": text}
    content = {kind: {}} if isinstance(kind, str) else _json(schemas[str(kind)])
    return {"description": text, "content": content}


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _codes(operation: Schema) -> str:
    return ", ".join(operation["responses"])
