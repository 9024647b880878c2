"""Bytes or a path → an upright RGB picture → a fixed square: the one decode path.

Training, evaluation, the command line and the app all decode here, so a photo gets the same
pixels, and so the same answer, everywhere.
"""

import hashlib
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFile

from catsdogs.errors import UnreadableImage
from catsdogs.images import containers
from catsdogs.system.memory import Room

# An allow-list: Pillow would otherwise try EPS (which starts Ghostscript), PDF and many more.
# "JPEG" includes what many phones write: MPO, a JPEG with further pictures behind the first.
_OF_PILLOW, _HEIF = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"), "HEIF"
FORMATS = (*_OF_PILLOW, _HEIF)
_JPEGS = ("JPEG", "MPO")
_EXIF_ORIENTATION, _TILE_WIDTH, _TILE_LENGTH = 0x0112, 0x0142, 0x0143
_SIDEWAYS = (5, 6, 7, 8)
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
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
# What JPEG can have. To scale a longer side takes more memory than the picture.
MAX_SIDE_PX = 65_535
# What that many pixels take uncompressed, with four channels, and some more.
MAX_BYTES = 256 << 20
# Two of the largest pictures, or any number of usual ones: 0.6 GB each, however many sessions ask.
_ROOM = Room(2 * MAX_PIXELS)
# Part of every cache's path: to be raised when other files are readable, or give other pixels.
DECODE_VERSION = "v3"
HEADER_BYTES_KEPT = 16
# More than libjpeg looks ahead in a scan, less than a row of blocks of any photo takes.
_READ_AHEAD = 16

# On hostile or damaged input Pillow raises whatever its readers run into, IndexError and the like.
_PILLOW_ERRORS = Exception


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
        UnreadableImage: ``empty``, ``not_an_image``, ``truncated``, ``damaged`` or ``too_large``.
    """
    if not content:
        raise UnreadableImage("empty", "The file is empty (zero bytes).")
    _require_few_parts(content)
    try:
        image = Image.open(io.BytesIO(content), formats=_formats(content))
        tile_size = _tile_size(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableImage("too_large", _too_large("a larger one")) from None
    except _PILLOW_ERRORS:
        raise _unopened(content) from None
    for width, height in (image.size, tile_size):
        if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE_PX:
            raise UnreadableImage("too_large", _too_large(f"{width}×{height} pixels"))
    return image


def _require_few_parts(content: bytes) -> None:
    if containers.has_too_many_parts(content):
        raise UnreadableImage("damaged", "Its header is in more pieces than that of any photo.")


def _tile_size(image: ImageFile.ImageFile) -> tuple[int, int]:
    """Return the size of a TIFF's tiles, which are decoded whole, however small the picture is."""
    tags = getattr(image, "tag_v2", {})
    width, height = tags.get(_TILE_WIDTH, 0), tags.get(_TILE_LENGTH, 0)
    return (width, height) if isinstance(width, int) and isinstance(height, int) else (0, 0)


def _formats(content: bytes) -> tuple[str, ...]:
    """Return what ``content`` may be: HEIC where it says so itself, else any but that."""
    if not containers.is_heic(content):
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

        Waits while other threads decode as much as may be in memory at a time.

        Raises:
            UnreadableImage: with the reason, for anything that does not decode to its end.
        """
        image, pixels = self._opened(at_least_px)
        if image.size not in self._decoded:
            with _ROOM.taken(pixels):
                self._decoded[image.size] = _decoded(image)
        return self._decoded[image.size]

    @contextmanager
    def held(self, *, at_least_px: int) -> Iterator[None]:
        """Count the picture among those in memory until this is left, not only while it decodes.

        Raises:
            UnreadableImage: with the reason.
        """
        with _ROOM.taken(self._opened(at_least_px)[1]):
            yield

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
        frames = _frames(image)
        found = {
            _TURNED.get(_orientation(image), ""): True,
            f"first of {frames}": bool(frames),
            "transparency put on white": image.has_transparency_data,
            "CMYK made RGB": image.mode == "CMYK",
            "16 bits made 8": _has_high_depth(image),
        }
        return [what for what, happens in found.items() if what and happens]

    def _opened(self, at_least_px: int | None) -> tuple[ImageFile.ImageFile, int]:
        """Return the picture before its pixels, and how many of them decoding has in memory."""
        content, is_scaled = self._whole
        image = open_header(content)
        size = image.width * image.height
        if at_least_px is not None:
            image.draft(image.mode, (at_least_px, at_least_px))
        return image, image.width * image.height if is_scaled else size

    @cached_property
    def _whole(self) -> tuple[bytes, bool]:
        """Return what to decode, and whether a smaller size takes less memory: what is no JPEG, and
        one that comes in several scans, is in memory as a whole.

        libjpeg makes up what is missing before an end marker, as grey. So a JPEG in one scan is
        given to it without that marker, and enough bytes to read ahead in its place.
        """
        if not self.content.startswith(containers.JPEG_START):
            return self.content, False
        _require_few_parts(self.content)
        end, scans, is_sequential = containers.jpeg_structure(self.content)
        if end is None:
            raise _truncated()
        if scans > containers.MOST_SCANS:
            raise UnreadableImage("damaged", f"It comes in {scans:,} scans, as no photo does.")
        if scans != 1 or not is_sequential:
            return self.content, False
        return self.content[: end - len(containers.JPEG_END)] + bytes(_READ_AHEAD), True


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


def _decoded(image: ImageFile.ImageFile) -> Image.Image:
    try:
        image.load()
        upright = _UPRIGHT.get(_orientation(image))
        return _to_rgb(image if upright is None else image.transpose(upright))
    except _PILLOW_ERRORS as error:
        raise _decode_failure(error) from None


def read_header(content: bytes) -> Header:
    """Return what a file says of itself, having made sure that it is complete.

    The pixels are decoded only where that is the one way to know, which a JPEG with its end marker
    near the end is not.

    Raises:
        UnreadableImage: with the reason.
    """
    image = open_header(content)
    orientation = _orientation(image)
    if image.format in _JPEGS and containers.JPEG_END in content[-1024:]:
        width, height = image.size[::-1] if orientation in _SIDEWAYS else image.size
    else:
        width, height = load_upright(content).size
    trailing = containers.trailing_bytes(image.format, content)
    return Header(image.format or "", image.mode, width, height, orientation, trailing)


def _frames(image: ImageFile.ImageFile) -> str:
    """Return how many frames there are, "" for one. Of a JPEG, the others are no other pictures."""
    try:
        if image.format == "TIFF":  # Pillow takes minutes to find the last of 100,000 pages.
            image.seek(1)
            return "several pages"
        frames = 1 if image.format in _JPEGS else getattr(image, "n_frames", 1)
    except _PILLOW_ERRORS:
        return ""
    return f"{frames} frames" if frames > 1 else ""


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_EXIF_ORIENTATION, 1)
    except _PILLOW_ERRORS:
        return 1
    return value if value in range(2, 9) else 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if _has_high_depth(image):
        return _high_depth_to_grey(image).convert("RGB")
    if image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image)
        return white
    return image if image.mode == "RGB" else image.convert("RGB")


def _has_high_depth(image: Image.Image) -> bool:
    return image.mode.startswith("I;16") or image.mode in ("I", "F")


def _high_depth_to_grey(image: Image.Image) -> Image.Image:
    """Scale 16-bit and floating-point grey to 8 bits; Pillow's own conversion clips at 255."""
    values: np.ndarray[Any, Any] = np.array(image, dtype=np.float32)
    np.nan_to_num(values, copy=False)
    peak = values.max(initial=0)
    full_scale = 1.0 if peak <= 1 and image.mode == "F" else 255.0 if peak <= 255 else 65535.0
    values.clip(0, full_scale, out=values)
    values *= 255 / full_scale
    return Image.fromarray(values.astype(np.uint8))


def _decode_failure(error: Exception) -> UnreadableImage:
    if "truncated" in str(error).lower() or isinstance(error, EOFError):
        return _truncated()
    return UnreadableImage("damaged", f"The picture data are damaged ({error}).")


def _truncated() -> UnreadableImage:
    return UnreadableImage("truncated", "The file is cut short: its last part is missing.")


def _too_large(received: str) -> str:
    limit = f"{MAX_PIXELS // 1_000_000} megapixels, {MAX_SIDE_PX:,} pixels a side"
    return f"Expected at most {limit}. Received: {received}. Scale the picture down first."


def _unopened(content: bytes) -> UnreadableImage:
    """Return why Pillow cannot even open it."""
    if not containers.begins_like_an_image(content):
        return UnreadableImage(
            "not_an_image",
            f"Expected an image ({', '.join(FORMATS)}). Received: a file that begins with "
            f"{content[:HEADER_BYTES_KEPT]!r}.",
        )
    if containers.is_cut_short(content):
        return _truncated()
    return UnreadableImage(
        "damaged", "It begins like an image, but what follows is damaged or missing."
    )
