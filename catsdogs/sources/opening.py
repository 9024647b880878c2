"""From a path to a folder of images. Archives are unpacked once, into the app's data folder.

The user's files are only read.
"""

import contextlib
import glob
import hashlib
import os
import shutil
from pathlib import Path

from catsdogs import paths
from catsdogs.dataset import recognition
from catsdogs.errors import DatasetError
from catsdogs.images import stored
from catsdogs.sources import current, unpacking
from catsdogs.sources.sample import SAMPLE_NAME, sample_dir
from catsdogs.storage import stand_in
from catsdogs.system import archives, file_kinds
from catsdogs.system.file_kinds import FileKind

# Versions of one archive that stay unpacked: a run may still read from the previous one.
_VERSIONS_KEPT = 2


def display_name(path: Path) -> str:
    """Return a short name for a dataset's folder or archive, or its address."""
    path = path.absolute()
    if address := stand_in.address_of(path):
        return address
    if path == sample_dir():
        return SAMPLE_NAME
    if path.parent == _unpacked_dir():
        name = path.name.rpartition("-")[0]
        return name if archives.is_named_like_one(name) else f"{name}.zip"
    return path.name if path.suffix else "/".join(path.parts[-2:])


def open_source(path: Path, *, into: Path | None = None) -> Path:
    """Return the folder with the images of ``path``, after unpacking an archive if necessary.

    A Parquet table or a WebDataset tar is returned as it is: it is read like a folder. An archive
    is unpacked once, inside the app's data folder, or to the new folder ``into``.

    Raises:
        DatasetError: if ``path`` does not exist or is neither a folder nor an archive, or ``into``
            exists.
    """
    try:
        path = path.expanduser().absolute()
        if path.is_dir() or stored.replaces_folder(path):
            return path
        if path.is_file() and _known(path) is None and archives.is_archive(path):
            return _unpacked(path, into.absolute() if into else None)
        received = _what_is_at(path)
    except (OSError, RuntimeError) as error:
        # The name is too long, the home folder does not exist, or permission is missing.
        received = f"a path that cannot be opened ({error}). Check the path"
    raise DatasetError(
        f"Expected a folder with images, or a zip or tar of them, at {path}. Received: {received}."
    )


def opened(path: Path) -> Path | None:
    """Return the folder that ``open_source`` would return, or None if it would fail or unpack."""
    try:
        path = path.expanduser().absolute()
        if path.is_dir() or stored.replaces_folder(path):
            return path
        folder = _place_of(path)
        return folder if folder.is_dir() else None
    except (OSError, RuntimeError):
        return None


def _unpacked_dir() -> Path:
    return paths.data_dir() / "unpacked"


def _known(path: Path) -> FileKind | None:
    """Return what a file is if it is a known container that is not read, like a RAR archive."""
    return file_kinds.of_file(path.name, recognition.head(path))


def _what_is_at(path: Path) -> str:
    """Return what is at a path that is not a dataset, and what to do, for an error message."""
    if not path.exists():
        return "nothing at that path. Check the path"
    if not path.is_file():
        return "something that is neither a file nor a folder. Check the path"
    with path.open("rb") as stream:
        head = stream.read(recognition.HEAD_BYTES)
    if kind := _known(path):
        return f"{kind.title}. {kind.advice.rstrip('.')}"
    if recognition.is_image(path.name, head):
        return "a single image. Type the path of its folder, or open it on Classify"
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "a web page: the download failed. Download the file again"
    return archives.damage(head) or "a file that is not a zip or tar. Check the path"


def _unpacked(archive: Path, into: Path | None) -> Path:
    """Return the folder of an archive, unpacking it once. A changed archive is unpacked again."""
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
    """Return the folder to unpack ``archive`` to: NAME-<hash of its path><hash of its version>."""
    status = archive.stat()
    version = f"{status.st_size}\n{status.st_mtime_ns}".encode()
    keys = (hashlib.sha256(of).hexdigest()[:8] for of in (os.fsencode(archive), version))
    name = archive.name if archive.name.lower().endswith(archives.TAR_SUFFIXES) else archive.stem
    # Short enough to leave room for the hashes, and without bytes that are not UTF-8.
    name = os.fsencode(name)[:150].decode(errors="ignore")
    return _unpacked_dir() / f"{name}-{''.join(keys)}"


def _remove_superseded(folder: Path) -> None:
    """Remove all but the latest earlier version of the archive in ``folder``."""
    pattern = f"{glob.escape(folder.name[:-8])}*"
    versions = sorted(folder.parent.glob(pattern), key=lambda path: path.stat().st_mtime_ns)
    for path in versions[:-_VERSIONS_KEPT]:
        if path not in (folder, current.chosen()):
            # Rename it first, so that a partly removed version is not mistaken for a complete one.
            with contextlib.suppress(OSError):
                shutil.rmtree(path.replace(path.with_name(f"{unpacking.UNFINISHED}{path.name}")))
