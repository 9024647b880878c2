"""Object storage on this machine: S3's protocol, ranges of files, and Hugging Face's hub.

The clients are the real ones, so a server must speak like the real ones do. ``fault`` decides for
each request what goes wrong.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

SECRET = "a-very-secret-word"
REFUSED, BUSY, DROPPED = 403, 503, "dropped"
_BEGAN_S = 1_700_000_000


@dataclass(frozen=True)
class Stored:
    """An object: its content, and when it was written."""

    content: bytes
    written_at: int

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.content).hexdigest()}"'


@dataclass
class Storage:
    """The objects by path ("bucket/key"), and the requests for them so far."""

    objects: dict[str, Stored] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    fault: Callable[[str], int | str | None] = lambda _: None
    url: str = ""
    keys_a_page: int = 7

    def put(self, path: str, content: bytes) -> None:
        """Write an object, a second after the one before."""
        self.objects[path] = Stored(content, _BEGAN_S + len(self.objects) + len(self.requests))

    def fail(self, fault: int | str, *, times: int | None = None, on: str = "GET /") -> None:
        """Let the next requests that contain ``on`` fail, all of them without ``times``."""
        left = [times]

        def decide(request: str) -> int | str | None:
            if on not in request or left[0] == 0:
                return None
            left[0] = None if left[0] is None else left[0] - 1
            return fault

        self.fault = decide

    def recover(self) -> None:
        """Let no request fail any more."""
        self.fault = lambda _: None


@contextmanager
def serving() -> Iterator[Storage]:
    """Yield an empty storage with a server of its own."""
    storage = Storage()

    class Handler(_Handler):
        of = storage

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    storage.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield storage
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    of: Storage
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        request = f"{self.command} {unquote(self.path)}"
        self.of.requests.append(request)
        self.of.headers.append(dict(self.headers))
        fault = self.of.fault(request)
        parts = urlsplit(self.path)
        path, query = unquote(parts.path).strip("/"), parse_qs(parts.query)
        if isinstance(fault, int):
            code = {REFUSED: "AccessDenied", BUSY: "SlowDown"}[fault]
            self._answer(fault, f"<Error><Code>{code}</Code><Message>No.</Message></Error>")
        elif "list-type" in query:
            self._answer(200, self._page(path, query))
        elif path.startswith("api/datasets/"):
            self._hub(path.removeprefix("api/datasets/"))
        else:
            key = path
            if "/resolve/" in path:
                name, _, rest = path.removeprefix("datasets/").partition("/resolve/")
                key = f"{name}/{rest.partition('/')[2]}"
            self._object(self.of.objects.get(key), drops=fault == DROPPED)

    def _answer(self, status: int, text: str, kind: str = "application/xml") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        body = text.encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _object(self, found: Stored | None, *, drops: bool) -> None:
        if found is None:
            self._answer(404, "<Error><Code>NoSuchKey</Code><Message>None.</Message></Error>")
            return
        wanted, size = self.headers.get("Range"), len(found.content)
        begin, end = 0, size
        if wanted:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            begin, end = int(first), min(size, int(last) + 1 if last else size)
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{size}")
        self.send_header("ETag", found.etag)
        self.send_header("Last-Modified", formatdate(found.written_at, usegmt=True))
        self.send_header("Content-Length", str(end - begin))
        self.end_headers()
        if self.command == "GET" and drops:
            self.wfile.write(found.content[begin : (begin + end) // 2])
            self.close_connection = True
        elif self.command == "GET":
            self.wfile.write(found.content[begin:end])

    def _page(self, bucket: str, query: dict[str, list[str]]) -> str:
        """Return a page of ListObjectsV2."""
        prefix, start = query.get("prefix", [""])[0], query.get("continuation-token", [""])[0]
        keys = sorted(
            path.partition("/")[2] for path in self.of.objects if path.startswith(f"{bucket}/")
        )
        left = [key for key in keys if key.startswith(prefix) and key > start]
        most = min(int(query.get("max-keys", ["1000"])[0]), self.of.keys_a_page)
        shown = left[:most]
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(one.content)}</Size>"
            f"<LastModified>{_iso(one.written_at)}</LastModified><ETag>{escape(one.etag)}</ETag>"
            "</Contents>"
            for key in shown
            if (one := self.of.objects[f"{bucket}/{key}"])
        )
        more = (
            f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>"
            if left[most:]
            else ""
        )
        return (
            '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(shown)}</KeyCount>"
            f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>{more}{contents}"
            "</ListBucketResult>"
        )

    def _hub(self, path: str) -> None:
        """Answer the two questions to the hub: a dataset's commit, and the files of a commit."""
        owner, name, what, revision, *folder = path.split("/")
        base = f"{owner}/{name}/"
        if what == "revision":
            self._answer(200, json.dumps({"sha": f"commit-of-{revision}"}), "application/json")
            return
        below = "/".join(folder)
        files = [
            {
                "type": "file",
                "path": path.removeprefix(base),
                "size": len(one.content),
                "oid": one.etag,
            }
            for path, one in self.of.objects.items()
            if path.startswith(base + below)
        ]
        folders = [{"type": "directory", "path": "data", "size": 0, "oid": ""}]
        self._answer(200, json.dumps(folders + files), "application/json")


def _iso(seconds: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
