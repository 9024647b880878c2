"""Zips from anywhere, opened and read within bounds: what their headers say may be a lie."""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

# What a damaged, encrypted, exotic or hostile zip makes Python's modules raise.
ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ValueError,  # a name that says it is UTF-8 and is not, an offset below zero
    NotImplementedError,
    EOFError,
    RuntimeError,  # encrypted
    OSError,
    MemoryError,
)
MOST_ENTRIES = 100_000
# Photos hardly shrink in a zip; drawings may, so that the first megabytes are free.
MOST_TIMES_LARGER = 100
_FREE_BYTES = 100 << 20
# The table of contents is read at once: 100,000 names of 100 characters fit into this.
_MOST_BYTES_AT_ONCE = 16 << 20
_CHUNK_BYTES = 1 << 20
# Where the end record is looked for: its 22 bytes and the longest comment (APPNOTE.TXT, 4.3.16).
_END_BYTES = 22 + (1 << 16)
# zipfile hands all it has read to bzip2 and LZMA, whose output it does not bound.
_CAREFUL_CHUNK_BYTES = 4096
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def is_zip(path: Path) -> bool:
    """Return whether a file ends as a zip does.

    Raises:
        OSError: when it cannot be read, which ``zipfile.is_zipfile`` takes for a file that is none.
    """
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _END_BYTES))
        stream.read()
        return zipfile.is_zipfile(stream)


class _Bounded(io.BufferedReader):
    """A file that does not read more at once than a table of contents may have."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MOST_BYTES_AT_ONCE:
            raise zipfile.BadZipFile(f"a table of contents of {size:,} bytes")
        return super().read(size)


class _Owner(zipfile.ZipFile):
    """A zip that opens and closes its file itself, as one that is given a path does."""

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
    """Return the zip at a path, or with this content, opened for reading.

    Raises:
        ERRORS: when it is none, or has more than ``MOST_ENTRIES``.
    """
    archive = _Owner(source)
    if (entries := len(archive.infolist())) > MOST_ENTRIES:
        archive.close()
        raise zipfile.BadZipFile(f"{entries:,} entries; at most {MOST_ENTRIES:,} are read")
    return archive


def most_bytes(archive_bytes: int) -> int:
    """Return how much may come out of a zip of this size."""
    return max(_FREE_BYTES, MOST_TIMES_LARGER * archive_bytes)


def check(members: Sequence[zipfile.ZipInfo], archive_bytes: int, *, each: int) -> None:
    """Check what the headers promise, so that most bombs are refused before anything is read.

    Of a member, at most ``each`` bytes are going to be read.

    Raises:
        zipfile.BadZipFile: when entries share bytes, or too much would come out.
    """
    packed_bytes = sum(member.compress_size for member in members)
    if packed_bytes > archive_bytes:
        raise zipfile.BadZipFile(f"entries of {packed_bytes:,} bytes in {archive_bytes:,}")
    unpacked_bytes = sum(min(member.file_size, each) for member in members)
    if unpacked_bytes > most_bytes(archive_bytes):
        raise zipfile.BadZipFile(
            f"{unpacked_bytes:,} bytes packed in {archive_bytes:,}, as no photos are"
        )


def chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a member's content; its checksum is checked at its end.

    Raises:
        ERRORS: when it is damaged, encrypted or packed in an unknown way.
    """
    size = _CHUNK_BYTES if member.compress_type in _BOUNDED else _CAREFUL_CHUNK_BYTES
    with archive.open(member) as stream:
        while chunk := stream.read(size):
            yield chunk
