"""Parts of objects, kept on this machine within a limit: those used longest ago go first.

A block is a file that appears whole. Its name follows from the address, the object's version and
its place, so an object that changed has other blocks.
"""

import contextlib
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from catsdogs import paths
from catsdogs.storage.objects import Object
from catsdogs.system import files

BYTES = 8 << 20
_SPARED_BYTES = 1 << 30
# A share of the limit that may be written until the folder is looked through again.
_LOOK_EVERY = 20
_TOUCH_EVERY_S = 3600.0
_KEPT_AFTER = 0.9


def block(folder: Path, one: Object, number: int, fetch: Callable[[int, int], bytes]) -> bytes:
    """Return a block of an object below a stand-in, from this machine or else from ``fetch``.

    ``fetch`` is called with the first byte and the length, and returns so many bytes.
    """
    start = number * BYTES
    length = min(BYTES, one.size_bytes - start)
    place = _file(folder, one, number)
    if (content := _kept(place, length)) is not None:
        return content
    content = fetch(start, length)
    _keep(place, content)
    return content


def _file(folder: Path, one: Object, number: int) -> Path:
    text = repr((folder.name, *one, BYTES))
    key = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return _folder() / key[:2] / f"{key}-{number}"


def _folder() -> Path:
    return paths.cache_dir() / "storage"


def _kept(place: Path, length: int) -> bytes | None:
    try:
        content = place.read_bytes()
        if len(content) != length:
            return None
        if time.time() - place.stat().st_mtime > _TOUCH_EVERY_S:
            os.utime(place)
    except OSError:
        return None
    return content


_written_bytes: float = float("inf")
_counting = threading.Lock()


def _keep(place: Path, content: bytes) -> None:
    # Best effort: on a full disk or without permission, it is fetched again.
    with contextlib.suppress(OSError), files.replacing(place, durable=False) as temporary:
        temporary.write_bytes(content)
    global _written_bytes
    with _counting:
        _written_bytes += len(content)
        if _written_bytes * _LOOK_EVERY > paths.storage_cache_bytes():
            _written_bytes = 0
            with contextlib.suppress(OSError):
                _remove_oldest()


def _remove_oldest() -> None:
    """Remove blocks until they fit the limit, and leave some free space on the disk."""
    found = []
    for path in _folder().glob("*/*"):
        with contextlib.suppress(OSError):
            status = path.stat()
            found.append((status.st_mtime_ns, status.st_size, path))
    used = sum(size for _, size, _ in found)
    free = max(0, shutil.disk_usage(_folder()).free - _SPARED_BYTES)
    limit = min(paths.storage_cache_bytes(), used + free)
    if used <= limit:
        return
    for _, size, path in sorted(found):
        with contextlib.suppress(OSError):
            path.unlink()
        used -= size
        if used <= limit * _KEPT_AFTER:
            return
