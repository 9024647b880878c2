"""Bytes or a path → an upright RGB picture → a fixed square: the one decode path.

Training, evaluation, the command line and the app all decode here, so a photo gets the same
pixels, and so the same answer, everywhere.
"""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFile, ImageOps

from catsdogs.errors import UnreadableImage

# An allow-list: Pillow would otherwise try EPS (which starts Ghostscript), PDF and many more.
# "JPEG" includes what many phones write: MPO, a JPEG with further pictures behind the first.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_JPEGS = ("JPEG", "MPO")
_START_OF_SCAN, _END_MARKER = 0xDA, b"\xff\xd9"
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
MAX_PIXELS = 50_000_000
# Part of every cache's path: to be raised when other files are readable, or give other pixels.
DECODE_VERSION = "v1"
HEADER_BYTES_KEPT = 16

# What Pillow raises on hostile or damaged input, beside OSError.
_PILLOW_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    NotImplementedError,
    EOFError,
    OverflowError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def read_bytes(path: Path) -> bytes:
    """Return the file's content.

    Raises:
        UnreadableImage: ``missing`` when it is not there or may not be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise UnreadableImage("missing", f"The file cannot be opened: {reason}.") from None


def open_header(content: bytes) -> ImageFile.ImageFile:
    """Open an image without decoding its pixels: format, mode and size are known afterwards.

    Raises:
        UnreadableImage: ``empty``, ``not_an_image`` or ``too_large``.
    """
    if not content:
        raise UnreadableImage("empty", "The file is empty (zero bytes).")
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableImage("too_large", _too_large("a larger one")) from None
    except _PILLOW_ERRORS:
        raise UnreadableImage("not_an_image", _not_an_image(content)) from None
    if image.width * image.height > MAX_PIXELS:
        raise UnreadableImage("too_large", _too_large(f"{image.width}×{image.height} pixels"))
    return image


def load_upright(content: bytes, *, at_least_px: int | None = None) -> Image.Image:
    """Return the first frame as upright RGB, transparency composited on white.

    With ``at_least_px``, a JPEG may be decoded at a half, a quarter or an eighth of its size, as
    long as both sides stay at least that long: much faster, and enough for a smaller target.

    Raises:
        UnreadableImage: with the reason, for anything that does not decode to its end.
    """
    image = open_header(content)
    if at_least_px is not None:
        image.draft(image.mode, (at_least_px, at_least_px))
    try:
        image.load()
        upright = _to_rgb(ImageOps.exif_transpose(image))
    except _PILLOW_ERRORS as error:
        raise _decode_failure(error) from None
    if image.format in _JPEGS and not _has_end_marker(content):
        # An interrupted download that was filled up with zeros decodes, to a half grey picture.
        raise _truncated()
    return upright


def load_square(content: bytes, side: int) -> np.ndarray:
    """Return the picture as uint8 RGB, shape (side, side, 3), squeezed to a square (bilinear).

    Raises:
        UnreadableImage: with the reason.
    """
    image = load_upright(content, at_least_px=side)
    return np.asarray(image.resize((side, side), Image.Resampling.BILINEAR))


def ends_cleanly(image: ImageFile.ImageFile, content: bytes) -> bool:
    """Tell whether a JPEG carries its end marker near the end, so that it cannot be cut short.

    False means "decode it to know", which is also the answer for every other format.
    """
    return image.format in _JPEGS and _END_MARKER in content[-1024:]


def _has_end_marker(content: bytes) -> bool:
    """Look for a JPEG's end marker behind its header, which may hold a thumbnail with one."""
    position = 2
    while content[position : position + 1] == b"\xff" and content[position + 1] != _START_OF_SCAN:
        position += 2 + int.from_bytes(content[position + 2 : position + 4])
    return content.find(_END_MARKER, position) >= 0


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _high_depth_to_grey(image).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def _high_depth_to_grey(image: Image.Image) -> Image.Image:
    """Scale 16-bit and floating-point grey to 8 bits; Pillow's own conversion clips at 255."""
    values: np.ndarray[Any, Any] = np.nan_to_num(np.asarray(image, dtype=np.float32))
    peak = values.max(initial=0)
    full_scale = 1.0 if peak <= 1 and image.mode == "F" else 255.0 if peak <= 255 else 65535.0
    return Image.fromarray((values.clip(0, full_scale) * (255 / full_scale)).astype(np.uint8))


def _decode_failure(error: Exception) -> UnreadableImage:
    if "truncated" in str(error).lower() or isinstance(error, EOFError):
        return _truncated()
    return UnreadableImage("damaged", f"The picture data are damaged ({error}).")


def _truncated() -> UnreadableImage:
    return UnreadableImage("truncated", "The file is cut short: its last part is missing.")


def _too_large(received: str) -> str:
    limit = f"{MAX_PIXELS // 1_000_000} megapixels"
    return f"Expected at most {limit}. Received: {received}. Scale the picture down first."


def _not_an_image(content: bytes) -> str:
    return (
        f"Expected an image ({', '.join(FORMATS)}). Received: a file that begins with "
        f"{content[:HEADER_BYTES_KEPT]!r}."
    )
