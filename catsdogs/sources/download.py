"""Downloads that resume after a drop and are visible only once they are whole and checked.

NAME             the file: complete, of the size and the checksum that were expected
NAME.part        what has arrived so far; the next call goes on from there
NAME.part.json   of which remote file: its url and validator (ETag or Last-Modified)
NAME.lock        held by the one process that downloads; stays behind, empty
"""

import contextlib
import hashlib
import itertools
import json
import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from catsdogs.errors import Cancelled, DownloadError
from catsdogs.images.parallel import Progress
from catsdogs.sources import http
from catsdogs.system import files, zips
from catsdogs.system.locks import exclusive

# One pause after each attempt that brought nothing new; when they are used up, it fails.
RETRY_PAUSES_S = (1.0, 2.0, 4.0)
_REPORT_EVERY_S = 0.2
_WEB_ADDRESS = re.compile(r"(?i)https?://(?:\[[0-9a-f:.]+\]|[^\[\]/@:\s]+)(?::\d+)?(/.*|)")
# A zip with members, and one without any (APPNOTE.TXT, 4.3.7 and 4.3.16).
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True)
class Remote:
    """A zip on a server; ``size_bytes`` and ``sha256`` (hex) are checked where they are known."""

    name: str
    url: str
    filename: str
    size_bytes: int | None
    sha256: str | None


# Size and SHA-256 from tensorflow-datasets 4.9.10, url_checksums/cats_vs_dogs.txt.
MICROSOFT = Remote(
    name="Microsoft's Cats and Dogs archive",
    url="https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/"
    "kagglecatsanddogs_5340.zip",
    filename="kagglecatsanddogs_5340.zip",
    size_bytes=824_887_076,
    sha256="b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9",
)


def remote_from_url(url: str) -> Remote:
    """Return what ``fetch`` needs for the zip at ``url``; its file name is the url's own.

    Raises:
        DownloadError: when ``url`` is no http or https address, or has a password in it.
    """
    url = url.strip().partition("#")[0]
    if url == MICROSOFT.url:
        return MICROSOFT
    if not (address := _WEB_ADDRESS.fullmatch(url.partition("?")[0])):
        raise DownloadError(
            "Expected the https:// or http:// address of a zip, without a password. Received: "
            f"{_without_secrets(url)!r}. Copy the address from a browser."
        )
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "_", PurePosixPath(unquote(address[1])).stem)
    stem = stem.strip("._-")[:80] or "download"
    # Two servers may both have a train.zip; the digits keep one from passing for the other.
    digits = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:8]
    return Remote(f"{stem}.zip", url, f"{stem}-{digits}.zip", None, None)


def fetch(
    remote: Remote,
    folder: Path,
    *,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Path:
    """Return ``folder / remote.filename``, after downloading what is missing of it.

    A dropped connection is taken up again while bytes keep arriving; later calls go on where this
    one ended. ``progress`` is told bytes, up to 5 times a second (a total of 0: not known), and
    ``should_stop`` asked at least every 0.1 s, both on this thread. One process downloads, others
    wait. A file that is there already, of the size and checksum that are known, is not asked for.

    Raises:
        DownloadError: when it cannot be had, or is not what ``remote`` says.
        Cancelled: soon after ``should_stop`` returned True.
    """
    target = folder / remote.filename
    job = _Job(remote, folder / f"{remote.filename}.part", progress, should_stop)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with exclusive(folder / f"{remote.filename}.lock", wait=job.wait_for_another):
            if not _is_there(target, remote):
                _download(job)
                job.part.replace(target)
                job.discard()
        size_bytes = target.stat().st_size
    except http.Failure as failure:
        raise DownloadError(
            f"Expected {remote.name} from {_without_secrets(remote.url)}. Received: {failure}"
        ) from None
    except OSError as error:
        raise DownloadError(
            f"Expected to write {remote.filename} into {folder}. Received: {error}. Free some "
            "space, or choose another folder."
        ) from None
    if progress:
        progress(size_bytes, size_bytes)
    return target


def _is_there(target: Path, remote: Remote) -> bool:
    return (
        target.is_file()
        and remote.size_bytes in (None, target.stat().st_size)
        and remote.sha256 in (None, _sha256(target))
    )


@dataclass
class _Job:
    """One call of ``fetch``."""

    remote: Remote
    part: Path
    progress: Progress | None
    should_stop: Callable[[], bool]
    report_due_s: float = 0.0

    @property
    def origin_file(self) -> Path:
        return self.part.with_name(f"{self.part.name}.json")

    def report(self, done: int, total: int) -> None:
        if self.progress and time.monotonic() >= self.report_due_s:
            self.report_due_s = time.monotonic() + _REPORT_EVERY_S
            self.progress(done, total)

    def arrived_bytes(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def discard(self) -> None:
        self.part.unlink(missing_ok=True)
        self.origin_file.unlink(missing_ok=True)

    def raise_if_stopped(self) -> None:
        if self.should_stop():
            raise Cancelled(f"Stopped downloading {self.remote.name}. What has arrived is kept.")

    def pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.raise_if_stopped()
            time.sleep(http.POLL_S)

    def wait_for_another(self) -> None:
        self.report(self.arrived_bytes(), self.remote.size_bytes or 0)
        self.pause(http.POLL_S)


def _download(job: _Job) -> None:
    """Attempt until the part is whole and right. Only attempts that bring nothing new count."""
    furthest, failures = job.arrived_bytes(), 0
    while True:
        try:
            return _check(job, _attempt(job))
        except http.PassingFailure:
            failures = 0 if job.arrived_bytes() > furthest else failures + 1
            furthest = max(furthest, job.arrived_bytes())
            if failures > len(RETRY_PAUSES_S):
                raise
        job.pause(RETRY_PAUSES_S[max(failures - 1, 0)])


def _attempt(job: _Job) -> int | None:
    """Append to the part what one connection brings; return the size it should have reached."""
    url = job.remote.url
    start, validator = _resumption(job)
    with http.opened(url, start, validator=validator, on_wait=job.raise_if_stopped) as reply:
        done, first = reply.start, next(reply.chunks, b"")
        total = _accepted(job, reply, first)
        with job.part.open("ab" if done else "wb") as out:
            if not done:
                # Only now is nothing left of a part that came from elsewhere.
                files.write_json(job.origin_file, {"url": url, "validator": reply.validator})
            for chunk in itertools.chain([first], reply.chunks):
                done += out.write(chunk)
                job.report(done, total or 0)
                if total is not None and done > total:
                    break
            out.flush()
            os.fsync(out.fileno())
    return total


def _resumption(job: _Job) -> tuple[int, str]:
    """Return from which byte to go on, and the validator of the file that the part began."""
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        origin = json.loads(job.origin_file.read_bytes())
        if origin["url"] == job.remote.url and (origin["validator"] or job.remote.sha256):
            return job.arrived_bytes(), origin["validator"]
    return 0, ""


def _accepted(job: _Job, reply: http.Reply, first: bytes) -> int | None:
    """Return the size of the whole file, after refusing what cannot become it."""
    if not reply.start and not first.startswith(_ZIP_MAGICS):
        raise http.Failure(
            f"{reply.kind} that begins with {first[:16]!r}. A page to sign in looks like that: "
            "open the address in a browser, and copy the address of the file itself."
        )
    total = job.remote.size_bytes or reply.total_bytes
    if reply.total_bytes not in (None, total):
        raise http.Failure(
            f"a file of {reply.total_bytes:,} bytes, not {total:,}. The file on the server has "
            "changed, or a proxy changes it: download it in a browser."
        )
    missing_bytes = (total or 0) - job.arrived_bytes()
    if missing_bytes > (free_bytes := shutil.disk_usage(job.part.parent).free):
        raise OSError(f"{free_bytes:,} free bytes for the missing {missing_bytes:,}")
    return total


def _check(job: _Job, total: int | None) -> None:
    """Discard a part that is not what it should be; leave one that is merely not whole yet."""
    arrived_bytes = job.arrived_bytes()
    if arrived_bytes < (total or 0):
        raise http.PassingFailure(f"{arrived_bytes:,} of {total:,} bytes. {http.TRY_AGAIN}")
    if total and arrived_bytes > total:
        fault = f"{arrived_bytes:,} bytes, not {total:,}"
    elif job.remote.sha256 and job.remote.sha256 != _sha256(job.part):
        fault = f"a file with another SHA-256 checksum than {job.remote.sha256}"
    elif not zips.is_zip(job.part):
        fault = f"a zip without its end, after {arrived_bytes:,} bytes"
    else:
        return
    job.discard()
    raise http.Failure(f"{fault}. What arrived is deleted: try again, or use another network.")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _without_secrets(url: str) -> str:
    """Return ``url`` without user, password and query, which may hold a token."""
    return re.sub(r"//[^/?#]*@", "//", url).partition("?")[0]
