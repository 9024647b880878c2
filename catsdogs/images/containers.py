"""How image files begin and where they end, by their bytes alone, before a library reads them."""

import re
from typing import NamedTuple

JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_SCAN = b"\xff\xda"
# The frames of a JPEG whose blocks come one after the other (ITU-T T.81, B.1.1.3).
_SEQUENTIAL = {b"\xff\xc0", b"\xff\xc1"}
_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
# What the first box of a HEIC file, which iPhones write, says that it is (ISO/IEC 23008-12).
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
# A PNG of 250 MB may well have 32,000, of 8 kB each; a JPEG has some dozens.
_MOST_PARTS = 100_000
# Progressive encoders make ten. Each takes as long as a whole picture to decode.
MOST_SCANS = 100
_BEGINNINGS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP|II\*\0|MM\0\*"
    rb"|....ftyp(avi[fs]|mif1|he[iv][cmsx])",
    re.DOTALL,
)


class JpegStructure(NamedTuple):
    """Where the first picture of a JPEG ends, if it does, and in how many scans it comes."""

    end: int | None
    scans: int
    is_sequential: bool  # not progressive


def begins_like_an_image(content: bytes) -> bool:
    """Return whether it has a format's signature. BMP's, two letters, is too short to count."""
    return _BEGINNINGS.match(content) is not None


def is_heic(content: bytes) -> bool:
    """Return whether a file says of itself that it is a HEIC one."""
    kind, brands = content[4:8], content[8 : int.from_bytes(content[:4])]
    return kind == b"ftyp" and any(brand in brands for brand in _HEIC_BRANDS)


def has_too_many_parts(content: bytes) -> bool:
    """Return whether a JPEG's or PNG's header comes in more pieces than any photo's.

    Pillow walks through them in Python, which millions of them keep busy for minutes.
    """
    after = _after_segment if content.startswith(JPEG_START) else _after_chunk
    position = {JPEG_START: len(JPEG_START), _PNG_START[:2]: len(_PNG_START)}.get(content[:2])
    for _ in range(_MOST_PARTS):
        if position is None or position >= len(content):
            return False
        position = after(content, position)
    return True


def _after_segment(content: bytes, position: int) -> int | None:
    """Return where the next segment of a JPEG begins, None at its pixels or where none is."""
    marker = content[position : position + 2]
    if marker[:1] != b"\xff" or marker == _SCAN:
        return None
    if marker[1:] in (b"\x00", b"\xff"):  # What fills up.
        return position + 1
    if _MARKER.match(marker) is None:  # A restart: it has no length.
        return position + 2
    return position + 2 + int.from_bytes(content[position + 2 : position + 4])


def _after_chunk(content: bytes, position: int) -> int:
    """Return where the next chunk of a PNG begins, which has 12 bytes more than it says."""
    return position + 12 + int.from_bytes(content[position : position + 4])


def is_cut_short(content: bytes) -> bool:
    """Return whether a JPEG, PNG or WebP lacks its end; False where there is no telling."""
    if content.startswith(JPEG_START):
        return jpeg_end(content) is None
    if content.startswith(_PNG_START):
        return _PNG_END not in content
    return content.startswith(b"RIFF") and len(content) < 8 + int.from_bytes(content[4:8], "little")


def trailing_bytes(format_: str | None, content: bytes) -> int:
    """Return how many bytes lie behind a JPEG's or PNG's end. An MPO's further pictures belong."""
    if format_ == "JPEG":
        end = jpeg_end(content)
    elif format_ == "PNG":
        end = content.find(_PNG_END) + len(_PNG_END)
    else:
        return 0
    return len(content) - end if end else 0


def jpeg_end(content: bytes) -> int | None:
    """Return where a JPEG's first picture ends, None where it has no end."""
    return jpeg_structure(content).end


def jpeg_structure(content: bytes) -> JpegStructure:
    """Return how a JPEG's first picture is made up.

    Segments are skipped by their lengths, for a thumbnail in one may have an end marker too; in
    the compressed data between them, a marker is any FF that no 00, FF or restart number follows
    (ITU-T T.81, B.1.1). What does not end within ``_MOST_PARTS`` of them has no end.
    """
    position, scans, is_sequential = 2, 0, False
    for _ in range(_MOST_PARTS):
        marker = _MARKER.search(content, position)
        if marker is None:
            break
        if marker[0] == JPEG_END:
            return JpegStructure(marker.end(), scans, is_sequential)
        scans += marker[0] == _SCAN
        is_sequential |= marker[0] in _SEQUENTIAL
        position = marker.end() + int.from_bytes(content[marker.end() : marker.end() + 2])
    return JpegStructure(None, scans, is_sequential)
