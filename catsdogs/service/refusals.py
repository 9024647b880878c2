"""Why a request is refused: a status, a code for programs, and a message for people."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from catsdogs.errors import CatsDogsError, DatasetError, NotAllowed, RunError
from catsdogs.service.responses import as_json

# The names that routers and servers give to refusals of their own.
_CODES = {404: "not_found", 405: "method_not_allowed", 400: "malformed"}
API = "/api/v1"
# The Open Inference Protocol has an error document of its own.
V2 = "/v2"


class Refused(HTTPException):
    """A request that is refused. ``code`` is stable, for programs; the message is for people."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, message, headers)
        self.code = code


def busy(message: str) -> Refused:
    """Return the refusal of a request that may be repeated in a second."""
    return Refused(429, "busy", message, headers={"Retry-After": "1"})


def understood(error: Exception) -> Refused:
    """Return what an error means for the client."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, HTTPException):
        code = _CODES.get(error.status_code, "refused")
        return Refused(error.status_code, code, error.detail, headers=error.headers)
    if isinstance(error, NotAllowed):
        return Refused(403, "role", str(error))
    kinds = ((RunError, "run"), (DatasetError, "dataset"))
    code = next((code for kind, code in kinds if isinstance(error, kind)), "settings")
    return Refused(422, code, str(error))


def response(refused: Refused, path: str) -> Response:
    """Return a refusal as the document that clients of ``path`` expect."""
    message = refused.detail
    is_v2 = path.removeprefix(API).startswith(f"{V2}/")
    document = {"error": message if is_v2 else {"code": refused.code, "message": message}}
    return as_json(document, refused.status_code, dict(refused.headers or {}))


async def handle(request: Request, error: Exception) -> Response:
    """Answer a request that raised ``error``, and count it."""
    refused = understood(error)
    request.app.state.service.metrics.count_refusal(refused.code)
    return response(refused, request.url.path)


HANDLED = (HTTPException, CatsDogsError)
