"""From a name or an address to a folder of images: download, check, unpack, remove the archive."""

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
        DatasetError: if it is not an address.
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
    """Return the folder of a dataset, after downloading and unpacking it if necessary.

    ``source`` is "microsoft", "kaggle" or the URL of a zip. ``into`` is a new folder; the default
    is a folder inside the app's data folder. ``sha256`` is the checksum of a URL's file. The
    downloaded archive is removed when it is unpacked or turns out to be damaged; that of Kaggle
    stays in kagglehub's own cache.

    Raises:
        DatasetError: with the reason. The bytes received so far are kept for the next call.
        Cancelled: if ``should_stop`` returned True.
    """
    if into is not None and into.exists():
        raise DatasetError(f"Expected a new folder. Received: {into}, which exists already.")
    if source == KAGGLE:
        archive = kaggle.fetch_kaggle(progress=_phase(report, "download"), should_stop=should_stop)
        report("unpack", 0, 0)
        return opening.open_source(archive, into=into)
    remote = _remote(source, sha256)
    name = Path(remote.filename).stem
    if sha256 is not None:
        name = f"{name}-{remote.sha256}"
    folder = into or paths.data_dir() / "downloaded" / name
    lock = paths.data_dir() / "downloads" / f"{name}.fetch.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    # The app and the command line may fetch the same source: the second one finds the folder.
    with exclusive(lock):
        if not folder.is_dir():
            _download_and_unpack(remote, folder, report, should_stop)
    return folder


def _remote(source: str, sha256: str | None) -> Remote:
    remote = download.MICROSOFT if source == MICROSOFT else download.remote_from_url(source)
    if sha256 is None:
        return remote
    if not _SHA256.fullmatch(sha256.strip()):
        raise DatasetError(
            f"Expected a SHA-256 checksum of 64 hex digits. Received: {sha256!r}. Copy it whole."
        )
    return replace(remote, sha256=sha256.strip().lower())


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
        archive.unlink()  # The next call downloads it again.
        raise
    archive.unlink()


def _check_space(remote: Remote, folder: Path) -> None:
    """Check the space for the archive and its contents: JPEGs hardly shrink in a zip."""
    needed_bytes = 2 * (remote.size_bytes or 0)
    free_bytes = shutil.disk_usage(folder).free
    if needed_bytes > free_bytes:
        raise DatasetError(
            f"Expected {needed_bytes:,} free bytes for {remote.name} and its contents. Received: "
            f"{free_bytes:,} in {folder}. Free some space, or set CATSDOGS_DATA to a larger disk."
        )


def _phase(report: Callable[[str, int, int], None], name: str) -> Callable[[int, int], None]:
    return lambda done, total: report(name, done, total)
