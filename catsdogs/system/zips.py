"""Zips from any source, opened and read within limits: their headers may be false."""

import io
import lzma
import stat
import struct
import weakref
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from catsdogs.system.members import CHUNK_BYTES, HEAD_BYTES, Kind, Member, check_count

# Errors that Python's modules raise for a damaged, encrypted, exotic or hostile zip.
ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ValueError,  # a name that is marked as UTF-8 but is not, a negative offset
    ArithmeticError,  # an offset that no file can have
    LookupError,
    NotImplementedError,
    EOFError,
    RuntimeError,  # encrypted
    OSError,
    MemoryError,
)
# zipfile reads the table of contents in one piece: 100,000 names of 100 characters fit.
_MOST_BYTES_AT_ONCE = 16 << 20
# Where to search for the end record: its 22 bytes and the longest comment (APPNOTE.TXT, 4.3.16).
_END_BYTES = 22 + (1 << 16)
# zipfile passes everything it has read to bzip2 and LZMA and does not limit their output.
_CAREFUL_CHUNK_BYTES = 4096
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_KINDS = {0: Kind.FILE, stat.S_IFREG: Kind.FILE, stat.S_IFLNK: Kind.LINK, stat.S_IFDIR: Kind.FOLDER}


def is_zip(source: Path | bytes) -> bool:
    """Return whether a file ends like a zip, also like a part of one.

    Raises:
        OSError: if it cannot be read. ``zipfile.is_zipfile`` would return False instead.
    """
    if isinstance(source, bytes):
        return _ends_like_a_zip(io.BytesIO(source))
    with source.open("rb") as stream:
        stream.seek(max(0, source.stat().st_size - _END_BYTES))
        stream.read()
        return _ends_like_a_zip(stream)


def _ends_like_a_zip(stream: io.BufferedIOBase) -> bool:
    try:
        return zipfile.is_zipfile(stream)
    except (zipfile.BadZipFile, struct.error, ValueError, ArithmeticError):
        return True  # It has an end record that zipfile refuses: that of a zip in several parts.


class _Bounded(io.BufferedReader):
    """A file that refuses to read more at once than a table of contents may have."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MOST_BYTES_AT_ONCE:
            raise zipfile.BadZipFile(f"a table of contents of {size:,} bytes")
        return super().read(size)


class Zip:
    """An ``Archive``: the zip at a path, or with the given content, opened for reading."""

    def __init__(self, source: Path | bytes) -> None:
        """Read the table of contents.

        Raises:
            ERRORS, OutOfBounds: if it is not a zip, or has too many entries.
        """
        raw = io.BytesIO(source) if isinstance(source, bytes) else io.FileIO(source)
        self._file = _Bounded(raw)
        # The pictures of an archive stay readable as long as somebody holds the archive.
        weakref.finalize(self, self._file.close)
        try:
            self._zip = zipfile.ZipFile(self._file)
            check_count(len(self._zip.infolist()))
            self.members: Sequence[Member] = [_member(entry) for entry in self._zip.infolist()]
        except BaseException:
            self._file.close()
            raise

    def chunks(self, member: Member) -> Iterator[bytes]:
        """Yield a member's content in pieces. Its checksum is verified at the end."""
        size_bytes = CHUNK_BYTES if member.is_bounded else _CAREFUL_CHUNK_BYTES
        with self._zip.open(member.entry) as stream:
            while chunk := stream.read(size_bytes):
                yield chunk

    def read(self, member: Member, *, at_most: int) -> bytes:
        """Return a member's content, cut after a little more than ``at_most`` bytes."""
        content = bytearray()
        for chunk in self.chunks(member):
            content += chunk
            if len(content) > at_most:  # The size in the header may be wrong.
                break
        return bytes(content)

    def head(self, member: Member) -> bytes:
        """Return a member's first bytes; none of a member that is not bounded."""
        if not member.is_bounded:
            return b""
        with self._zip.open(member.entry) as stream:
            return stream.read(HEAD_BYTES)

    def close(self) -> None:
        """Close the file."""
        self._zip.close()
        self._file.close()


def _member(entry: zipfile.ZipInfo) -> Member:
    kind = _KINDS.get(stat.S_IFMT(entry.external_attr >> 16), Kind.SPECIAL)
    if kind is Kind.FILE and entry.is_dir():
        kind = Kind.FOLDER
    is_bounded = entry.compress_type in _BOUNDED
    return Member(entry.filename, kind, entry.file_size, entry.compress_size, is_bounded, entry)
