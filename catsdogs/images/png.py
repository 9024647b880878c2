"""A PNG without the metadata that Pillow refuses: pixels matter, comments do not.

Pillow reads at most 1 MB of each text and of a colour profile, and gives up on damaged chunks that
browsers skip (PNG, third edition, 13.2).
"""

import zlib
from collections.abc import Iterator
from typing import NamedTuple

from catsdogs.images import containers

# Larger than the profile of any screen, camera or printer.
MOST_PROFILE_BYTES = 4 << 20
# Pillow's own limit of a text, and a share of its limit of all texts in a file.
_MOST_TEXT_BYTES, _MOST_TEXTS_BYTES = 1 << 20, 16 << 20
_TEXTS, _PROFILE, _LAST = (b"tEXt", b"zTXt", b"iTXt"), b"iCCP", b"IEND"
# The frames of an animation, and transparency, are part of the picture.
_OF_THE_PICTURE = (b"acTL", b"fcTL", b"fdAT", b"tRNS")
# The shortest sound content of other chunks that Pillow reads.
_SHORTEST = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9}


class Slim(NamedTuple):
    """A PNG that Pillow reads. ``profile`` is one that is too large for Pillow, or None."""

    content: bytes
    profile: bytes | None


class _Chunk(NamedTuple):
    kind: bytes
    data: bytes
    start: int
    end: int
    is_damaged: bool


def slimmed(content: bytes) -> Slim:
    """Return a PNG without texts, profiles and damaged metadata that Pillow would refuse.

    The content is returned as it is, not copied, if it has none or is another format.
    """
    if not content.startswith(containers.PNG_START):
        return Slim(content, None)
    kept: list[memoryview] = []
    position, texts_left, profile = 0, _MOST_TEXTS_BYTES, None
    for chunk in _metadata(content):
        is_refused = chunk.is_damaged or len(chunk.data) < _SHORTEST.get(chunk.kind, 0)
        if chunk.kind in _TEXTS and not is_refused:
            size = _text_size(chunk) if texts_left > 0 else 0
            texts_left -= size
            is_refused = texts_left <= 0 or size > _MOST_TEXT_BYTES
        elif chunk.kind == _PROFILE and not is_refused:
            found = _unpacked(chunk.data.partition(b"\0")[2], MOST_PROFILE_BYTES)
            is_refused = not 0 < len(found) <= _MOST_TEXT_BYTES
            profile = found if _MOST_TEXT_BYTES < len(found) <= MOST_PROFILE_BYTES else profile
        if is_refused:
            kept.append(memoryview(content)[position : chunk.start])
            position = chunk.end
    if not kept:
        return Slim(content, None)
    return Slim(b"".join([*kept, memoryview(content)[position:]]), profile)


def _metadata(content: bytes) -> Iterator[_Chunk]:
    """Yield the chunks that a reader may skip: those whose names begin with a small letter."""
    position, kind = len(containers.PNG_START), b""
    while kind != _LAST and position + 12 <= len(content):
        kind = content[position + 4 : position + 8]
        end = position + 12 + int.from_bytes(content[position : position + 4])
        if end > len(content):
            return
        if kind[:1].islower() and kind not in _OF_THE_PICTURE:
            data = content[position + 8 : end - 4]
            is_damaged = zlib.crc32(kind + data) != int.from_bytes(content[end - 4 : end])
            yield _Chunk(kind, data, position, end, is_damaged)
        position = end


def _text_size(chunk: _Chunk) -> int:
    """Return how many bytes a text has unpacked, one more than Pillow reads for a damaged one."""
    _, _, value = chunk.data.partition(b"\0")
    if chunk.kind == b"iTXt" and value[:1] == b"\1":
        value = value[1:2] + value[2:].partition(b"\0")[2].partition(b"\0")[2]
    elif chunk.kind != b"zTXt":
        return len(chunk.data)
    return len(_unpacked(value, _MOST_TEXT_BYTES)) or _MOST_TEXT_BYTES + 1


def _unpacked(value: bytes, most: int) -> bytes:
    """Return at most one byte more than ``most``; b"" for damaged data or an unknown method (PNG
    knows only 0, the first byte)."""
    try:
        return zlib.decompressobj().decompress(value[1:], most + 1) if value[:1] == b"\0" else b""
    except zlib.error:
        return b""
