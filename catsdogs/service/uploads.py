"""The body of a request → files and options, within limits of size, count and time."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from catsdogs.inference.answers import MOST_BYTES_TOGETHER
from catsdogs.service.documents import MOST_URLS, ClassifyRequest, Options
from catsdogs.service.forms import Form
from catsdogs.service.refusals import Refused
from catsdogs.service.service import Service
from catsdogs.service.spool import Spool, Stored

# JSON is in memory while it is decoded: the largest picture fits in base64.
MOST_JSON_BYTES = 36 << 20
# A body may take so long, and a second more for each 50 kB that have arrived.
_PATIENCE_S, _LEAST_BYTES_A_SECOND = 10.0, 50_000
_FORM, _JSON = "multipart/form-data", "application/json"
_BARE = ("application/zip", "application/x-tar", "application/octet-stream", "image/")

T = TypeVar("T")


@dataclass(frozen=True)
class Received:
    """The files, the addresses and the options of a request."""

    options: Options
    files: list[Stored] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)


@contextmanager
def admitted(request: Request, service: Service) -> Iterator[None]:
    """Hold a place, and later the bytes of the request, until the block ends.

    Raises:
        Refused: 429, while the others fill the room that all requests share.
    """
    with service.requests.place():
        try:
            yield
        finally:
            service.bytes.give_back(getattr(request.state, "bytes_taken", 0))


async def received(request: Request, service: Service, spool: Spool) -> Received:
    """Read a request to classify: a form, a JSON document, or a single picture or archive.

    Raises:
        Refused: with the reason.
    """
    kind = request.headers.get("content-type", "").lower()
    if kind.startswith(_FORM):
        return await _form(request, service, spool)
    if kind.startswith(_JSON):
        asked = decoded(await whole(request, service, MOST_JSON_BYTES), ClassifyRequest)
        files = [_stored(spool, one.name, one.data) for one in asked.files]
        return Received(_options_of(asked), files, asked.urls)
    if kind.startswith(_BARE):
        options, name = _query(request)
        async for chunk in chunks(request, service, MOST_BYTES_TOGETHER):
            spool.write(chunk)
        return Received(options, [spool.since(0, name)])
    raise Refused(
        415,
        "unsupported_media_type",
        f"Expected {_FORM}, {_JSON}, a zip, a tar or a picture. Received: "
        f"{kind[:100] or 'no Content-Type'}.",
    )


async def whole(request: Request, service: Service, most: int) -> bytes:
    """Return the body of a request.

    Raises:
        Refused: 413 if it is too large, 408 if it is too slow, 400 if it is cut.
    """
    return b"".join([chunk async for chunk in chunks(request, service, most)])


async def chunks(request: Request, service: Service, most: int) -> AsyncIterator[bytes]:
    """Yield the body of a request as it arrives. Its bytes count until the request ends.

    Raises:
        Refused: 413 if it is too large, 408 if it is too slow, 400 if it is cut.
    """
    _require_size(_declared(request), most)
    began, size = time.monotonic(), 0
    stream = request.stream()
    while True:
        left_s = began + _PATIENCE_S + size / _LEAST_BYTES_A_SECOND - time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, left_s)):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Refused(
                408,
                "slow",
                f"Expected at least {_LEAST_BYTES_A_SECOND // 1000} kB a second. Received: less. "
                "Send fewer or smaller files.",
                headers={"Connection": "close"},
            ) from None
        except ClientDisconnect:
            raise Refused(
                400, "cut", "Expected a whole request. Received: a part of one."
            ) from None
        size += len(chunk)
        _require_size(size, most)
        service.bytes.take(len(chunk))
        request.state.bytes_taken = getattr(request.state, "bytes_taken", 0) + len(chunk)
        yield chunk


def decoded(content: bytes, kind: type[T]) -> T:
    """Return a JSON document as a value of ``kind``.

    Raises:
        Refused: 400 if it is not JSON, 422 if it does not fit.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        raise misfit(error) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused(
            400, "malformed", f"Expected a JSON document. Received: another ({error})."
        ) from None


def misfit(error: Exception) -> Refused:
    """Return the refusal of values that do not fit."""
    return Refused(422, "settings", f"{error}. See openapi.json for the expected values.")


async def _form(request: Request, service: Service, spool: Spool) -> Received:
    form = Form(request.headers["content-type"], spool)
    async for chunk in chunks(request, service, MOST_BYTES_TOGETHER):
        form.add(chunk)
    form.finish()
    pairs = [*_pairs(request), *form.fields]
    urls = [value for name, value in pairs if name == "urls"]
    if len(urls) > MOST_URLS:
        raise Refused(
            413, "too_many", f"Expected at most {MOST_URLS} addresses. Received: {len(urls)}."
        )
    options = _options([pair for pair in pairs if pair[0] != "urls"])
    return Received(options, form.files, urls)


def _query(request: Request) -> tuple[Options, str]:
    pairs = _pairs(request)
    name = next((value for key, value in pairs if key == "name"), "upload")
    return _options([pair for pair in pairs if pair[0] != "name"]), name


def _pairs(request: Request) -> list[tuple[str, str]]:
    return request.query_params.multi_items()


def _options(pairs: list[tuple[str, str]]) -> Options:
    """Return the options that text fields stand for; ``runs`` may be given several times."""
    values: dict[str, str | list[str]] = {key: value for key, value in pairs if key != "runs"}
    if runs := [one for key, value in pairs if key == "runs" for one in value.split(",") if one]:
        values["runs"] = runs
    return converted(values, Options)


def converted(values: Mapping[str, Any], kind: type[T]) -> T:
    """Return values, perhaps as text, as those of ``kind``.

    Raises:
        Refused: 422 if they do not fit.
    """
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise misfit(error) from None


def _options_of(asked: ClassifyRequest) -> Options:
    names = (one.name for one in msgspec.structs.fields(Options))
    return Options(**{name: getattr(asked, name) for name in names})


def _stored(spool: Spool, name: str, content: bytes) -> Stored:
    start = spool.size
    spool.write(content)
    return spool.since(start, name)


def _declared(request: Request) -> int:
    length = request.headers.get("content-length", "0")
    return int(length) if length.isdecimal() else 0


def _require_size(size: int, most: int) -> None:
    if size > most:
        raise Refused(
            413,
            "too_large",
            f"Expected at most {most >> 20} MB in a request. Received: more. Send several "
            "requests.",
            headers={"Connection": "close"},
        )
