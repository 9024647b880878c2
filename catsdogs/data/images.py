"""Bytes or a path → an upright RGB picture → a fixed square: the one decode path.

Training, evaluation, the command line and the app all decode here, so a photo gets the same
pixels, and so the same answer, everywhere.
"""

import hashlib
import io
import os
import re
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFile, ImageOps

from catsdogs.errors import UnreadableImage

# An allow-list: Pillow would otherwise try EPS (which starts Ghostscript), PDF and many more.
# "JPEG" includes what many phones write: MPO, a JPEG with further pictures behind the first.
_OF_PILLOW, _HEIF = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"), "HEIF"
FORMATS = (*_OF_PILLOW, _HEIF)
_JPEGS = ("JPEG", "MPO")
# What the first box of a HEIC file, which iPhones write, says that it is (ISO/IEC 23008-12).
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
_END_MARKER = b"\xff\xd9"
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_PNG_END = b"IEND\xaeB`\x82"
_EXIF_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)
_TURNED = {
    2: "mirrored",
    3: "turned by 180°",
    4: "mirrored and turned by 180°",
    5: "mirrored and turned by 90°",
    6: "turned by 90°",
    7: "mirrored and turned by 90°",
    8: "turned by 90°",
}
SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif"}
)
MAX_PIXELS = 50_000_000
# What that many pixels take uncompressed, with four channels, and some more.
MAX_BYTES = 256 << 20
# Part of every cache's path: to be raised when other files are readable, or give other pixels.
DECODE_VERSION = "v2"
HEADER_BYTES_KEPT = 16

# What Pillow raises on hostile or damaged input, beside OSError.
_PILLOW_ERRORS = (
    OSError,
    ValueError,
    TypeError,
    SyntaxError,
    RuntimeError,
    EOFError,
    OverflowError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


@dataclass(frozen=True)
class Header:
    """What a file says of itself. The size is that of the picture as shown, in pixels."""

    format: str
    mode: str
    width_px: int
    height_px: int
    orientation: int  # EXIF: 1 is upright
    trailing_bytes: int


def read_bytes(path: Path) -> bytes:
    """Return the file's content.

    Raises:
        UnreadableImage: ``missing`` when it is not there, may not be read or is no plain file;
            ``too_large`` when it has more than ``MAX_BYTES``.
    """
    try:
        with io.FileIO(path, opener=_opened_at_once) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableImage("missing", "The file cannot be opened: it is no plain file.")
            if status.st_size > MAX_BYTES:
                raise UnreadableImage(
                    "too_large",
                    f"Expected a file of at most {MAX_BYTES >> 20} MB. Received: "
                    f"{status.st_size:,} bytes. Scale the picture down first.",
                )
            return stream.readall()
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise UnreadableImage("missing", f"The file cannot be opened: {reason}.") from None


def _opened_at_once(path: str, flags: int) -> int:
    # Opening a pipe would otherwise wait until somebody writes into it.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def digest(content: bytes) -> str:
    """Return what a file's content goes by everywhere: BLAKE2b, 128 bits, as 32 hex digits."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def open_header(content: bytes) -> ImageFile.ImageFile:
    """Open an image without decoding its pixels: format, mode and size are known afterwards.

    Raises:
        UnreadableImage: ``empty``, ``not_an_image`` or ``too_large``.
    """
    if not content:
        raise UnreadableImage("empty", "The file is empty (zero bytes).")
    try:
        image = Image.open(io.BytesIO(content), formats=_formats(content))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableImage("too_large", _too_large("a larger one")) from None
    except _PILLOW_ERRORS:
        raise UnreadableImage("not_an_image", _not_an_image(content)) from None
    if image.width * image.height > MAX_PIXELS:
        raise UnreadableImage("too_large", _too_large(f"{image.width}×{image.height} pixels"))
    return image


def _formats(content: bytes) -> tuple[str, ...]:
    """Return what ``content`` may be: HEIC where it says so itself, else any but that."""
    kind, brands = content[4:8], content[8 : int.from_bytes(content[:4])]
    if kind != b"ftyp" or not any(brand in brands for brand in _HEIC_BRANDS):
        return _OF_PILLOW
    # Here, because its libraries take 20 MB, which most people never need.
    from pillow_heif import register_heif_opener

    register_heif_opener()
    return (_HEIF,)


class Picture:
    """The content of one image file, decoded no more often than the sizes asked for make it.

    What it returns it may return again: copy a picture before changing it.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._decoded: dict[tuple[int, int], Image.Image] = {}

    def upright(self, *, at_least_px: int | None = None) -> Image.Image:
        """Return the first frame as upright RGB, transparency composited on white.

        With ``at_least_px``, a JPEG may be decoded at a half, a quarter or an eighth of its size,
        as long as both sides stay at least that long: much faster, and enough for a smaller target.

        Raises:
            UnreadableImage: with the reason, for anything that does not decode to its end.
        """
        image = open_header(self.content)
        if at_least_px is not None:
            image.draft(image.mode, (at_least_px, at_least_px))
        if image.size not in self._decoded:
            self._decoded[image.size] = _decoded(image, self.content)
        return self._decoded[image.size]

    def square(self, side: int) -> np.ndarray:
        """Return the picture as uint8 RGB, shape (side, side, 3), squeezed to a square (bilinear).

        Raises:
            UnreadableImage: with the reason.
        """
        image = self.upright(at_least_px=side)
        return np.asarray(image.resize((side, side), Image.Resampling.BILINEAR))

    def changes(self) -> list[str]:
        """Return in words what decoding does to the picture beyond reading it; often nothing.

        Raises:
            UnreadableImage: with the reason.
        """
        image = open_header(self.content)
        try:
            frames = 1 if image.format in _JPEGS else getattr(image, "n_frames", 1)
        except _PILLOW_ERRORS:
            frames = 1
        found = {
            _TURNED.get(_orientation(image), ""): True,
            f"first of {frames} frames": frames > 1,
            "transparency put on white": image.has_transparency_data,
            "CMYK made RGB": image.mode == "CMYK",
            "16 bits made 8": _has_high_depth(image),
        }
        return [what for what, happens in found.items() if what and happens]


def load_upright(content: bytes, *, at_least_px: int | None = None) -> Image.Image:
    """Return ``Picture(content).upright(…)``, for those who want nothing else of it.

    Raises:
        UnreadableImage: with the reason.
    """
    return Picture(content).upright(at_least_px=at_least_px)


def load_square(content: bytes, side: int) -> np.ndarray:
    """Return ``Picture(content).square(side)``, for those who want nothing else of it.

    Raises:
        UnreadableImage: with the reason.
    """
    return Picture(content).square(side)


def _decoded(image: ImageFile.ImageFile, content: bytes) -> Image.Image:
    try:
        image.load()
        upright = _to_rgb(ImageOps.exif_transpose(image))
    except _PILLOW_ERRORS as error:
        raise _decode_failure(error) from None
    if image.format in _JPEGS and _jpeg_end(content) is None:
        # An interrupted download that was filled up with zeros decodes, to a half grey picture.
        raise _truncated()
    return upright


def read_header(content: bytes) -> Header:
    """Return what a file says of itself, having made sure that it is complete.

    The pixels are decoded only where that is the one way to know, which a JPEG with its end marker
    near the end is not.

    Raises:
        UnreadableImage: with the reason.
    """
    image = open_header(content)
    orientation = _orientation(image)
    if image.format in _JPEGS and _END_MARKER in content[-1024:]:
        width, height = image.size[::-1] if orientation in _SIDEWAYS else image.size
    else:
        width, height = load_upright(content).size
    trailing = _trailing_bytes(image.format, content)
    return Header(image.format or "", image.mode, width, height, orientation, trailing)


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_EXIF_ORIENTATION, 1)
    except _PILLOW_ERRORS:
        return 1
    return value if value in range(2, 9) else 1


def _trailing_bytes(format_: str | None, content: bytes) -> int:
    """Return how many bytes lie behind a JPEG's or PNG's end. An MPO's further pictures belong."""
    if format_ == "JPEG":
        end = _jpeg_end(content)
    elif format_ == "PNG":
        end = content.find(_PNG_END) + len(_PNG_END)
    else:
        return 0
    return len(content) - end if end else 0


def _jpeg_end(content: bytes) -> int | None:
    """Return where a JPEG's first picture ends, None where it has no end.

    Segments are skipped by their lengths, for a thumbnail in one may have an end marker too; in
    the compressed data between them, a marker is any FF that no 00, FF or restart number follows
    (ITU-T T.81, B.1.1).
    """
    position = 2
    while marker := _MARKER.search(content, position):
        if marker[0] == _END_MARKER:
            return marker.end()
        position = marker.end() + int.from_bytes(content[marker.end() : marker.end() + 2])
    return None


def _to_rgb(image: Image.Image) -> Image.Image:
    if _has_high_depth(image):
        return _high_depth_to_grey(image).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def _has_high_depth(image: Image.Image) -> bool:
    return image.mode.startswith("I;16") or image.mode in ("I", "F")


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
