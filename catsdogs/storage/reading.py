"""A path below the folder that stands for an address → bytes, all or some of them."""

import io
import os
import stat
from pathlib import Path
from typing import BinaryIO

from catsdogs.errors import Unreachable
from catsdogs.storage import blocks, stand_in
from catsdogs.storage.objects import CHANGED, Object, Store

_SIZE_PLACE, _MODE_PLACE = 6, 0  # in os.stat_result


def is_object(path: Path) -> bool:
    """Return whether a path stands for an object at an address."""
    return _found(path) is not None


def is_below(path: Path) -> bool:
    """Return whether a path is that of a stand-in, or below one."""
    return stand_in.divided(path) is not None


def status(path: Path) -> os.stat_result:
    """Return the size and date of a file or an object.

    Raises:
        OSError: if it does not exist.
    """
    found = _found(path)
    return path.stat() if found is None else status_of(found[1])


def opened(path: Path) -> BinaryIO:
    """Return a file or an object for reading at any place.

    Raises:
        OSError: if it does not exist.
    """
    found = _found(path)
    return path.open("rb") if found is None else io.BufferedReader(_Stream(*found))


def read(path: Path, most_bytes: int | None = None) -> bytes:
    """Return the content of an object, or its first ``most_bytes``.

    Raises:
        Unreachable: if it cannot be read, or has changed since the dataset was listed.
    """
    found = _found(path)
    if found is None:
        raise Unreachable(
            CHANGED, f"Expected an object at {path.name}. Received: none. Scan again."
        )
    with _Stream(*found) as stream:
        size = found[1].size_bytes
        return stream.readall() if most_bytes is None else stream.head(min(size, most_bytes))


def listed(root: Path) -> list[Object]:
    """Return the objects at the address that ``root`` stands for, asked for now.

    Raises:
        Unreachable: if they cannot be listed.
    """
    objects = list(stand_in.store(root).listed())
    stand_in.keep(root, objects)
    return objects


def status_of(one: Object) -> os.stat_result:
    """Return the size and date of an object, in the form of a regular file's."""
    values = [0] * 10
    values[_SIZE_PLACE], values[_MODE_PLACE] = one.size_bytes, stat.S_IFREG
    return os.stat_result(values, {"st_mtime_ns": one.modified_ns})


def _found(path: Path) -> tuple[Path, Object] | None:
    inside = stand_in.divided(path)
    if inside is None:
        return None
    folder, name = inside
    one = stand_in.known(folder).get(name)
    return (folder, one) if one else None


class _Stream(io.RawIOBase):
    """An object as a file. The block that was read last stays in memory."""

    def __init__(self, folder: Path, one: Object) -> None:
        self._folder, self._object, self._position = folder, one, 0
        self._store: Store = stand_in.store(folder)
        self._number, self._block = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        begins = {
            os.SEEK_SET: 0,
            os.SEEK_CUR: self._position,
            os.SEEK_END: self._object.size_bytes,
        }
        self._position = max(0, begins[whence] + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        number, place = divmod(self._position, blocks.BYTES)
        if self._position >= self._object.size_bytes:
            return 0
        if number != self._number:
            self._block = blocks.block(self._folder, self._object, number, self._fetched)
            self._number = number
        chunk = self._block[place : place + len(buffer)]
        buffer[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)

    def head(self, length: int) -> bytes:
        """Return the first bytes, without more of a large object than these."""
        if self._object.size_bytes > blocks.BYTES:
            return self._fetched(0, length)
        return self.readall()[:length]

    def _fetched(self, start: int, length: int) -> bytes:
        return self._store.read(self._object, start, length)
