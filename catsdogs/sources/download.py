"""Downloads that resume after an interruption. A file appears only when it is complete and checked.

NAME             the file: complete, with the expected size and checksum
NAME.part        the bytes received so far, from which the next call resumes
NAME.part.json   the source of the part: its url and validator (ETag or Last-Modified)
NAME.lock        held by the process that downloads; remains as an empty file
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
from catsdogs.system import archives, files
from catsdogs.system.locks import exclusive

# One pause after each attempt that received no new bytes. After the last one, the download fails.
RETRY_PAUSES_S = (1.0, 2.0, 4.0)
_REPORT_EVERY_S = 0.2
_WEB_ADDRESS = re.compile(r"(?i)https?://(?:\[[0-9a-f:.]+\]|[^\[\]/@:\s]+)(?::\d+)?(/.*|)")


@dataclass(frozen=True)
class Remote:
    """An archive on a server. ``size_bytes`` and ``sha256`` (hex) are checked if they are known."""

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
    """Return the archive at ``url`` for ``fetch``, with a file name derived from the url.

    Raises:
        DownloadError: if ``url`` is not an http or https address, or contains a password.
    """
    url = url.strip().partition("#")[0]
    if url == MICROSOFT.url:
        return MICROSOFT
    if not (address := _WEB_ADDRESS.fullmatch(url.partition("?")[0])):
        raise DownloadError(
            "Expected the https:// or http:// address of a zip or tar, without a password. "
            f"Received: {_without_secrets(url)!r}. Copy the address from a browser."
        )
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "_", PurePosixPath(unquote(address[1])).stem)
    stem = stem.strip("._-")[:80] or "download"
    # Two servers may both have a train.zip. The digits distinguish them.
    digits = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:8]
    return Remote(f"{stem}.zip", url, f"{stem}-{digits}.zip", None, None)


def fetch(
    remote: Remote,
    folder: Path,
    *,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Path:
    """Return ``folder / remote.filename``, after downloading the part of it that is missing.

    A dropped connection is resumed as long as new bytes arrive, and a later call resumes where this
    one stopped. ``progress`` receives bytes, up to 5 times a second (a total of 0 is unknown);
    ``should_stop`` is called at least every 0.1 s; both on this thread. One process downloads while
    others wait. A file that exists with the known size and checksum is not downloaded again.

    Raises:
        DownloadError: if it cannot be downloaded, or is not the file that ``remote`` describes.
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
    """The state of one call of ``fetch``."""

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
            raise Cancelled(f"Stopped downloading {self.remote.name}. The part so far is kept.")

    def pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.raise_if_stopped()
            time.sleep(http.POLL_S)

    def wait_for_another(self) -> None:
        self.report(self.arrived_bytes(), self.remote.size_bytes or 0)
        self.pause(http.POLL_S)


def _download(job: _Job) -> None:
    """Retry until the part is complete and correct. Only attempts without new bytes count."""
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
    """Append the bytes of one connection to the part; return the expected size of the file."""
    url = job.remote.url
    start, validator = _resumption(job)
    with http.opened(url, start, validator=validator, on_wait=job.raise_if_stopped) as reply:
        done, first = reply.start, next(reply.chunks, b"")
        total = _accepted(job, reply, first)
        with job.part.open("ab" if done else "wb") as out:
            if not done:
                # Only now, when opening the file has removed a part from another source.
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
    """Return the byte to resume from, and the validator of the file that the part belongs to."""
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        origin = json.loads(job.origin_file.read_bytes())
        if origin["url"] == job.remote.url and (origin["validator"] or job.remote.sha256):
            return job.arrived_bytes(), origin["validator"]
    return 0, ""


def _accepted(job: _Job, reply: http.Reply, first: bytes) -> int | None:
    """Return the size of the complete file, if it is known.

    Raises:
        Failure: if the reply is not an archive, or has another size than expected.
        OSError: if there is not enough space.
    """
    if not reply.start and not archives.begins_like_one(first):
        raise http.Failure(
            f"{reply.kind} that begins with {first[:16]!r}. This may be a sign-in page: "
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
    """Check the part: discard it if it is wrong, keep it if it is only incomplete.

    Raises:
        Failure: if it is wrong.
        PassingFailure: if it is incomplete.
    """
    arrived_bytes = job.arrived_bytes()
    if arrived_bytes < (total or 0):
        raise http.PassingFailure(f"{arrived_bytes:,} of {total:,} bytes. {http.TRY_AGAIN}")
    if total and arrived_bytes > total:
        fault = f"{arrived_bytes:,} bytes, not {total:,}"
    elif job.remote.sha256 and job.remote.sha256 != _sha256(job.part):
        fault = f"a file with another SHA-256 checksum than {job.remote.sha256}"
    elif not archives.is_archive(job.part):
        fault = f"a zip or tar without its end, after {arrived_bytes:,} bytes"
    else:
        return
    job.discard()
    raise http.Failure(f"{fault}. It was deleted: try again, or use another network.")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _without_secrets(url: str) -> str:
    """Return ``url`` without user, password and query, which may contain a token."""
    return re.sub(r"//[^/?#]*@", "//", url).partition("?")[0]
