"""From a file's bytes to an upright RGB picture and to a square of fixed size: the only decoder.

Training, evaluation, the command line and the app all decode here, so a photo has the same pixels,
and gets the same answer, everywhere.
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

import numpy as np
from PIL import Image, ImageFile

from catsdogs.errors import UnreadableImage
from catsdogs.images import containers, header, joined, jpeg, jpeg_end, pixels, stored
from catsdogs.images.header import MAX_PIXELS, Header
from catsdogs.images.pixels import Decoded
from catsdogs.storage import reading
from catsdogs.system.memory import Room

SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".pjp", ".mpo", ".png", ".apng", ".webp"),
        *(".gif", ".bmp", ".dib", ".tif", ".tiff", ".avif", ".avifs", ".heic", ".heif", ".hif"),
    }
)
# Slightly more than ``MAX_PIXELS`` need uncompressed, with four channels.
MAX_BYTES = 256 << 20
# Two of the largest pictures, or any number of ordinary ones: 0.6 GB, however many people ask.
_ROOM = Room(2 * MAX_PIXELS)
# Part of every cache's path. Raise it when other files become readable, or pixels change.
DECODE_VERSION = "v4"
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


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, an object at an address, or an image in a table (``stored``).

    Pictures that joined a dataset (``joined``) are read from their own folder.

    Raises:
        Unreachable: if an address cannot be read now, or its object has changed.
        UnreadableImage: ``missing`` if it does not exist, may not be read or is not a regular file;
            ``too_large`` if it has more than ``MAX_BYTES``.
    """
    try:
        with io.FileIO(path, opener=_opened_at_once) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableImage("missing", "It cannot be opened: it is not a regular file.")
            _require_size(status.st_size)
            return stream.readall()
    except OSError as error:
        content = _elsewhere(path, error)
        if content is not None:
            _require_size(len(content))
            return content
        reason = error.strerror or "unknown reason"
        raise UnreadableImage("missing", f"The file cannot be opened: {reason}.") from None


def _elsewhere(path: Path, error: OSError) -> bytes | None:
    """Return the content of a path that leads to no file here, or None.

    It may be a picture that joined the dataset, an object at an address, or an image in a table.
    """
    if (file := joined.file_of(path)) is not None:
        return read_bytes(file)
    if reading.is_object(path):
        _require_size(reading.status(path).st_size)
        return reading.read(path)
    is_below_file = isinstance(error, NotADirectoryError)
    is_below_object = reading.is_below(path) and stored.split(path) is not None
    return stored.read(path) if is_below_file or is_below_object else None


def _require_size(size_bytes: int) -> None:
    if size_bytes > MAX_BYTES:
        raise UnreadableImage(
            "too_large",
            f"Expected a file of at most {MAX_BYTES >> 20} MB. Received: "
            f"{size_bytes:,} bytes. Scale the picture down first.",
        )


def _opened_at_once(path: str, flags: int) -> int:
    # Without this flag, opening a pipe would wait for a writer.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def digest(content: bytes) -> str:
    """Return the key of a file's content: its 128-bit BLAKE2b hash as 32 hex digits."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


@dataclass(frozen=True)
class _Source:
    """The bytes to decode. ``scales``: decoding at a smaller size takes less memory."""

    content: bytes
    scales: bool


@dataclass(frozen=True)
class _Opened:
    """An image before its pixels are decoded, and how many pixels decoding holds in memory."""

    image: ImageFile.ImageFile
    pixels_in_memory: int


class Picture:
    """The content of one image file. Each size is decoded once.

    The same object may be returned again: copy it before you change it.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._decoded: dict[tuple[int, int], Decoded] = {}

    def upright(self, *, at_least_px: int | None = None) -> Image.Image:
        """Return the picture as upright RGB, as a viewer shows it on white.

        With ``at_least_px``, a JPEG may be decoded at a half, a quarter or an eighth of its size,
        as long as both sides stay at least that long. That is much faster, and enough for a smaller
        target.

        Waits while other threads hold as many pixels as may be in memory at a time.

        Raises:
            UnreadableImage: with the reason, if the picture does not decode completely.
        """
        return self._shown(at_least_px).image

    @contextmanager
    def held(self, *, at_least_px: int) -> Iterator[None]:
        """Count the picture as in memory until the block ends, not only while it decodes.

        Raises:
            UnreadableImage: with the reason.
        """
        with _ROOM.taken(self._opened(at_least_px).pixels_in_memory):
            yield

    def square(self, side: int) -> np.ndarray:
        """Return the picture as uint8 RGB, shape (side, side, 3), squeezed to a square (bilinear).

        Raises:
            UnreadableImage: with the reason.
        """
        return squeezed(self.upright(at_least_px=side), side)

    def changes(self) -> list[str]:
        """Return the changes that decoding makes to the picture, in words. Often there are none.

        Raises:
            UnreadableImage: with the reason.
        """
        decoded = next(iter(self._decoded.values()), None) or self._shown(1)
        image = header.open_header(self.content)
        changes = [_TURNED.get(header.orientation(image), ""), *decoded.changes]
        if frames := header.frames(image):
            changes.append(
                f"{frames}, of which the first is of one colour: number {decoded.frame + 1} is used"
                if decoded.frame
                else f"first of {frames}"
            )
        if pixels.is_blank(decoded.image):
            changes.append("of one colour")
        return [change for change in changes if change]

    def _shown(self, at_least_px: int | None) -> Decoded:
        opened = self._opened(at_least_px)
        size = opened.image.size
        if size not in self._decoded:
            with _ROOM.taken(opened.pixels_in_memory):
                self._decoded[size] = pixels.decoded(opened.image, self._reopened)
        return self._decoded[size]

    def _reopened(self) -> ImageFile.ImageFile:
        return header.open_header(self.content)

    def _opened(self, at_least_px: int | None) -> _Opened:
        image = header.open_header(self._source.content)
        full_px = image.width * image.height
        if at_least_px is not None:
            image.draft(image.mode, (at_least_px, at_least_px))
        return _Opened(image, image.width * image.height if self._source.scales else full_px)

    @cached_property
    def _source(self) -> _Source:
        """The bytes to decode. Only a JPEG in one sequential scan takes less memory when scaled.

        libjpeg fills data missing before an end marker with grey. So a JPEG in one scan is decoded
        without that marker, followed by enough bytes for libjpeg to read ahead.
        """
        if not self.content.startswith(jpeg.START):
            return _Source(self.content, scales=False)
        header.require_few_parts(self.content)
        structure = jpeg.structure(self.content)
        if structure.scans > jpeg.MOST_SCANS:
            raise UnreadableImage(
                "damaged", f"It has {structure.scans:,} scans, more than any photo."
            )
        is_one_scan = structure.scans == 1 and structure.is_sequential
        if structure.end is None:
            return _Source(self._completed(is_one_scan=is_one_scan), scales=is_one_scan)
        if not is_one_scan:
            return _Source(self.content, scales=False)
        return _Source(jpeg_end.open_ended(self.content, structure.end), scales=True)

    def _completed(self, *, is_one_scan: bool) -> bytes:
        """Return a JPEG without an end marker as one that decodes.

        Raises:
            UnreadableImage: ``truncated``, if pixels are missing.
        """
        image = header.open_header(self.content)
        found = None
        if jpeg.sends_everything(self.content):
            with _ROOM.taken(image.width * image.height):
                found = jpeg_end.completed(self.content, is_one_scan=is_one_scan)
        if found is None:
            raise header.truncated()
        return found


def squeezed(image: Image.Image, side: int) -> np.ndarray:
    """Return an RGB picture as uint8 (side, side, 3), squeezed to a square (bilinear)."""
    return np.asarray(image.resize((side, side), Image.Resampling.BILINEAR))


def load_upright(content: bytes, *, at_least_px: int | None = None) -> Image.Image:
    """Return ``Picture(content).upright(…)``, for callers who need nothing else.

    Raises:
        UnreadableImage: with the reason.
    """
    return Picture(content).upright(at_least_px=at_least_px)


def load_square(content: bytes, side: int) -> np.ndarray:
    """Return ``Picture(content).square(side)``, for callers who need nothing else.

    Raises:
        UnreadableImage: with the reason.
    """
    return Picture(content).square(side)


def read_header(content: bytes) -> Header:
    """Return the properties that a file declares, after checking that the file is complete.

    The pixels are decoded only if completeness cannot be checked otherwise. A JPEG with an end
    marker near its end is complete.

    Raises:
        UnreadableImage: with the reason.
    """
    image = header.open_header(content)
    orientation = header.orientation(image)
    if image.format in header.JPEGS and jpeg.END in content[-1024:]:
        width, height = image.size[::-1] if orientation in _SIDEWAYS else image.size
    else:
        width, height = load_upright(content).size
    trailing = containers.trailing_bytes(image.format, content)
    return Header(image.format or "", image.mode, width, height, orientation, trailing)
