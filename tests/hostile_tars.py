"""Hostile or careless tars. All are made in code.

``REFUSED`` holds, by name, functions that return a tar, and the message that refuses it.
"""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
from collections.abc import Callable, Iterable

from hostile import MEGABYTE, photo

BLOCK = tarfile.BLOCKSIZE


def entry(name: str, content: bytes = b"", **header) -> bytes:
    """Return a member as a tar holds it: its header with the given fields, and its content."""
    member = tarfile.TarInfo(name)
    member.size = header.pop("size", len(content))
    for field, value in header.items():
        setattr(member, field, value)
    return member.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % BLOCK)


def tar(*entries: bytes, end: bytes = bytes(2 * BLOCK)) -> bytes:
    """Return a tar of these members."""
    return b"".join(entries) + end


def photos(count: int = 3) -> bytes:
    """Return a tar of photos."""
    return tar(*(entry(f"cat.{number}.jpg", photo(number)) for number in range(count)))


def zeros(size_bytes: int, open_: Callable = gzip.GzipFile) -> bytes:
    """Return a compressed tar whose only member consists of zeros."""
    return packed([entry("cat.1.jpg", size=size_bytes), *[bytes(MEGABYTE)] * 150], open_)


def packed(pieces: Iterable[bytes], open_: Callable = gzip.GzipFile) -> bytes:
    """Return the pieces compressed."""
    buffer = io.BytesIO()
    stream = open_(buffer, "wb") if open_ is not gzip.GzipFile else open_(fileobj=buffer, mode="wb")
    with stream:
        for piece in pieces:
            stream.write(piece)
    return buffer.getvalue()


def pax(records: bytes, type_: bytes = tarfile.XHDTYPE) -> bytes:
    """Return an extended header."""
    return entry("header", records, type=type_)


def _negative_size() -> bytes:
    """Return a member of -1024 bytes: the next header would be this one again."""
    header = bytearray(entry("cat.1.jpg"))
    header[124:136] = b"\xff" * 10 + b"\xfc\x00"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header[:BLOCK])
    return tar(photos(1)[:-1024], bytes(header))


def _damaged_header() -> bytes:
    content = bytearray(photos(3))
    content[content.index(b"cat.1.jpg")] ^= 1
    return bytes(content)


def _damaged_gzip() -> bytes:
    content = bytearray(gzip.compress(photos(3)))
    content[-6] ^= 1  # in its checksum
    return bytes(content)


def _sparse_without_end() -> bytes:
    """Return a sparse member whose list of parts never ends."""
    records = b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
    return tar(pax(records), entry("cat.1.jpg", b"9" * 100, size=100))


def _large_dictionary() -> bytes:
    """Return an xz file that asks for 1.5 GB of memory to unpack it."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]
    content = bytearray(lzma.compress(photos(1), format=lzma.FORMAT_XZ, filters=filters))
    position = content.index(b"\x21\x01", 12)  # The filter and the size of its properties.
    content[position + 2] = 39
    end = 12 + 4 * (content[12] + 1) - 4
    content[end : end + 4] = struct.pack("<I", lzma_crc(bytes(content[12:end])))
    return bytes(content)


def lzma_crc(content: bytes) -> int:
    """Return the CRC-32 of a header."""
    import zlib

    return zlib.crc32(content)


# Each with a part of the message that refuses it.
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a bomb of gzip": (lambda: zeros(150 * MEGABYTE), "it unpacks to more than"),
    "a bomb of bzip2": (lambda: zeros(150 * MEGABYTE, bz2.BZ2File), "it unpacks to more than"),
    "a bomb of xz": (lambda: zeros(150 * MEGABYTE, lzma.LZMAFile), "it unpacks to more than"),
    "a bomb behind the end": (
        lambda: packed([photos(1), *[bytes(MEGABYTE)] * 150]),
        "it unpacks to more than",
    ),
    "a size of a terabyte": (
        lambda: packed([entry("cat.1.jpg", size=1 << 40), photos(1)]),
        "it unpacks to more than",
    ),
    "a size beyond the end": (lambda: tar(entry("cat.1.jpg", size=1 << 20)), "end of data"),
    "a size that no file has": (
        lambda: tar(entry("cat.1.jpg", size=1 << 80)),
        "it unpacks to more",
    ),
    "a negative size": (_negative_size, "cannot be unpacked"),
    "a name of 20 MB": (
        lambda: tar(entry("././@LongLink", b"x" * (20 * MEGABYTE), type=tarfile.GNUTYPE_LONGNAME)),
        "a header of",
    ),
    "an extended header of 20 MB": (
        lambda: tar(pax(b"20971520 comment=" + b"x" * (20 * MEGABYTE)), entry("cat.1.jpg")),
        "a header of",
    ),
    "a chain of headers": (
        lambda: tar(*[pax(b"12 a=bbbbbb\n")] * 5000, entry("cat.1.jpg", photo())),
        "cannot be unpacked",
    ),
    "a sparse list without end": (_sparse_without_end, "cannot be unpacked"),
    "a damaged header": (_damaged_header, "a damaged header, or its end is missing"),
    "a damaged checksum": (_damaged_gzip, "CRC check failed"),
    "too much memory for xz": (_large_dictionary, "cannot be unpacked|holds no tar"),
    "cut short": (lambda: photos(3)[:2000], "end of data|its end is missing"),
    "cut between members": (lambda: tar(entry("cat.1.jpg", photo()), end=b""), "end is missing"),
    "a compressed one cut short": (lambda: gzip.compress(photos(3))[:-20], "cannot be unpacked"),
    "without an image": (lambda: tar(entry("a.txt", b"x"), entry("b.md", b"x")), "1 .md file"),
    "a compressed WebDataset": (
        lambda: gzip.compress(tar(entry("0001.jpg", photo()), entry("0001.cls", b"0"))),
        "a WebDataset",
    ),
    "five tars, one in another": (lambda: nested(5), "nested more than 3 deep"),
}


def nested(levels: int) -> bytes:
    """Return a photo in so many tars, one in another."""
    content = photos(1)
    for _ in range(levels - 1):
        content = tar(entry("in.tar", content))
    return content


def unsafe() -> bytes:
    """Return a tar with 3 usable photos among members that point or lead outside."""
    sparse = bytearray(entry("cat.25.jpg", photo(), type=tarfile.GNUTYPE_SPARSE))
    return tar(
        entry("../cat.11.jpg", photo()),
        entry("a/../../cat.12.jpg", photo()),
        entry("/cat.13.jpg", photo()),
        entry("C:\\cat.15.jpg", photo()),
        entry("..\\cat.17.jpg", photo()),
        entry("cat.19.jpg", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        entry("folder", type=tarfile.SYMTYPE, linkname="/tmp"),
        entry("cat.20.jpg", type=tarfile.LNKTYPE, linkname="train/cat.1.jpg"),
        entry("cat.21.jpg", type=tarfile.CHRTYPE, devmajor=1, devminor=5),
        entry("cat.22.jpg", type=tarfile.FIFOTYPE),
        bytes(sparse),
        entry(".hidden/cat.22.jpg", photo()),
        entry("@eaDir/cat.23.jpg", photo()),
        entry("run.sh", b"#!/bin/sh"),
        entry("train/", type=tarfile.DIRTYPE),
        entry("train/cat.1.jpg", photo(1)),
        entry("train/cat.1.jpg", photo(9)),
        entry("folder/cat.2.jpg", photo(2)),
        entry("sub\\dog.3.jpg", photo(3)),
    )
