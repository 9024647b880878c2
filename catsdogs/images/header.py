"""An image file opened without decoding its pixels: its format, size and orientation."""

import io
from dataclasses import dataclass

from PIL import Image, ImageFile

from catsdogs.errors import UnreadableImage
from catsdogs.images import containers, kinds, png, tiff

# An allow-list: Pillow would otherwise try EPS (which starts Ghostscript), PDF and many more.
# "JPEG" includes MPO, which many phones write: a JPEG followed by further pictures.
_PILLOW_FORMATS, _HEIF = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"), "HEIF"
FORMATS = (*_PILLOW_FORMATS, _HEIF)
JPEGS = ("JPEG", "MPO")
MAX_PIXELS = 50_000_000
# The limit of JPEG. Scaling a longer side takes more memory than the picture itself.
MAX_SIDE_PX = 65_535
_EXIF_ORIENTATION, _TILE_WIDTH, _TILE_LENGTH = 0x0112, 0x0142, 0x0143

# On hostile or damaged input, Pillow's readers raise any error: IndexError and the like.
PILLOW_ERRORS = Exception


@dataclass(frozen=True)
class Header:
    """The properties that a file declares. Width and height are those of the upright picture."""

    format: str
    mode: str
    width_px: int
    height_px: int
    orientation: int  # EXIF: 1 is upright
    trailing_bytes: int


def open_header(content: bytes) -> ImageFile.ImageFile:
    """Return an image with known format, mode and size, whose pixels are not decoded yet.

    Raises:
        UnreadableImage: ``empty``, ``not_an_image``, ``unsupported``, ``truncated``, ``damaged`` or
            ``too_large``.
    """
    if not content:
        raise UnreadableImage("empty", "The file is empty (zero bytes).")
    require_few_parts(content)
    kinds.require_readable_kind(content)
    readable, profile = png.slimmed(containers.with_major_brand(content))
    try:
        image = Image.open(io.BytesIO(readable), formats=_formats(content))
        tile_size = _tile_size(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableImage("too_large", _too_large("more")) from None
    except PILLOW_ERRORS:
        raise _unopened(content) from None
    if profile is not None:
        image.info["icc_profile"] = profile
    for width, height in (image.size, tile_size):
        if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE_PX:
            raise UnreadableImage("too_large", _too_large(f"{width}×{height} pixels"))
    return image


def require_few_parts(content: bytes) -> None:
    """Check that a JPEG's or PNG's header does not consist of too many pieces.

    Raises:
        UnreadableImage: ``damaged``, if it does.
    """
    if containers.has_too_many_parts(content):
        raise UnreadableImage("damaged", "Its header has more pieces than any photo has.")


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation of an opened image, 1 to 8; 1 if it has none."""
    try:
        value = image.getexif().get(_EXIF_ORIENTATION, 1)
    except PILLOW_ERRORS:
        return 1
    return value if value in range(2, 9) else 1


def frames(image: ImageFile.ImageFile) -> str:
    """Return the number of frames in words, "" for one. Further pictures of a JPEG do not count."""
    try:
        if image.format == "TIFF":  # Pillow takes minutes to find the last of 100,000 pages.
            image.seek(1)
            return "several pages"
        count = 1 if image.format in JPEGS else getattr(image, "n_frames", 1)
    except PILLOW_ERRORS:
        return ""
    return f"{count} frames" if count > 1 else ""


def truncated() -> UnreadableImage:
    """Return the error for a file whose end is missing."""
    return UnreadableImage("truncated", "The file is cut short: its last part is missing.")


def _formats(content: bytes) -> tuple[str, ...]:
    """Return the formats that ``content`` may have: HEIF only if it declares that."""
    if not containers.is_heif(content):
        return _PILLOW_FORMATS
    # Imported here because its libraries take 20 MB, which most people never need.
    from pillow_heif import register_heif_opener

    register_heif_opener()
    return (_HEIF,)


def _tile_size(image: ImageFile.ImageFile) -> tuple[int, int]:
    """Return the size of a TIFF's tiles: each is decoded whole, however small the picture is."""
    tags = getattr(image, "tag_v2", {})
    width, height = tags.get(_TILE_WIDTH, 0), tags.get(_TILE_LENGTH, 0)
    return (width, height) if isinstance(width, int) and isinstance(height, int) else (0, 0)


def _too_large(received: str) -> str:
    limit = f"{MAX_PIXELS // 1_000_000} megapixels, {MAX_SIDE_PX:,} pixels per side"
    return f"Expected at most {limit}. Received: {received}. Scale the picture down first."


def _unopened(content: bytes) -> UnreadableImage:
    """Return the error for a file that begins like an image, but does not open."""
    if containers.is_cut_short(content):
        return truncated()
    if codec := containers.unreadable_codec(content):
        return kinds.unsupported(f"a HEIF picture with the codec {codec}")
    if content.startswith(containers.TIFF_STARTS) and tiff.description(content):
        return kinds.unsupported_tiff(content)
    return UnreadableImage(
        "damaged", "It begins like an image, but the rest is damaged or missing."
    )
