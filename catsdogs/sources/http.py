"""One HTTP GET whose caller can stop at any time, even while the server is silent.

requests is imported where it is used, because that takes a tenth of a second.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from requests import Response

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0
POLL_S = 0.1
CHUNK_BYTES = 1 << 16
TRY_AGAIN = "Check the connection and try again: what has arrived is kept."
Value = TypeVar("Value")


class Failure(Exception):
    """What was received instead of a file, then an advice: the end of a message."""


class PassingFailure(Failure):
    """A failure that another attempt may mend."""


@dataclass(frozen=True)
class Reply:
    """A file from byte ``start`` on; ``validator`` stands for its version, where it has one."""

    start: int
    total_bytes: int | None
    kind: str
    validator: str
    chunks: Iterator[bytes]


@contextmanager
def opened(url: str, start: int, *, validator: str, on_wait: Callable[[], None]) -> Iterator[Reply]:
    """Ask for the file at ``url`` from byte ``start`` on, or for all of it if it has changed.

    ``on_wait`` is called at least every 0.1 s until the reply and each chunk are there; it may
    raise.

    Raises:
        Failure: here or from the chunks, when the network, the server or the address is at fault.
    """
    response = awaited(lambda: _explained(lambda: _response(url, start, validator)), on_wait)
    body = response.iter_content(CHUNK_BYTES) if response.status_code != 416 else iter(())
    begins, total_bytes = _extent(response)
    kind = response.headers.get("Content-Type", "a file of unknown type")
    chunks = iter(lambda: awaited(lambda: _explained(lambda: next(body, b"")), on_wait), b"")
    try:
        yield Reply(begins or 0, total_bytes, kind, _validator(response), chunks)
    finally:
        # Closing waits for a read that is under way.
        threading.Thread(target=response.close, daemon=True).start()


def awaited(step: Callable[[], Value], on_wait: Callable[[], None]) -> Value:
    """Return ``step()``, run on a thread that neither a stop nor the program's end waits for.

    ``on_wait`` is called at least every 0.1 s; it may raise.
    """
    future: Future[Value] = Future()

    def run() -> None:
        try:
            future.set_result(step())
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    while True:
        on_wait()
        if wait([future], POLL_S).done:
            return future.result()


def _explained(step: Callable[[], Value]) -> Value:
    from requests import RequestException

    try:
        return step()
    except (RequestException, ValueError) as error:  # ValueError: an odd host name.
        raise _failure(error) from None


def _response(url: str, start: int, validator: str) -> "Response":
    """Return a response that brings the file from ``start`` on, brings all of it, or ends it."""
    import requests

    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    if start and validator:
        headers["If-Range"] = validator
    timeouts = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
    response = requests.get(url, headers=headers, stream=True, timeout=timeouts)
    status = response.status_code
    # Some servers skip If-Range, so that even a 206 may be of another file.
    same = _validator(response) in ("", validator)
    if status == 200 or (status in (206, 416) and same and _extent(response)[0] == start):
        return response
    response.close()
    if status in (206, 416) and start:
        return _response(url, 0, "")
    received = f"HTTP {status} {response.reason}".rstrip()
    if status >= 500 or status in (408, 425, 429):
        raise PassingFailure(f"{received}. The server has trouble: try again later.")
    raise Failure(
        f"{received}. Open the address in a browser, and use the zip that you save there."
    )


def _extent(response: "Response") -> tuple[int | None, int | None]:
    """Return where in the file the body begins, and the size of the file, where it says so."""
    if response.status_code == 200:
        return 0, _number(response.headers.get("Content-Length", ""))
    # bytes FIRST-LAST/TOTAL, or bytes */TOTAL when nothing is left.
    place, _, size = response.headers.get("Content-Range", "").partition("/")
    first, total = _number(place.removeprefix("bytes ").partition("-")[0]), _number(size)
    return total if first is None else first, total


def _number(digits: str) -> int | None:
    return int(digits) if digits.isdecimal() else None


def _validator(response: "Response") -> str:
    """Return what If-Range takes: a date, or an ETag that is not weak ("W/…")."""
    etag = response.headers.get("ETag", "W/")
    return response.headers.get("Last-Modified", "") if etag.startswith("W/") else etag


def _failure(error: Exception) -> Failure:
    """Say what requests' ``error`` means to a user."""
    from requests import exceptions
    from urllib3.exceptions import NameResolutionError, ReadTimeoutError

    below = cause(error)
    if isinstance(error, exceptions.SSLError):
        advice = "Check this machine's clock, its proxy, and the address."
        return Failure(f"no secure connection ({below}). {advice}")
    if isinstance(below, NameResolutionError):
        return PassingFailure(f"no address for that server (DNS). {TRY_AGAIN}")
    if isinstance(below, ReadTimeoutError):
        return PassingFailure(f"nothing for {READ_TIMEOUT_S:g} s. {TRY_AGAIN}")
    if isinstance(error, exceptions.ConnectionError | exceptions.ChunkedEncodingError):
        return PassingFailure(f"a connection that failed ({below}). {TRY_AGAIN}")
    return Failure(f"{type(error).__name__} ({error}). Correct the address.")


def cause(error: Exception) -> Any:
    """Return what lies below requests' and urllib3's wrappings, which spell out the whole url."""
    inner = error.args[0] if error.args and isinstance(error.args[0], Exception) else error
    return getattr(inner, "reason", inner)
