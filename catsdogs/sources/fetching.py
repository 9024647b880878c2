"""From a name or an address to a folder of images: download, check, unpack, make room."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from catsdogs import paths
from catsdogs.errors import ArchiveError, DatasetError
from catsdogs.sources import download, kaggle, opening
from catsdogs.sources.download import Remote
from catsdogs.system.locks import exclusive

MICROSOFT, KAGGLE = "microsoft", "kaggle"
_SHA256 = re.compile("[0-9a-fA-F]{64}")
PHASES = {"download": "Downloading", "unpack": "Unpacking", "scan": "Reading the images"}


def check(source: str) -> None:
    """Check a source's address before its download starts.

    Raises:
        DatasetError: for one that is none.
    """
    if source not in (MICROSOFT, KAGGLE):
        download.remote_from_url(source)


def fetch(
    source: str,
    *,
    into: Path | None = None,
    sha256: str | None = None,
    report: Callable[[str, int, int], None],
    should_stop: Callable[[], bool] = lambda: False,
) -> Path:
    """Return the folder of a dataset that was downloaded and unpacked, now or earlier.

    ``source`` is "microsoft", "kaggle" or the URL of a zip; ``into`` a new folder, by default one
    below the app's data folder; ``sha256`` the checksum of a URL's file. A downloaded archive is
    removed once it is unpacked, and when it turns out to be damaged; Kaggle's stays in kagglehub's
    own cache.

    Raises:
        DatasetError: with the reason; what has arrived stays, and the next call goes on from there.
        Cancelled: when ``should_stop`` said so.
    """
    if into is not None and into.exists():
        raise DatasetError(f"Expected a new folder. Received: {into}, which exists already.")
    if source == KAGGLE:
        archive = kaggle.fetch_kaggle(progress=_phase(report, "download"), should_stop=should_stop)
        report("unpack", 0, 0)
        return opening.open_source(archive, into=into)
    remote = download.MICROSOFT if source == MICROSOFT else download.remote_from_url(source)
    name = Path(remote.filename).stem
    if sha256 is not None and not _SHA256.fullmatch(sha256.strip()):
        raise DatasetError(
            f"Expected a SHA-256 checksum of 64 hex digits. Received: {sha256!r}. Copy it whole."
        )
    if sha256 is not None:
        remote = replace(remote, sha256=sha256.strip().lower())
        name = f"{name}-{remote.sha256}"
    folder = into or paths.data_dir() / "downloaded" / name
    lock = paths.data_dir() / "downloads" / f"{name}.fetch.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    # The app and the command line may both be at it: the second finds the first one's folder.
    with exclusive(lock):
        if not folder.is_dir():
            _download_and_unpack(remote, folder, report, should_stop)
    return folder


def _download_and_unpack(
    remote: Remote,
    folder: Path,
    report: Callable[[str, int, int], None],
    should_stop: Callable[[], bool],
) -> None:
    downloads = paths.data_dir() / "downloads"
    _check_space(remote, downloads)
    archive = download.fetch(
        remote, downloads, progress=_phase(report, "download"), should_stop=should_stop
    )
    report("unpack", 0, 0)
    try:
        opening.open_source(archive, into=folder)
    except ArchiveError:
        archive.unlink()  # The next call downloads it anew.
        raise
    archive.unlink()


def _check_space(remote: Remote, folder: Path) -> None:
    """Check for the archive and for what is in it: JPEGs hardly shrink in a zip."""
    needed_bytes = 2 * (remote.size_bytes or 0)
    free_bytes = shutil.disk_usage(folder).free
    if needed_bytes > free_bytes:
        raise DatasetError(
            f"Expected {needed_bytes:,} free bytes for {remote.name} and what is in it. Received: "
            f"{free_bytes:,} in {folder}. Free some space, or set CATSDOGS_DATA to a larger disk."
        )


def _phase(report: Callable[[str, int, int], None], name: str) -> Callable[[int, int], None]:
    return lambda done, total: report(name, done, total)
