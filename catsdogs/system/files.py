"""Files that appear whole or not at all: written beside their place, fsynced, then renamed."""

import errno
import hashlib
import json
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import Any

_UNFINISHED = ".tmp-"
_RESERVED_BYTES = 64 * 1024


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success rename it there, on failure remove it.

    With ``durable=False`` nothing waits for the disk: a power cut may lose the file.

    The temporary name keeps the suffix, because Keras and Pillow choose a format by it.
    """
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=_UNFINISHED, suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            temporary.chmod(0o644)
            if durable:
                sync(temporary)
            temporary.replace(path)
        finally:
            # It is still there after a failure, or when it is a second name of ``path`` itself,
            # which renaming keeps. An error here must not hide the first one.
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        if durable:
            sync(path.parent)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Add the file's name to an error: the system leaves it out for a failed write."""
    try:
        yield
    except OSError as error:
        if error.errno and (not error.filename or _UNFINISHED in str(error.filename)):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


@contextmanager
def reserve(path: Path) -> Iterator[None]:
    """Reserve a little disk space in the file ``path``, and free it on leaving.

    So the process can still report a full disk.
    """
    # Random, because some file systems store zeros in no space at all.
    path.unlink(missing_ok=True)
    write_bytes(path, os.urandom(_RESERVED_BYTES))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def remove_unfinished(folder: Path, *, older_than_s: float = 0) -> None:
    """Remove the files that ``replacing`` left in ``folder`` when its process was killed.

    With ``older_than_s``, remove only files that nobody has written to for so long: other processes
    may be writing.
    """
    for path in folder.glob(f"{_UNFINISHED}*"):
        with suppress(FileNotFoundError):  # Its writer has just finished.
            if time.time() - path.stat().st_mtime >= older_than_s:
                path.unlink()


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write ``content`` to ``path`` atomically, as UTF-8."""
    write_bytes(path, content.encode("utf-8"))


def write_json(path: Path, content: Any) -> None:
    """Write ``content`` to ``path`` atomically, as indented JSON."""
    write_text(path, json.dumps(content, indent=2) + "\n")


@contextmanager
def opened_plain(path: Path) -> Iterator[BufferedReader]:
    """Open a regular file to read; refuse links, and pipes or devices that could block.

    Raises:
        OSError: when it is anything else, or cannot be read.
    """
    with open(path, "rb", opener=_at_once) as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        yield stream


def read_plain(path: Path, *, most_bytes: int) -> bytes:
    """Return the content of a file that ``opened_plain`` opens.

    Raises:
        OSError: when it is not a regular file, cannot be read, or is larger.
    """
    with opened_plain(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > most_bytes:
            raise OSError(errno.EFBIG, f"{size:,} bytes, more than {most_bytes:,}", str(path))
        return stream.read()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content, 64 hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _at_once(path: str, flags: int) -> int:
    # Without these flags, opening a pipe would wait for a writer. Windows has neither.
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, would survive a power cut."""
    # Windows cannot open a folder; there a rename is durable without it.
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
