"""Files on web servers and in Hugging Face's hub, read in ranges.

Each answer must belong to the version that was listed: by its ETag or date, or in the hub by the
commit that the address of each file names. The token for the hub is only sent to the hub.
"""

import os
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from catsdogs.errors import DatasetError, Unreachable
from catsdogs.storage.address import HUB, Address, is_loopback
from catsdogs.storage.objects import TRY_AGAIN, Object, Store, changed, unreachable

if TYPE_CHECKING:
    from requests import Response, Session

RETRY_PAUSES_S = (0.5, 1.0, 2.0, 4.0)
_TIMEOUTS_S = (10.0, 30.0)
_PASSING = (408, 425, 429)


def store(address: Address) -> Store:
    """Return the objects at an address of the web or the hub.

    Raises:
        DatasetError: if it is none.
    """
    return Hub(address) if address.scheme == HUB else WebFile(address)


class WebFile:
    """A ``Store``: one file on a web server."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def listed(self) -> Iterator[Object]:
        """Yield the file; see ``Store``."""
        answer = _asked(str(self._address), {"Range": "bytes=0-0"}, self._address)
        size = answer.headers.get("Content-Range", "").rpartition("/")[2]
        if answer.status_code != 206 or not size.isdecimal():
            raise unreachable(
                self._address,
                "a server that does not send parts of files",
                "Download it, and use the path of the file.",
            )
        version = _validator(answer)
        yield Object(self._address.name, int(size), _date_ns(answer, version), version)

    def read(self, one: Object, start: int, length: int) -> bytes:
        """Return a part of the file; see ``Store``."""
        url = str(self._address)
        return _part(
            url, start, length, self._address, is_same=lambda a: _validator(a) == one.version
        )


class Hub:
    """A ``Store``: a dataset of Hugging Face's hub, or a folder or file in one."""

    def __init__(self, address: Address) -> None:
        """Take ``hf://datasets/OWNER/NAME[@REVISION][/FOLDER]``."""
        self._address = address
        owner, _, rest = address.path.partition("/")
        repository, _, self._path = rest.partition("/")
        name, _, revision = repository.partition("@")
        if address.host != "datasets" or not name:
            raise DatasetError(
                f"Expected hf://datasets/owner/name. Received: {address}. Copy the owner and the "
                "name from the dataset's page."
            )
        self._name, self._revision = f"{owner}/{name}", revision or "main"

    def listed(self) -> Iterator[Object]:
        """Yield the files of the newest commit; see ``Store``."""
        about = f"api/datasets/{self._name}/revision/{quote(self._revision, safe='')}"
        commit = self._answer(f"{_hub()}/{about}").json()["sha"]
        folder = f"/{quote(self._path)}" if self._path else ""
        url = f"{_hub()}/api/datasets/{self._name}/tree/{commit}{folder}?recursive=true"
        while url:
            answer = self._answer(url)
            for one in answer.json():
                if one["type"] == "file":
                    path = str(one["path"]).removeprefix(f"{self._path}/" if self._path else "")
                    content = str(one["oid"]).encode()
                    yield Object(path, int(one["size"]), zlib.crc32(content), str(commit))
            url = answer.links.get("next", {}).get("url", "")

    def read(self, one: Object, start: int, length: int) -> bytes:
        """Return a part of a file as it is in the commit; see ``Store``."""
        path = "/".join(part for part in (self._path, one.path) if part)
        url = f"{_hub()}/datasets/{self._name}/resolve/{one.version}/{quote(path)}"
        return _part(url, start, length, self._address, headers=_token(), total=one.size_bytes)

    def _answer(self, url: str) -> "Response":
        return _asked(url, _token(), self._address)


def _hub() -> str:
    """Return the hub's address.

    Raises:
        DatasetError: if the token would be sent over a network without encryption.
    """
    found = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    parts = urlsplit(found)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.netloc)):
        raise DatasetError(
            f"Expected an HF_ENDPOINT that begins with https://. Received: {parts.scheme}://"
            f"{parts.hostname}. Correct the environment variable."
        )
    return found


def _token() -> dict[str, str]:
    token = os.environ.get("HF_TOKEN", "").strip()
    return {"Authorization": f"Bearer {token}"} if token else {}


@dataclass
class _Passing(Exception):
    """A temporary failure: what was received."""

    received: str


def _part(
    url: str,
    start: int,
    length: int,
    address: Address,
    *,
    headers: dict[str, str] | None = None,
    is_same: Callable[["Response"], bool] = lambda _: True,
    total: int | None = None,
) -> bytes:
    wanted = f"bytes={start}-{start + length - 1}"
    answer = _asked(url, {**(headers or {}), "Range": wanted}, address, length=length)
    place, _, size = answer.headers.get("Content-Range", "").partition("/")
    if answer.status_code == 416 or not is_same(answer):
        raise changed(address)
    if total is not None and size.isdecimal() and int(size) != total:
        raise changed(address)
    is_whole = answer.status_code == 200 and len(answer.content) == length and not start
    if not is_whole and place != wanted.replace("=", " "):
        raise changed(address, f"the bytes {place or 'from the beginning'}")
    return answer.content


def _asked(
    url: str, headers: dict[str, str], address: Address, *, length: int | None = None
) -> "Response":
    """Return an answer with its content, after some attempts at a server that has trouble."""
    pauses = iter(RETRY_PAUSES_S)
    while True:
        try:
            return _attempt(url, headers, address, length)
        except _Passing as failure:
            pause = next(pauses, None)
            if pause is None:
                raise unreachable(address, failure.received, TRY_AGAIN) from None
            time.sleep(pause)


def _attempt(url: str, headers: dict[str, str], address: Address, length: int | None) -> "Response":
    from requests import RequestException

    try:
        answer = _session().get(
            url,
            headers={"Accept-Encoding": "identity", **headers},
            timeout=_TIMEOUTS_S,
            stream=True,
        )
        _require_success(answer, address)
        declared = answer.headers.get("Content-Length", "")
        if length is not None and declared.isdecimal() and int(declared) > length:
            answer.close()
            raise changed(address, f"{int(declared):,} bytes instead of {length:,}")
        content = answer.content
    except RequestException as error:
        raise _Passing(f"a connection that failed ({type(error).__name__})") from None
    if declared.isdecimal() and len(content) < int(declared):
        raise _Passing(f"{len(content):,} of {int(declared):,} bytes")
    return answer


def _require_success(answer: "Response", address: Address) -> None:
    """Check the status of an answer.

    Raises:
        _Passing: if another attempt may succeed.
        Unreachable: if not.
    """
    status = answer.status_code
    if status in (200, 206, 416):
        return
    answer.close()
    received = f"HTTP {status} {answer.reason}".rstrip()
    if status >= 500 or status in _PASSING:
        raise _Passing(received)
    raise _refusal(address, status, received)


def _refusal(address: Address, status: int, received: str) -> Unreachable:
    if status == 404:
        return unreachable(address, received, "Check the address.")
    if address.scheme == HUB:
        return unreachable(address, received, "Set HF_TOKEN to a token that may read the dataset.")
    return unreachable(address, received, "Check the address in a browser.")


@cache
def _session() -> "Session":
    """Return the connections, which stay open between requests."""
    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=32))
    return session


def _validator(answer: "Response") -> str:
    """Return what identifies the version of a file, "" if the server does not say."""
    headers = answer.headers
    return str(headers.get("ETag") or headers.get("Last-Modified") or "")


def _date_ns(answer: "Response", version: str) -> int:
    """Return the date of a file. Its part below a second differs between versions."""
    try:
        date = parsedate_to_datetime(answer.headers.get("Last-Modified", ""))
        seconds = int(date.timestamp())
    except (TypeError, ValueError):
        seconds = 0
    return seconds * 10**9 + zlib.crc32(version.encode()) % 10**9
