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

    def thumbnail(photo: tuple[str, str]) -> bytes | None:
        path, digest = photo
        return _thumbnail(root / path, digest, unchanged_only=unchanged_only)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(thumbnail, photos))


def _thumbnail(path: Path, digest: str, *, unchanged_only: bool) -> bytes | None:
    kept = paths.cache_dir() / "thumbnails" / picture.DECODE_VERSION / digest[:2] / f"{digest}.jpg"
    with contextlib.suppress(OSError):
        if jpeg := kept.read_bytes():
            return jpeg
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
        with contextlib.suppress(OSError), files.replacing(kept, durable=False) as temporary:
            temporary.write_bytes(jpeg)
    return jpeg


def square_jpeg(photo: Image.Image) -> bytes:
    """Return a JPEG of the middle of ``photo``, ``SIDE_PX`` squared."""
    square = ImageOps.fit(photo, (SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    square.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
