"""Checks of an image file's bytes before a library reads them: signature, end, number of parts."""

import re
from typing import NamedTuple

JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_SCAN = b"\xff\xda"
# The start-of-frame markers of a sequential JPEG (ITU-T T.81, B.1.1.3).
_SEQUENTIAL = {b"\xff\xc0", b"\xff\xc1"}
_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
# The brands in the first box of a HEIC file, the format of iPhones (ISO/IEC 23008-12).
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
# A PNG of 250 MB can have 32,000 chunks of 8 kB each; a JPEG has a few dozen segments.
_MOST_PARTS = 100_000
# Progressive encoders write ten. Each takes as long to decode as a whole picture.
MOST_SCANS = 100
_BEGINNINGS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP|II\*\0|MM\0\*"
    rb"|....ftyp(avi[fs]|mif1|he[iv][cmsx])",
    re.DOTALL,
)


class JpegStructure(NamedTuple):
    """The end of a JPEG's first picture, None if it has none, and its number of scans."""

    end: int | None
    scans: int
    is_sequential: bool  # not progressive


def begins_like_an_image(content: bytes) -> bool:
    """Return whether it has a known signature. That of BMP, two letters, is too short to count."""
    return _BEGINNINGS.match(content) is not None


def is_heic(content: bytes) -> bool:
    """Return whether a file declares itself as HEIC."""
    kind, brands = content[4:8], content[8 : int.from_bytes(content[:4])]
    return kind == b"ftyp" and any(brand in brands for brand in _HEIC_BRANDS)


def has_too_many_parts(content: bytes) -> bool:
    """Return whether a JPEG's or PNG's header has more pieces than that of any photo.

    Pillow reads them one by one in Python: millions of pieces would take minutes.
    """
    after = _after_segment if content.startswith(JPEG_START) else _after_chunk
    position = {JPEG_START: len(JPEG_START), _PNG_START[:2]: len(_PNG_START)}.get(content[:2])
    for _ in range(_MOST_PARTS):
        if position is None or position >= len(content):
            return False
        position = after(content, position)
    return True


def _after_segment(content: bytes, position: int) -> int | None:
    """Return where the next segment of a JPEG begins; None at the pixels or if there is none."""
    marker = content[position : position + 2]
    if marker[:1] != b"\xff" or marker == _SCAN:
        return None
    if marker[1:] in (b"\x00", b"\xff"):  # Fill bytes.
        return position + 1
    if _MARKER.match(marker) is None:  # A restart marker, which has no length.
        return position + 2
    return position + 2 + int.from_bytes(content[position + 2 : position + 4])


def _after_chunk(content: bytes, position: int) -> int:
    """Return where the next chunk of a PNG begins: a chunk has 12 bytes more than its length."""
    return position + 12 + int.from_bytes(content[position : position + 4])


def is_cut_short(content: bytes) -> bool:
    """Return whether a JPEG, PNG or WebP lacks its end; False for other formats."""
    if content.startswith(JPEG_START):
        return jpeg_end(content) is None
    if content.startswith(_PNG_START):
        return _PNG_END not in content
    return content.startswith(b"RIFF") and len(content) < 8 + int.from_bytes(content[4:8], "little")


def trailing_bytes(format_: str | None, content: bytes) -> int:
    """Return the number of bytes after a JPEG's or PNG's end; 0 for other formats, MPO included."""
    if format_ == "JPEG":
        end = jpeg_end(content)
    elif format_ == "PNG":
        end = content.find(_PNG_END) + len(_PNG_END)
    else:
        return 0
    return len(content) - end if end else 0


def jpeg_end(content: bytes) -> int | None:
    """Return where a JPEG's first picture ends, None if it has no end."""
    return jpeg_structure(content).end


def jpeg_structure(content: bytes) -> JpegStructure:
    """Return the structure of a JPEG's first picture.

    Segments are skipped by their lengths, because a thumbnail inside one may have an end marker
    too. In the compressed data between them, a marker is any FF that is not followed by 00, FF or a
    restart number (ITU-T T.81, B.1.1). A picture with more than ``_MOST_PARTS`` markers has no end.
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
