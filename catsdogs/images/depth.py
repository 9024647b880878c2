"""Pictures with more than 8 bits per channel, scaled to their full range.

A picture in a file of 16 bits often has only 10 or 12, as cameras and microscopes write them, and
is nearly black as it is. Such a picture is stretched to the full range.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageFile

from catsdogs.images import kinds, tiff

_FULL = 65_535
# A picture is dark if its brightest value needs this many bits less than the file has: it
# uses at most a sixteenth of the range.
_UNUSED_BITS = 4
_FEWEST_BITS, _STEP = 8, 2
# This share of floating-point values may lie outside of the range: those of sharpened edges do.
_OUTLIERS = 0.01
_SIGNED = 2  # TIFF's sample format.
# Pillow's raw mode of 16-bit grey with transparency, and one that gives its four bytes as bands.
_GREY_ALPHA, _GREY_ALPHA_BYTES = "LA;16B", "RGBA"
# Raw modes of 16-bit colours, of which Pillow reads the high bytes. In the other order of bytes,
# it reads the low ones.
_COLOURS = ("RGB;16", "RGBA;16", "RGBX;16")
_OTHER_ORDER = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}

Values = np.ndarray[Any, Any]
Reopened = Callable[[], ImageFile.ImageFile]


@dataclass(frozen=True)
class Deep:
    """A picture in 16-bit grey, mode "I;16", or in 8 bits, and the change in words.

    ``alpha`` is the transparency of grey, None if all is opaque.
    """

    image: Image.Image
    change: str
    alpha: Image.Image | None = None


def raw_mode(image: ImageFile.ImageFile) -> str:
    """Return how the file of an image that is not yet decoded stores each pixel, for Pillow."""
    arguments = image.tile[0].args if image.tile else ""
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def loaded(image: ImageFile.ImageFile, reopened: Reopened) -> Deep:
    """Return the decoded pixels of an opened image. 8-bit pixels are ``image`` itself.

    ``reopened`` opens the same file once more.

    Raises:
        UnreadableImage: ``unsupported``, if its values have no known range.
        Exception: any, if Pillow cannot decode it.
    """
    raw = raw_mode(image)
    if raw == _GREY_ALPHA and not getattr(image, "is_animated", False):
        return _grey_with_alpha(_with_raw_mode(image, _GREY_ALPHA_BYTES))
    image.load()
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _grey(image)
    if raw[:-1] in _COLOURS:
        return _colours(image, raw, reopened)
    return Deep(image, "16 bits made 8" if ";16" in raw else "")


def in_8_bits(image: Image.Image) -> Image.Image:
    """Return 16-bit grey as 8-bit grey, rounded."""
    return Image.fromarray(_table(16)[np.asarray(image)])


def _grey(image: Image.Image) -> Deep:
    """Return grey with 0 as black and 65535 as white. A transparent value becomes white."""
    values: Values = np.asarray(image)
    tags = getattr(image, "tag_v2", {})
    bits, white_is_zero = tags.get(tiff.BITS, (16,))[0], tags.get(tiff.PHOTOMETRIC) == 0
    if image.mode == "F":
        if white_is_zero:  # Viewers do not agree whether to invert it.
            raise kinds.unsupported("a floating-point TIFF with white as zero")
        scaled, is_stretched = _scaled_floats(values)
    else:
        is_signed = tags.get(tiff.SAMPLE_FORMAT, (1,))[0] == _SIGNED
        if image.mode == "I" and not is_signed:  # Pillow has no unsigned mode.
            values = values.view(np.uint32)
        scaled, is_stretched = _scaled(values, bits)
        if is_signed and not is_stretched:  # Viewers do not agree which value is black.
            raise kinds.unsupported(f"a TIFF with signed values of {bits} bits")
    if white_is_zero:  # Pillow inverts 8 bits only.
        np.subtract(_FULL, scaled, out=scaled)
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        scaled[values == clear] = _FULL
    return Deep(Image.fromarray(scaled), _change(bits, is_stretched=is_stretched))


def _grey_with_alpha(image: ImageFile.ImageFile) -> Deep:
    image.load()
    high, low, alpha, _ = image.split()
    scaled, is_stretched = _scaled(_joined(high, low), 16)
    return Deep(Image.fromarray(scaled), _change(16, is_stretched=is_stretched), alpha)


def _colours(image: ImageFile.ImageFile, raw: str, reopened: Reopened) -> Deep:
    """Return 16-bit colours in 8 bits. A transparent colour becomes white.

    Pillow has read the high byte of each value. The low bytes are decoded if they matter.
    """
    clear = image.info.pop("transparency", None)
    brightest = max(extremes(image.getchannel(name))[1] for name in "RGB")
    if not isinstance(clear, tuple) and _bits_used(brightest << 8, 16) == 16:
        return Deep(image, _change(16, is_stretched=False))
    low = _with_raw_mode(reopened(), raw[:-1] + _OTHER_ORDER[raw[-1]])
    low.load()

    def values(name: str) -> Values:  # One channel at a time, because they take much memory.
        return _joined(image.getchannel(name), low.getchannel(name))

    used = _bits_used(max(int(values(name).max(initial=0)) for name in "RGB"), 16)
    bands = [Image.fromarray(_table(used)[values(name)]) for name in "RGB"]
    alpha = [image.getchannel("A")] if image.mode == "RGBA" else []
    picture = Image.merge(image.mode, [*bands, *alpha])
    if isinstance(clear, tuple):
        equal = [values(name) == one for name, one in zip("RGB", clear, strict=True)]
        picture.paste("white", mask=Image.fromarray(np.logical_and.reduce(equal)))
    return Deep(picture, _change(16, is_stretched=used < 16))


def _table(bits: int) -> Values:
    """Return the 8-bit level, as uint8, of each value of ``bits`` bits."""
    return (np.arange(1 << bits) * (255 / ((1 << bits) - 1))).round().astype(np.uint8)


def _with_raw_mode(image: ImageFile.ImageFile, raw: str) -> ImageFile.ImageFile:
    """Return an image that is not yet decoded, after changing how Pillow reads each pixel."""
    for number, tile in enumerate(image.tile):
        args = (raw, *tile.args[1:]) if isinstance(tile.args, tuple) else raw
        image.tile[number] = type(tile)(tile.codec_name, tile.extents, tile.offset, args)
    return image


def _joined(high: Image.Image, low: Image.Image) -> Values:
    return (np.asarray(high).astype(np.uint16) << 8) | np.asarray(low)


def _scaled(values: Values, bits: int) -> tuple[Values, bool]:
    """Return integers of ``bits`` bits as uint16, 0 to 65535, and whether they are stretched."""
    if values.min(initial=0) < 0:
        raise kinds.unsupported("a picture with negative values")
    used = _bits_used(int(values.max(initial=0)), bits)
    factor = _FULL / ((1 << used) - 1)
    if used <= 16:
        table = np.arange(1 << used, dtype=np.float32) * np.float32(factor)
        return table.round().astype(np.uint16)[values], used < bits
    scaled = values * np.float32(factor)
    return scaled.clip(0, _FULL, out=scaled).astype(np.uint16), used < bits


def _bits_used(peak: int, bits: int) -> int:
    """Return how many bits the values have, judging by the largest; all, unless it is dark."""
    if not peak or peak.bit_length() > bits - _UNUSED_BITS:
        return bits
    return next(used for used in range(_FEWEST_BITS, bits, _STEP) if peak < 1 << used)


def _scaled_floats(values: Values) -> tuple[Values, bool]:
    """Return floating-point values as uint16 from 0 to 65535, and whether they are stretched.

    The usual range is 0 to 1. Some programs write integers as floating-point values.
    """
    scaled = np.nan_to_num(values, nan=0, posinf=_FULL, neginf=0)
    peak = float(scaled.max(initial=0))
    if (scaled < 0).mean() > _OUTLIERS:
        raise kinds.unsupported("a picture with negative values")
    if (scaled > 1).mean() <= _OUTLIERS:
        top = 1
    elif peak <= _FULL:
        top = (1 << _bits_used(int(peak), 16)) - 1
    else:
        raise kinds.unsupported("a floating-point picture with values above 65,535")
    scaled *= _FULL / top
    return scaled.clip(0, _FULL, out=scaled).round().astype(np.uint16), 1 < top < _FULL


def extremes(band: Image.Image) -> tuple[int, int]:
    """Return the least and the largest value of a picture of one channel."""
    least, most = band.getextrema()
    assert isinstance(least, int | float)
    assert isinstance(most, int | float)
    return int(least), int(most)


def _change(bits: int, *, is_stretched: bool) -> str:
    return f"dark {bits}-bit picture stretched" if is_stretched else f"{bits} bits made 8"
