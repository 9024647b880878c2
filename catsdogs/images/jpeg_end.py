"""Whether a JPEG without its end marker still has all of its pixels.

A download that stops just before the end loses the marker and nothing else. libjpeg does not report
missing data, but it reads any bytes that follow as data. So a picture is complete if it looks the
same whatever follows, and its own last bytes matter.
"""

import hashlib
import io
import random
from collections.abc import Iterator

from PIL import Image

from catsdogs.images import jpeg

# More than libjpeg reads ahead in a scan, less than one row of blocks of any photo.
_READ_AHEAD = 16
# Missing data must show in a progressive scan, where a few bytes may change nothing visible.
_LONG = 512
_ONES = b"\xff\x00"  # Eight one bits: in a scan, 00 follows each FF.


def open_ended(content: bytes, end: int) -> bytes:
    """Return a JPEG in one scan, whose end marker ends at ``end``, without that marker.

    libjpeg fills data missing before an end marker with grey. Without it, libjpeg reports them.
    The bytes that follow are enough for it to read ahead.
    """
    return b"".join([memoryview(content)[: end - len(jpeg.END)], bytes(_READ_AHEAD)])


def completed(content: bytes, *, is_one_scan: bool) -> bytes | None:
    """Return a JPEG without an end marker as one that decodes; None if pixels are missing."""
    ending, length = (b"", _READ_AHEAD) if is_one_scan else (jpeg.END, _LONG)
    fillers = [filler + ending for filler in _fillers(length)]
    found = (_completed(data, fillers) for data in _candidates(content))
    return next(filter(None, found), None)


def _completed(data: bytes, fillers: list[bytes]) -> bytes | None:
    shown = _shown(data + fillers[0])
    if shown is None or any(_shown(data + filler) != shown for filler in fillers[1:]):
        return None
    shorter = data[:-_READ_AHEAD]
    if all(_shown(shorter + filler) == shown for filler in fillers):
        return None  # The last bytes are not part of the picture.
    return data + fillers[0]


def _candidates(content: bytes) -> Iterator[bytes]:
    """Yield the content without the zeros that fill up a file, and without half an end marker.

    The first zero may be the last byte of the picture.
    """
    data = content.rstrip(b"\0")
    if not data.endswith(b"\xff"):
        yield data
    if len(data) < len(content):
        yield data + b"\0"
    elif data.endswith(b"\xff"):
        yield data.rstrip(b"\xff")


def _fillers(length: int) -> list[bytes]:
    """Return different bytes that may follow: each value of the next bit occurs twice."""
    draw = random.Random(0)
    noise = bytes(draw.randrange(255) for _ in range(length))
    return [bytes(length), _ONES * length, b"\x5a" + noise, b"\xa5" + noise[::-1]]


def _shown(content: bytes) -> bytes | None:
    """Return a hash of the pixels; None if they do not decode."""
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
            image.load()
            return hashlib.blake2b(image.tobytes()).digest()
    except Exception:  # Pillow raises many types on damaged input.
        return None
