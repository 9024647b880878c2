"""Zips from any source, opened and read within limits: their headers may be false."""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

# Errors that Python's modules raise for a damaged, encrypted, exotic or hostile zip.
ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ValueError,  # a name that is marked as UTF-8 but is not, a negative offset
    NotImplementedError,
    EOFError,
    RuntimeError,  # encrypted
    OSError,
    MemoryError,
)
MOST_ENTRIES = 100_000
# Photos hardly shrink in a zip. Drawings may, so the limit never falls below ``_FREE_BYTES``.
MOST_TIMES_LARGER = 100
_FREE_BYTES = 100 << 20
# zipfile reads the table of contents in one piece: 100,000 names of 100 characters fit.
_MOST_BYTES_AT_ONCE = 16 << 20
_CHUNK_BYTES = 1 << 20
# Where to search for the end record: its 22 bytes and the longest comment (APPNOTE.TXT, 4.3.16).
_END_BYTES = 22 + (1 << 16)
# zipfile passes everything it has read to bzip2 and LZMA and does not limit their output.
_CAREFUL_CHUNK_BYTES = 4096
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def is_zip(path: Path) -> bool:
    """Return whether a file ends like a zip.

    Raises:
        OSError: if it cannot be read. ``zipfile.is_zipfile`` would return False instead.
    """
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _END_BYTES))
        stream.read()
        return zipfile.is_zipfile(stream)


class _Bounded(io.BufferedReader):
    """A file that refuses to read more at once than a table of contents may have."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MOST_BYTES_AT_ONCE:
            raise zipfile.BadZipFile(f"a table of contents of {size:,} bytes")
        return super().read(size)


class _Owner(zipfile.ZipFile):
    """A zip that opens and closes its own file, like a ``ZipFile`` made from a path."""

    _file: io.BufferedReader | None = None

    def __init__(self, source: Path | bytes) -> None:
        raw = io.BytesIO(source) if isinstance(source, bytes) else io.FileIO(source)
        self._file = _Bounded(raw)
        try:
            super().__init__(self._file)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        super().close()
        if self._file is not None:
            self._file.close()


def opened(source: Path | bytes) -> zipfile.ZipFile:
    """Return the zip at a path, or with the given content, opened for reading.

    Raises:
        ERRORS: if it is not a zip, or has more than ``MOST_ENTRIES``.
    """
    archive = _Owner(source)
    if (entries := len(archive.infolist())) > MOST_ENTRIES:
        archive.close()
        raise zipfile.BadZipFile(f"{entries:,} entries; at most {MOST_ENTRIES:,} are read")
    return archive


def most_bytes(archive_bytes: int) -> int:
    """Return how many bytes a zip of this size may unpack to."""
    return max(_FREE_BYTES, MOST_TIMES_LARGER * archive_bytes)


def check(members: Sequence[zipfile.ZipInfo], archive_bytes: int, *, each: int) -> None:
    """Check the sizes in the headers, which refuses most zip bombs before anything is read.

    The caller reads at most ``each`` bytes of a member.

    Raises:
        zipfile.BadZipFile: if entries share bytes, or would unpack to too many bytes.
    """
    packed_bytes = sum(member.compress_size for member in members)
    if packed_bytes > archive_bytes:
        raise zipfile.BadZipFile(f"entries of {packed_bytes:,} bytes in {archive_bytes:,}")
    unpacked_bytes = sum(min(member.file_size, each) for member in members)
    if unpacked_bytes > most_bytes(archive_bytes):
        raise zipfile.BadZipFile(
            f"{unpacked_bytes:,} bytes packed in {archive_bytes:,}: no photos shrink that much"
        )


def chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a member's content in pieces. Its checksum is verified at the end.

    Raises:
        ERRORS: if it is damaged, encrypted or compressed by an unknown method.
    """
    size = _CHUNK_BYTES if member.compress_type in _BOUNDED else _CAREFUL_CHUNK_BYTES
    with archive.open(member) as stream:
        while chunk := stream.read(size):
            yield chunk
