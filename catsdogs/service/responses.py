"""JSON responses, which nothing on the way may keep."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

_NOT_KEPT = {"Cache-Control": "no-store"}


def as_json(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response. Numbers that JSON lacks (NaN) become null."""
    content = msgspec.json.encode(document)
    return Response(content, status, {**_NOT_KEPT, **(headers or {})}, "application/json")
