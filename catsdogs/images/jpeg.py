"""The structure of a JPEG file: its kind, its scans and its end (ITU-T T.81)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

START, END = b"\xff\xd8", b"\xff\xd9"
# A JPEG of a photo has a few dozen segments.
MOST_PARTS = 100_000
# Progressive encoders write ten. Each takes as long to decode as a whole picture.
MOST_SCANS = 100
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_SCAN, _END = 0xDA, END[1]
# Start-of-frame markers: all but the tables of Huffman (C4) and arithmetic coding (CC) and a
# reserved one (C8) (B.1.1.3). F7 is that of JPEG-LS (ISO/IEC 14495-1).
_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL, _READABLE = (0xC0, 0xC1), (0xC0, 0xC1, 0xC2)
_LOSSLESS, _ARITHMETIC, _JPEG_LS = 0xC3, (0xC9, 0xCA), 0xF7
_CHANNELS = (1, 3, 4)
_COEFFICIENTS = 64


class Structure(NamedTuple):
    """The first picture of a JPEG: its end, None if it has none, and its scans."""

    end: int | None
    scans: int
    is_sequential: bool  # not progressive


def unsupported_kind(content: bytes) -> str:
    """Return the kind of a JPEG that no common viewer reads, in words; "" for a readable one."""
    for marker, position in _segments(content):
        if marker == _SCAN:
            break
        if marker == _JPEG_LS:
            return "a JPEG-LS file"
        if marker in _FRAMES and position + 8 <= len(content):
            return _kind(marker, bits=content[position + 2], channels=content[position + 7])
    return ""


def structure(content: bytes) -> Structure:
    """Return the structure of a JPEG's first picture.

    A picture with more than ``MOST_PARTS`` markers has no end.
    """
    scans, is_sequential = 0, False
    for marker, position in _segments(content):
        if marker == _END:
            return Structure(position, scans, is_sequential)
        scans += marker == _SCAN
        is_sequential |= marker in _SEQUENTIAL
    return Structure(None, scans, is_sequential)


def sends_everything(content: bytes) -> bool:
    """Return whether the scans cover each coefficient of each channel, with all its bits."""
    # The number of bits of each coefficient that the scans have not sent, by channel.
    missing: dict[int, list[int]] = {}
    for marker, position in _segments(content):
        end = position + int.from_bytes(content[position : position + 2])
        segment = content[position + 2 : end]
        if marker == _SCAN:
            _send(segment, missing)
        elif marker in _FRAMES:
            missing = {channel: [1] * _COEFFICIENTS for channel in segment[6::3]}
    return bool(missing) and not any(map(any, missing.values()))


def _segments(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield each marker and the position after it, up to ``_END``; at most ``MOST_PARTS``.

    Segments are skipped by their lengths, because a thumbnail inside one may have an end marker
    too. In the compressed data between them, a marker is any FF that is not followed by 00, FF or a
    restart number (B.1.1).
    """
    search, position = _MARKER.search, len(START)
    for _ in range(MOST_PARTS):
        found = search(content, position)
        if found is None:
            return
        position = found.end()
        marker = content[position - 1]
        yield marker, position
        if marker == _END:
            return
        position += int.from_bytes(content[position : position + 2])


def _kind(marker: int, *, bits: int, channels: int) -> str:
    if marker in _ARITHMETIC:
        return "a JPEG with arithmetic coding"
    if marker == _LOSSLESS:
        return "a lossless JPEG"
    if marker not in _READABLE:
        return "a hierarchical or lossless JPEG"
    if bits != 8:
        return f"a {bits}-bit JPEG"
    return "" if channels in _CHANNELS else f"a JPEG with {channels} channels"


def _send(segment: bytes, missing: dict[int, list[int]]) -> None:
    """Enter in ``missing`` the coefficients that a scan sends (B.2.3)."""
    channels = segment[1 : 1 + 2 * segment[0] : 2] if segment else b""
    first, last, bits = [*segment[1 + 2 * len(channels) :], 0, 0, 0][:3]
    sent = range(first, min(last, _COEFFICIENTS - 1) + 1)
    for channel in channels:
        for coefficient in sent if channel in missing else ():
            missing[channel][coefficient] = bits & 15
