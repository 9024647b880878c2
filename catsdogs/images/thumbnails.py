"""Small square pictures for the gallery, cached on disk by content."""

import contextlib
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image, ImageOps

from catsdogs import paths
from catsdogs.errors import UnreadableImage
from catsdogs.images import picture
from catsdogs.images.parallel import THREADS
from catsdogs.system import files

SIDE_PX = 160
_QUALITY = 80


def thumbnails(
    root: Path, photos: Sequence[tuple[str, str]], *, unchanged_only: bool = False
) -> list[bytes | None]:
    """Return a JPEG of the middle of each photo, ``SIDE_PX`` squared, for each (path, digest).

    It is None for a photo that cannot be read and, with ``unchanged_only``, for one whose file now
    contains another picture.
    """

    found = [_stored(digest) for _, digest in photos]
    missing = [number for number, jpeg in enumerate(found) if jpeg is None]
    if not missing:
        return found  # Starting threads takes longer than reading the stored ones.

    def made(number: int) -> bytes | None:
        path, digest = photos[number]
        return _made(root / path, digest, unchanged_only=unchanged_only)

    with ThreadPoolExecutor(THREADS) as pool:
        for number, jpeg in zip(missing, pool.map(made, missing), strict=True):
            found[number] = jpeg
    return found


def _stored(digest: str) -> bytes | None:
    with contextlib.suppress(OSError):
        return _file(digest).read_bytes() or None
    return None


def _file(digest: str) -> Path:
    folder = paths.cache_dir() / "thumbnails" / picture.DECODE_VERSION
    return folder / digest[:2] / f"{digest}.jpg"


def _made(path: Path, digest: str, *, unchanged_only: bool) -> bytes | None:
    try:
        content = picture.read_bytes(path)
        photo = picture.load_upright(content, at_least_px=SIDE_PX)
    except UnreadableImage:
        return None
    is_unchanged = picture.digest(content) == digest
    if unchanged_only and not is_unchanged:
        return None
    jpeg = square_jpeg(photo)
    # A file that changed since the scan has another digest, so its thumbnail is not stored. A full
    # disk makes the next page slower, but this one stays correct.
    if is_unchanged:
        with (
            contextlib.suppress(OSError),
            files.replacing(_file(digest), durable=False) as temporary,
        ):
            temporary.write_bytes(jpeg)
    return jpeg


def square_jpeg(photo: Image.Image) -> bytes:
    """Return a JPEG of the middle of ``photo``, ``SIDE_PX`` squared."""
    square = ImageOps.fit(photo, (SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    square.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
