"""From a path to a folder of images. Archives are unpacked once, into the app's data folder.

The user's own files are only read.
"""

import contextlib
import glob
import hashlib
import os
import shutil
from pathlib import Path

from catsdogs import paths
from catsdogs.errors import DatasetError
from catsdogs.sources import current, unpacking
from catsdogs.sources.sample import SAMPLE_NAME, sample_dir
from catsdogs.system import zips

# What a zip begins with, even one whose end is missing (APPNOTE.TXT, 4.3.7).
_ZIP_MAGIC = b"PK\x03\x04"
# Versions of one archive that stay unpacked: a run may still read from the one before.
_VERSIONS_KEPT = 2


def display_name(path: Path) -> str:
    """Return a short name for a dataset's folder or archive."""
    path = path.absolute()
    if path == sample_dir():
        return SAMPLE_NAME
    if path.parent == _unpacked_dir():
        return path.name.rpartition("-")[0] + ".zip"
    return path.name if path.suffix else "/".join(path.parts[-2:])


def open_source(path: Path, *, into: Path | None = None) -> Path:
    """Return the folder that holds the images of ``path``, unpacking an archive when needed.

    An archive is unpacked once, below the app's data folder, or to the new folder ``into``.

    Raises:
        DatasetError: when there is nothing at ``path``, it is neither a folder nor a zip, or
            ``into`` is in use.
    """
    try:
        path = path.expanduser().absolute()
        if path.is_dir():
            return path
        if path.is_file() and zips.is_zip(path):
            return _unpacked(path, into.absolute() if into else None)
        received = _what_is_at(path)
    except (OSError, RuntimeError) as error:
        # A name that is too long, a home folder that does not exist, a folder without permission.
        received = f"a path that cannot be followed ({error})"
    raise DatasetError(
        f"Expected a folder with images, or a zip of them, at {path}. Received: {received}. "
        "Check the path; other archive formats have to be unpacked first."
    )


def opened(path: Path) -> Path | None:
    """Return the folder that ``open_source`` would, or None where that would fail or unpack."""
    try:
        path = path.expanduser().absolute()
        folder = path if path.is_dir() else _place_of(path)
        return folder if folder.is_dir() else None
    except (OSError, RuntimeError):
        return None


def _unpacked_dir() -> Path:
    return paths.data_dir() / "unpacked"


def _what_is_at(path: Path) -> str:
    """Say what a path that cannot be opened leads to."""
    if not path.exists():
        return "nothing at that path"
    if not path.is_file():
        return "something that is neither a file nor a folder"
    with path.open("rb") as stream:
        begins_like_one = stream.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC
    if begins_like_one:
        return "a damaged zip, whose end is missing: download or copy it again"
    return "a file that is not a zip"


def _unpacked(archive: Path, into: Path | None) -> Path:
    """Unpack ``archive`` once; another file at the same path is unpacked anew."""
    if into is not None:
        if into.exists():
            raise DatasetError(f"Expected a new folder. Received: {into}, which exists already.")
        unpacking.unpack(archive, into)
        return into
    folder = _place_of(archive)
    if not folder.is_dir():
        unpacking.unpack(archive, folder)
        _remove_superseded(folder)
    return folder


def _place_of(archive: Path) -> Path:
    """Return where ``archive`` is, or is to be, unpacked: NAME-<its path><its version>."""
    status = archive.stat()
    version = f"{status.st_size}\n{status.st_mtime_ns}".encode()
    keys = (hashlib.sha256(of).hexdigest()[:8] for of in (os.fsencode(archive), version))
    # Short enough to leave room for the keys, and without bytes that are no UTF-8.
    name = os.fsencode(archive.stem)[:150].decode(errors="ignore")
    return _unpacked_dir() / f"{name}-{''.join(keys)}"


def _remove_superseded(folder: Path) -> None:
    """Remove what earlier versions of the archive in ``folder`` left, but the latest of them."""
    pattern = f"{glob.escape(folder.name[:-8])}*"
    versions = sorted(folder.parent.glob(pattern), key=lambda path: path.stat().st_mtime_ns)
    for path in versions[:-_VERSIONS_KEPT]:
        if path not in (folder, current.chosen()):
            # Out of sight first: half of a version must not pass for the whole of it.
            with contextlib.suppress(OSError):
                shutil.rmtree(path.replace(path.with_name(f"{unpacking.UNFINISHED}{path.name}")))
