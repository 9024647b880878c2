"""One HTTP GET that the caller can stop at any time, even while the server is silent.

Functions import requests themselves, because the import takes a tenth of a second.
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
TRY_AGAIN = "Check the connection and try again: the part so far is kept."
Value = TypeVar("Value")


class Failure(Exception):
    """The end of an error message: what was received instead of a file, and what to do."""


class PassingFailure(Failure):
    """A temporary failure: another attempt may succeed."""


@dataclass(frozen=True)
class Reply:
    """A file from byte ``start`` on. ``validator`` identifies its version, "" if it has none."""

    start: int
    total_bytes: int | None
    kind: str
    validator: str
    chunks: Iterator[bytes]


@contextmanager
def opened(url: str, start: int, *, validator: str, on_wait: Callable[[], None]) -> Iterator[Reply]:
    """Request the file at ``url`` from byte ``start`` on, or all of it if it has changed.

    ``on_wait`` is called at least every 0.1 s while waiting for the reply and for each chunk. It
    may raise an exception to stop.

    Raises:
        Failure: here or from the chunks, if the network, the server or the address fails.
    """
    response = awaited(lambda: _explained(lambda: _response(url, start, validator)), on_wait)
    body = response.iter_content(CHUNK_BYTES) if response.status_code != 416 else iter(())
    begins, total_bytes = _extent(response)
    kind = response.headers.get("Content-Type", "a file of unknown type")
    chunks = iter(lambda: awaited(lambda: _explained(lambda: next(body, b"")), on_wait), b"")
    try:
        yield Reply(begins or 0, total_bytes, kind, _validator(response), chunks)
    finally:
        # On a thread, because closing waits for a read in progress.
        threading.Thread(target=response.close, daemon=True).start()


def awaited(step: Callable[[], Value], on_wait: Callable[[], None]) -> Value:
    """Return the result of ``step()``, called on a thread that may outlive the caller.

    ``on_wait`` is called at least every 0.1 s. If it raises an exception, this stops waiting. The
    thread does not keep the program from exiting.
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
    """Return a response with the file from ``start`` on, all of it, or nothing more to read."""
    import requests

    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    if start and validator:
        headers["If-Range"] = validator
    timeouts = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
    response = requests.get(url, headers=headers, stream=True, timeout=timeouts)
    status = response.status_code
    # Some servers ignore If-Range, so even a 206 may belong to another file.
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
        f"{received}. Open the address in a browser, and use the file that you save there."
    )


def _extent(response: "Response") -> tuple[int | None, int | None]:
    """Return the first byte of the body and the size of the file, each None if unknown."""
    if response.status_code == 200:
        return 0, _number(response.headers.get("Content-Length", ""))
    # bytes FIRST-LAST/TOTAL, or bytes */TOTAL if nothing is left.
    place, _, size = response.headers.get("Content-Range", "").partition("/")
    first, total = _number(place.removeprefix("bytes ").partition("-")[0]), _number(size)
    return total if first is None else first, total


def _number(digits: str) -> int | None:
    return int(digits) if digits.isdecimal() else None


def _validator(response: "Response") -> str:
    """Return a value for If-Range: a date, or an ETag that is not weak ("W/…")."""
    etag = response.headers.get("ETag", "W/")
    return response.headers.get("Last-Modified", "") if etag.startswith("W/") else etag


def _failure(error: Exception) -> Failure:
    """Return the failure that explains an error of requests to the user."""
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
    """Return the error inside those of requests and urllib3, whose texts contain the whole url."""
    inner = error.args[0] if error.args and isinstance(error.args[0], Exception) else error
    return getattr(inner, "reason", inner)
