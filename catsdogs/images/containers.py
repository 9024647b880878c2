"""Checks of an image file's bytes before a library reads them: signature, end, number of parts."""

import re

from catsdogs.images import jpeg

PNG_START = b"\x89PNG\r\n\x1a\n"
# Classic and BigTIFF, each in both byte orders, and two wrong orders that programs have written.
TIFF_STARTS = (b"II*\0", b"MM\0*", b"MM*\0", b"II\0*", b"II+\0", b"MM\0+")
# Cameras' raw files that are not TIFF files: of Canon, Fujifilm, Olympus, Panasonic and others.
_RAW = re.compile(
    rb"....ftypcrx |II\x1a\0\0\0HEAPCCDR|FUJIFILMCCD-RAW|II(RO|RS)|MMOR|IIU\0|FOVb|\0MRM", re.DOTALL
)
_PNG_END = b"IEND\xaeB`\x82"
# The brands of HEIF files, of which HEIC and AVIF are kinds (ISO/IEC 23008-12; AV1 Image File
# Format 1.1). A file lists its brands in its first box.
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {b"mif1", b"mif2", b"mif3", b"msf1", b"miaf", *_HEIC_BRANDS, *_AVIF_BRANDS}
_MOST_BRANDS = 32
_ACCEPTED_BRANDS = {b"mif1", b"msf1", *_HEIC_BRANDS, *_AVIF_BRANDS}
_OTHER_CODECS = {
    b"avc1": "H.264",
    b"vvc1": "H.266 (VVC)",
    b"evc1": "EVC",
    b"jpeg": "JPEG",
    b"j2k1": "JPEG 2000",
    b"unci": "no compression",
}
# The entry of a picture in the list of items. Its type follows 8 or 10 bytes of flags and numbers.
_ITEM = re.compile(rb"infe.{8}(?:..)?(" + b"|".join(_OTHER_CODECS) + rb")", re.DOTALL)
_BEGINNINGS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP"
    # A BMP's header has one of seven lengths, and one plane if it is not the oldest, of 12 bytes.
    rb"|BM.{12}(\x0c\0\0\0|[\x28\x34\x38\x40\x6c\x7c]\0\0\0.{8}[\0\x01]\0)",
    re.DOTALL,
)


def begins_like_an_image(content: bytes) -> bool:
    """Return whether it has the signature of a readable format, or of a camera's raw file.

    The first 200 bytes are enough.
    """
    if content.startswith(TIFF_STARTS) or _BEGINNINGS.match(content) or is_raw(content):
        return True
    return not _HEIF_BRANDS.isdisjoint(_brands(content))


def is_raw(content: bytes) -> bool:
    """Return whether it has the signature of a camera's raw file. Some are TIFF files instead."""
    return _RAW.match(content) is not None


def is_heif(content: bytes) -> bool:
    """Return whether it is a HEIC file or another HEIF file than AVIF.

    The brands need not say which codec the pictures have, but each item of a file names its own.
    """
    brands = _brands(content)
    if brands[:1] and brands[0] in _HEIC_BRANDS | _AVIF_BRANDS:
        return brands[0] in _HEIC_BRANDS
    return not _HEIF_BRANDS.isdisjoint(brands) and b"av01" not in content[: 1 << 16]


def with_major_brand(content: bytes) -> bytes:
    """Return a HEIF file with a first brand that libraries accept. Some programs write others."""
    if content[4:8] != b"ftyp" or content[8:12] in _ACCEPTED_BRANDS:
        return content
    return content[:8] + (b"heic" if is_heif(content) else b"avif") + content[12:]


def unreadable_codec(content: bytes) -> str:
    """Return the codec of a HEIF file whose pictures have none that is readable; "" otherwise."""
    found = _ITEM.search(content[: 1 << 16]) if content[4:8] == b"ftyp" else None
    return _OTHER_CODECS[found[1]] if found else ""


def _brands(content: bytes) -> list[bytes]:
    """Return the brands of a HEIF file, its major brand first; none for other formats."""
    if content[4:8] != b"ftyp":
        return []
    end = min(int.from_bytes(content[:4]), 16 + 4 * _MOST_BRANDS)
    return [content[8:12], *(content[at : at + 4] for at in range(16, end, 4))]


def has_too_many_parts(content: bytes) -> bool:
    """Return whether a JPEG's or PNG's header has more pieces than that of any photo.

    Pillow reads them one by one in Python: millions of pieces would take minutes.
    """
    after = _after_segment if content.startswith(jpeg.START) else _after_chunk
    position = {jpeg.START: len(jpeg.START), PNG_START[:2]: len(PNG_START)}.get(content[:2])
    for _ in range(jpeg.MOST_PARTS):
        if position is None or position >= len(content):
            return False
        position = after(content, position)
    return True


def _after_segment(content: bytes, position: int) -> int | None:
    """Return where the next segment of a JPEG begins; None at the pixels or if there is none."""
    marker = content[position : position + 2]
    if marker[:1] != b"\xff" or marker == b"\xff\xda":
        return None
    if marker[1:] in (b"\x00", b"\xff"):  # Fill bytes.
        return position + 1
    if b"\xd0" <= marker[1:] <= b"\xd7":  # A restart marker, which has no length.
        return position + 2
    return position + 2 + int.from_bytes(content[position + 2 : position + 4])


def _after_chunk(content: bytes, position: int) -> int:
    """Return where the next chunk of a PNG begins: a chunk has 12 bytes more than its length."""
    return position + 12 + int.from_bytes(content[position : position + 4])


def is_cut_short(content: bytes) -> bool:
    """Return whether a JPEG, PNG or WebP lacks its end; False for other formats."""
    if content.startswith(jpeg.START):
        return jpeg.structure(content).end is None
    if content.startswith(PNG_START):
        return _PNG_END not in content
    return content.startswith(b"RIFF") and len(content) < 8 + int.from_bytes(content[4:8], "little")


def trailing_bytes(format_: str | None, content: bytes) -> int:
    """Return the number of bytes after a JPEG's or PNG's end; 0 for other formats, MPO included."""
    if format_ == "JPEG":
        end = jpeg.structure(content).end
    elif format_ == "PNG":
        end = content.find(_PNG_END) + len(_PNG_END)
    else:
        return 0
    return len(content) - end if end else 0
