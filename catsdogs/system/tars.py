"""Tars from any source, also compressed ones, opened and read within limits.

``tarfile`` believes every header. So it reads through a file object of ours, which refuses long
headers, steps backwards and more bytes than the archive may unpack to.
"""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import weakref
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import IO, cast

from catsdogs.system.members import (
    CHUNK_BYTES,
    HEAD_BYTES,
    Kind,
    Member,
    OutOfBounds,
    check_count,
    most_bytes,
)

Source = Path | bytes | IO[bytes]  # a stream is closed with the archive
# Errors that Python's modules raise for a damaged or hostile tar.
ERRORS = (
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    ValueError,
    ArithmeticError,
    LookupError,
    EOFError,
    RuntimeError,
    OSError,
    MemoryError,
)
GZIP, BZIP2, XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"
# Beyond the name and a few attributes, a header has nothing to say.
_MOST_HEADER_BYTES = 1 << 20
# tarfile may ask for a missing part of a header again and again.
_MOST_EMPTY_READS = 20
# Four times the memory that the output of ``xz -9`` needs.
_MOST_XZ_BYTES = 256 << 20
# Threads read pictures nearly in order. Members passed on the way to a later one are kept.
_KEPT_MEMBERS, _MOST_KEPT_BYTES = 16, 64 << 20


def is_tar(source: Source) -> bool:
    """Return whether a file begins like a tar, compressed or not.

    Raises:
        OSError: if it cannot be read.
    """
    with _raw(source) as raw:
        try:
            head = _unpacked(raw).read(tarfile.BLOCKSIZE)
            tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
        except OSError as error:
            if error.errno is not None:  # Only errors of the system have a number.
                raise
            return False
        except ERRORS:
            return False
        return True


def first_names(source: Source, count: int) -> list[str]:
    """Return the names of the first members of a tar that is not compressed.

    Raises:
        ERRORS, OutOfBounds: if it is compressed, or damaged there.
    """
    with _raw(source) as raw:
        archive = tarfile.TarFile(fileobj=cast("IO[bytes]", _Bounded(raw, most_bytes(0))))
        return [entry.name for entry in islice(iter(archive.next, None), count)]


@dataclass(frozen=True)
class _Place:
    """Where a member is: how many others come before it, and the offset of its content."""

    number: int
    offset: int


class Tar:
    """An ``Archive``: the tar at a path, in a stream or with the given content, for reading."""

    def __init__(self, source: Source) -> None:
        """Read all headers, and so all of a compressed tar.

        Raises:
            ERRORS, OutOfBounds: if it is damaged or cut short, or has too many entries.
        """
        self._raw = _raw(source)
        # The pictures of an archive stay readable as long as somebody holds the archive.
        weakref.finalize(self, self._raw.close)
        self._lock = Lock()
        self._next, self._kept = 0, dict[int, bytes]()
        try:
            size_bytes = self._raw.seek(0, os.SEEK_END)
            self._raw.seek(0)
            self._stream = _unpacked(self._raw)
            self._is_packed = self._stream is not self._raw
            self.members = _members(_Bounded(self._stream, most_bytes(size_bytes)))
            if self._is_packed:
                _read_to_the_end(self._stream, most_bytes(size_bytes))
        except BaseException:
            self._raw.close()
            raise

    def chunks(self, member: Member) -> Iterator[bytes]:
        """Yield a member's content in pieces."""
        position, end = member.entry.offset, member.entry.offset + member.size_bytes
        while position < end:
            with self._lock:
                self._stream.seek(position)
                chunk = self._stream.read(min(CHUNK_BYTES, end - position))
            if not chunk:
                raise tarfile.ReadError("unexpected end of data")
            yield chunk
            position += len(chunk)

    def read(self, member: Member, *, at_most: int) -> bytes:
        """Return a member's content, cut after ``at_most`` bytes and one.

        A compressed tar is unpacked from the beginning to reach an earlier member. So the last few
        members before this one are kept, because other threads will ask for them.
        """
        with self._lock:
            number = member.entry.number
            if number in self._kept:
                return self._kept.pop(number)
            if self._is_packed:
                for before in self.members[max(self._next, number - _KEPT_MEMBERS) : number]:
                    if before.kind is Kind.FILE and before.size_bytes <= at_most:
                        self._keep(before, self._content(before, at_most))
            self._next = number + 1
            return self._content(member, at_most)

    def head(self, member: Member) -> bytes:
        """Return a member's first bytes."""
        with self._lock:
            return self._content(member, HEAD_BYTES)

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def _content(self, member: Member, at_most: int) -> bytes:
        wanted = min(member.size_bytes, at_most + 1)
        self._stream.seek(member.entry.offset)
        content = self._stream.read(wanted)
        if len(content) < wanted:
            raise tarfile.ReadError("unexpected end of data")
        return content

    def _keep(self, member: Member, content: bytes) -> None:
        self._kept[member.entry.number] = content
        while sum(map(len, self._kept.values())) > _MOST_KEPT_BYTES:
            self._kept.pop(next(iter(self._kept)))


class _Xz(io.RawIOBase):
    """The content of an xz file, unpacked with bounded memory, which ``lzma.LZMAFile`` cannot."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._restart()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = b""
        while not chunk and self._has_more():
            given = self._raw.read(CHUNK_BYTES) if self._unpacker.needs_input else b""
            if self._unpacker.needs_input and not given:
                raise EOFError("the xz file ends too early")
            chunk = self._unpacker.decompress(given, len(buffer))
        buffer[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if offset < self._position:
            self._restart()
        while self._position < offset and self.read(min(CHUNK_BYTES, offset - self._position)):
            pass
        return self._position

    def tell(self) -> int:
        return self._position

    def _restart(self) -> None:
        self._raw.seek(0)
        self._position = 0
        self._unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_XZ_BYTES)

    def _has_more(self) -> bool:
        """Return whether something is left to unpack. One xz file may follow another."""
        if not self._unpacker.eof:
            return True
        rest = self._unpacker.unused_data.lstrip(b"\0")
        self._raw.seek(-len(rest), os.SEEK_CUR)
        while (begun := self._raw.read(CHUNK_BYTES)) and not begun.strip(b"\0"):
            pass
        if not begun:
            return False
        self._raw.seek(-len(begun.lstrip(b"\0")), os.SEEK_CUR)
        self._unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_XZ_BYTES)
        return True


class _Bounded:
    """A file for ``tarfile`` to read headers from."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream, self._most, self._empty_reads = stream, most, 0

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MOST_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        chunk = self._stream.read(size)
        self._empty_reads += not chunk
        if self._empty_reads > _MOST_EMPTY_READS:
            raise tarfile.ReadError("unexpected end of data")
        return chunk

    def seek(self, position: int) -> int:
        if not 0 <= position <= self._most:
            raise OutOfBounds(f"it unpacks to more than {self._most:,} bytes")
        return self._stream.seek(position)

    def tell(self) -> int:
        return self._stream.tell()


def _members(bounded: _Bounded) -> Sequence[Member]:
    """Return all members, after checking that nothing is missing behind the last one."""
    archive = tarfile.TarFile(fileobj=cast("IO[bytes]", bounded))
    members, entry, reached = list[Member](), archive.next(), -1
    while entry is not None:
        if archive.offset <= reached:
            raise tarfile.ReadError("a header that leads back")
        reached = archive.offset
        place = _Place(len(members), entry.offset_data)
        members.append(Member(entry.name, _kind(entry), entry.size, 0, True, place))
        check_count(len(members))
        entry = archive.next()
    bounded.seek(archive.offset)
    if bounded.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("a damaged header, or its end is missing")
    return members


def _kind(entry: tarfile.TarInfo) -> Kind:
    if entry.isdir():
        return Kind.FOLDER
    if entry.issym() or entry.islnk():
        return Kind.LINK
    # A sparse file of a few bytes may stand for terabytes of zeros.
    return Kind.FILE if entry.isreg() and not entry.issparse() else Kind.SPECIAL


def _raw(source: Source) -> IO[bytes]:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    return source.open("rb") if isinstance(source, Path) else source


def _unpacked(raw: IO[bytes]) -> IO[bytes]:
    """Return the tar in a file: the file itself, or its unpacked content."""
    head = raw.read(max(map(len, (GZIP, BZIP2, XZ))))
    raw.seek(0)
    if head.startswith(GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    if head.startswith(BZIP2):
        return cast("IO[bytes]", bz2.BZ2File(raw))
    return cast("IO[bytes]", io.BufferedReader(_Xz(raw))) if head.startswith(XZ) else raw


def _read_to_the_end(stream: IO[bytes], most: int) -> None:
    """Read the rest of a compressed file, whose checksum is at the end."""
    while stream.read(CHUNK_BYTES):
        if stream.tell() > most:
            raise OutOfBounds(f"it unpacks to more than {most:,} bytes")
