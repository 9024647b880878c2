"""Which of the files in a folder are pictures: those with an image's suffix, or an image's bytes.

A file with an image's suffix that is not one is still a picture: reading it gives the reason.
"""

import contextlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from catsdogs.images import containers, picture
from catsdogs.storage import reading
from catsdogs.system import files

# The signatures of all formats, with the brands of a HEIC file, are in the first bytes.
HEAD_BYTES = 512
_READERS, MOST_TYPES = 4, 20
# Parts of one table are numbered after the suffix: x.tfrecord-00000-of-00016.
_SHARD = re.compile(r"-\d+-of-\d+$")
# Without these flags, opening a pipe would wait for a writer, and Windows would change bytes.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
# By path: size in bytes, date in nanoseconds, and whether it begins like an image.
_Known = dict[str, tuple[int, int, bool]]


def has_image_suffix(name: str) -> bool:
    """Return whether the name of a file is that of an image."""
    suffix = os.path.splitext(name)[1]  # noqa: PTH122 - three times as fast as a Path
    return suffix.lower() in picture.SUFFIXES


def is_image(name: str, head: bytes) -> bool:
    """Return whether a file is a picture by its name, or by its first ``HEAD_BYTES`` bytes."""
    return has_image_suffix(name) or containers.begins_like_an_image(head)


def pictures(
    root: Path, listed: Mapping[str, os.stat_result], *, memory: Path | None = None
) -> set[str]:
    """Return which of the ``listed`` files below ``root`` are pictures.

    Only files without an image's suffix are opened. With ``memory``, a file in the cache, those
    that have the same size and date as at the last call are not opened again.
    """
    named = {path for path in listed if has_image_suffix(path)}
    unsure = {path: listed[path] for path in listed.keys() - named}
    before = _read(memory) if memory and unsure else {}
    known = {
        path: before[path]
        for path, status in unsure.items()
        if path in before and before[path][:2] == (status.st_size, status.st_mtime_ns)
    }
    found = known | _judged(root, {path: unsure[path] for path in unsure.keys() - known.keys()})
    if memory and found != before:
        _write(memory, found)
    return named | {path for path, (_, _, is_picture) in found.items() if is_picture}


def types(paths: Iterable[str]) -> dict[str, int]:
    """Return the number of files by suffix in lower case, at most 20, the most frequent first."""
    suffixes = (_SHARD.sub("", os.path.splitext(path)[1].lower()) for path in paths)  # noqa: PTH122
    counts = Counter(suffix if suffix.isprintable() else "" for suffix in suffixes)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_TYPES])


def head(path: Path) -> bytes:
    """Return the first ``HEAD_BYTES`` bytes of a file or object; none if it cannot be read.

    Raises:
        Unreachable: if an address cannot be read now.
    """
    if reading.is_object(path):
        return reading.read(path, HEAD_BYTES)
    with contextlib.suppress(OSError):
        descriptor = os.open(path, _FLAGS)
        try:
            return os.read(descriptor, HEAD_BYTES)
        finally:
            os.close(descriptor)
    return b""


def _judged(root: Path, unsure: Mapping[str, os.stat_result]) -> _Known:
    with ThreadPoolExecutor(_READERS) as pool:
        heads = pool.map(lambda path: head(root / path), unsure)
        return {
            path: (status.st_size, status.st_mtime_ns, containers.begins_like_an_image(begun))
            for (path, status), begun in zip(unsure.items(), heads, strict=True)
            # A file that could not be read may be readable next time.
            if begun or not status.st_size
        }


def _read(memory: Path) -> _Known:
    try:
        known = json.loads(memory.read_bytes())
        return {
            path: (int(size), int(date), bool(is_)) for path, (size, date, is_) in known.items()
        }
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _write(memory: Path, known: _Known) -> None:
    # Best effort: on a full disk or without permission, the next call is only slower.
    with contextlib.suppress(OSError):
        files.write_text(memory, json.dumps(known))
