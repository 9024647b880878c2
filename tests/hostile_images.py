"""Hostile, damaged and unusual image files. All are made in code.

``corpus`` holds them by name, each with its expected outcome: the code of its refusal, "" for a
readable picture, None if either is acceptable.
"""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from picture_files import (
    SRGB,
    cmyk_profile,
    encoded,
    grey_profile,
    png,
    png_chunk,
    rgb_profile,
    tiff,
)
from PIL import Image

_NOISE = np.random.default_rng(5).integers(0, 256, (45, 60, 3), dtype=np.uint8)
_FRAMES = [Image.new("RGB", (20, 16), colour) for colour in ("red", "green", "blue")]
_FORMATS: dict[str, tuple[str, dict]] = {
    "jpeg": ("JPEG", {}),
    "progressive": ("JPEG", {"progressive": True}),
    "restarts": ("JPEG", {"restart_marker_blocks": 3}),
    "mpo": ("MPO", {"save_all": True, "append_images": [Image.fromarray(_NOISE)]}),
    "png": ("PNG", {}),
    "gif": ("GIF", {}),
    "webp": ("WEBP", {}),
    "lossless": ("WEBP", {"lossless": True}),
    "bmp": ("BMP", {}),
    "tiff": ("TIFF", {}),
    "lzw": ("TIFF", {"compression": "tiff_lzw"}),
    "tiff-jpeg": ("TIFF", {"compression": "jpeg"}),
    "avif": ("AVIF", {}),
    "heif": ("HEIF", {}),
}
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F")
_LIES = {
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run showpage\n",
    "pdf": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "text": b"these are words",
    "php": b"<?php system($_GET['x']);",
    "elf": b"\x7fELF\x02\x01\x01" + bytes(50),
    "xbm": b"#define w_width 9\n#define w_height 9\nstatic char w_bits[] = {0};",
    "mp4": b"\0\0\0\x18ftypisom" + bytes(99),
    "zeros": bytes(5000),
}


@cache
def sound() -> dict[str, bytes]:
    """Return a small photo in every readable format."""
    photo = Image.fromarray(_NOISE)
    return {name: encoded(photo, form, **how) for name, (form, how) in _FORMATS.items()}


@cache
def corpus() -> dict[str, tuple[bytes, str | None]]:
    """Return all files by name, each with its expected outcome."""
    return dict(
        [
            *((f"sound-{name}", (content, "")) for name, content in sound().items()),
            *((f"lie-{name}.jpg", (content, "not_an_image")) for name, content in _LIES.items()),
            ("pcx.jpg", (b"\x0a\x05\x01\x08" + bytes(200), "unsupported")),
            *_containers(),
            *_ladder(),
            *_flips(),
            *_modes(),
            *_orientations(),
            *_animations(),
            *_strips(),
            *_too_large(),
            *_too_many_parts(),
            *_as_in_a_viewer(),
            ("empty.jpg", (b"", "empty")),
        ]
    )


def write_corpus(folder: Path, *, every: int = 1) -> dict[str, str | None]:
    """Write the files under names of cats and dogs; return the outcome of each by its name.

    With ``every`` 5, write only every fifth.
    """
    folder.mkdir()
    expected = {}
    for number, (name, (content, code)) in list(enumerate(corpus().items()))[::every]:
        file = f"{('cat', 'dog')[number % 2]}.{number}.{name}.jpg"
        (folder / file).write_bytes(content)
        expected[file] = code
    return expected


def bomb(side: int) -> bytes:
    """Return a PNG of ``side`` × ``side`` black pixels: a thousand pixels for each of its bytes.

    As RGB each takes four bytes. ``side`` is a multiple of 100.
    """
    rows = 100
    packer = zlib.compressobj(9, wbits=-15)
    # After a full flush, a part depends on nothing before it and can be repeated.
    part = packer.compress(bytes(rows * (1 + side))) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 1  # Adler-32 of zeros: the second half counts them.
    checksum |= (side * (1 + side) % 65521) << 16
    data = b"\x78\xda" + part * (side // rows) + b"\x03\0" + struct.pack(">I", checksum)
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def hollow_jpeg(side: int, *, progressive: bool = False) -> bytes:
    """Return a few hundred bytes that claim ``side`` × ``side`` pixels and contain none.

    libjpeg makes up all of them.
    """
    content = bytearray(encoded(Image.new("L", (8, 8)), "JPEG", progressive=progressive))
    frame = content.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", side, side)
    scan = content.index(b"\xff\xda")
    length = int.from_bytes(content[scan + 2 : scan + 4])
    return bytes(content[: scan + 2 + length]) + b"\xff\xd9"


def tiled_tiff(tile: int) -> bytes:
    """Return 139 bytes that claim 100 × 100 pixels, in one tile of ``tile`` × ``tile``."""
    data = zlib.compress(bytes(1000))
    begins = 8 + 2 + 12 * 9 + 4
    short, long = 3, 4
    tags = [
        *((256, long, 100), (257, long, 100), (258, short, 8), (259, short, 8), (262, short, 1)),
        *((322, long, tile), (323, long, tile), (324, long, begins), (325, long, len(data))),
    ]
    fields = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + fields + struct.pack("<I", 0) + data


def many_pages(count: int) -> bytes:
    """Return a TIFF with this many pages, which share their pixels."""
    short, long = 3, 4
    tags = [
        *((256, short, 8), (257, short, 8), (258, short, 8), (259, short, 1), (262, short, 1)),
        *((273, long, 0), (278, short, 8), (279, long, 64)),
    ]
    fields = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    page = struct.pack("<H", len(tags)) + fields
    size = len(page) + 4
    pages = [page + struct.pack("<I", 8 + size * number) for number in range(1, count)]
    return b"".join([b"II*\0", struct.pack("<I", 8), *pages, page, bytes(4 + 64)])


def _containers() -> Iterator[tuple[str, tuple[bytes, str]]]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("photo.jpg", sound()["jpeg"])
    yield "lie-zip.jpg", (buffer.getvalue(), "not_an_image")
    yield "lie-gif.jpg", (sound()["gif"], "")
    yield "lie-png.webp", (sound()["png"], "")


def _ladder() -> Iterator[tuple[str, tuple[bytes, str | None]]]:
    """Yield a file of every format, cut off at many lengths."""
    for name, content in sound().items():
        lengths = {3, 9, 20, 40, len(content) - 1, *range(60, len(content), len(content) // 12)}
        for length in sorted(lengths):
            # An MPO's first picture is complete by then; the end of a PNG holds no pixels.
            may_be_whole = (name == "mpo" and length > len(sound()["jpeg"])) or (
                name in ("png", "gif") and length > len(content) - 13
            )
            expected = None if may_be_whole or length < 40 or name not in _TOLD else "truncated"
            if name in _JPEGS and length == len(content) - 1:  # Half of the end marker is there.
                expected = ""
            yield f"cut-{name}-{length}", (content[:length], expected)
    for name in _JPEGS:
        content = sound()[name]
        for share in (0.3, 0.5, 0.8, 0.95):
            closed = content[: int(share * len(content))] + b"\xff\xd9"
            expected = None if name == "progressive" else "truncated"
            yield f"closed-{name}-{share}", (closed, expected)
            filled = closed[:-2] + bytes(len(content))
            yield f"filled-{name}-{share}", (filled, "truncated")


_JPEGS = ("jpeg", "restarts", "progressive")
# In these formats a missing part is detected wherever the file is cut off.
_TOLD = ("jpeg", "progressive", "restarts", "mpo", "png", "lossless")


def _flips() -> Iterator[tuple[str, tuple[bytes, None]]]:
    draw = random.Random(1)
    for name, content in sound().items():
        for number in range(12):
            damaged = bytearray(content)
            reach = 200 if number % 2 else len(content)
            for _ in range(draw.choice((1, 3, 20))):
                damaged[draw.randrange(min(reach, len(content)))] ^= 1 << draw.randrange(8)
            yield f"flipped-{name}-{number}", (bytes(damaged), None)


def _modes() -> Iterator[tuple[str, tuple[bytes, str]]]:
    photo = Image.fromarray(_NOISE)
    for mode in _MODES:
        if mode == "I;16":
            image = Image.fromarray(np.asarray(photo.convert("L")).astype(np.uint16) * 257)
        elif mode == "PA":
            image = photo.convert("RGBA").quantize(8).convert("PA")
        else:
            image = photo.convert("L").convert(mode) if mode != "LAB" else Image.new("LAB", (9, 9))
        if mode != "PA":
            yield f"mode-{mode}.tiff", (encoded(image, "TIFF"), "")
        if mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
            yield f"mode-{mode}.png", (encoded(image, "PNG"), "")
    yield "palette-with-alpha.png", (encoded(photo.quantize(8), "PNG", transparency=b"\0\x80"), "")
    yield "palette-with-hole.gif", (encoded(photo.quantize(8), "GIF", transparency=3), "")
    cmyk = encoded(photo.convert("CMYK"), "JPEG")
    yield "cmyk.jpg", (cmyk, "")
    # Adobe's marker says at its end whether four channels are CMYK (0) or YCCK (2).
    adobe = cmyk.index(b"Adobe")
    yield "ycck.jpg", (cmyk[: adobe + 11] + b"\x02" + cmyk[adobe + 12 :], "")
    for name, profile in (("junk", b"no profile"), ("long", random.Random(2).randbytes(200_000))):
        yield f"icc-{name}.jpg", (encoded(photo, "JPEG", icc_profile=profile), "")
        yield f"icc-{name}.png", (encoded(photo, "PNG", icc_profile=profile), "")


def _orientations() -> Iterator[tuple[str, tuple[bytes, str]]]:
    photo = Image.fromarray(_NOISE)
    for orientation in (*range(10), 255, 65535):
        exif = Image.Exif()
        exif[0x0112] = orientation
        for form in ("JPEG", "PNG", "WEBP"):
            yield f"turned-{orientation}.{form}", (encoded(photo, form, exif=exif), "")
    draw = random.Random(3)
    nonsense = {
        "zeros": b"Exif\0\0" + bytes(40),
        "short": b"Exif\0\0MM",
        "noise": b"Exif\0\0MM\0*\0\0\0\x08" + draw.randbytes(500),
        # The orientation is text; the next directory is this one; a tag lies beyond the end.
        "text": b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\2\0\4\0\0\0abc\0\0\0\0\0",
        "loop": b"Exif\0\0II*\0\x08\0\0\0\1\0\x69\x87\4\0\1\0\0\0\x08\0\0\0\x08\0\0\0",
        "far": b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\xff\xff\xff\xff\xff\xff\xff\x7f\0\0\0\0",
    }
    for name, exif in nonsense.items():
        yield f"exif-{name}.jpg", (encoded(photo, "JPEG", exif=exif), "")
        chunk = png_chunk(b"eXIf", exif[6:])
        png = sound()["png"]
        yield f"exif-{name}.png", (png[:33] + chunk + png[33:], "")


def _animations() -> Iterator[tuple[str, tuple[bytes, str]]]:
    for form in ("GIF", "WEBP", "PNG", "TIFF", "AVIF"):
        content = encoded(_FRAMES[0], form, save_all=True, append_images=_FRAMES[1:])
        yield f"animated.{form}", (content, "")
    yield "pages.tiff", (many_pages(20_000), "")


def _strips() -> Iterator[tuple[str, tuple[bytes, str]]]:
    for width, height in ((1, 1), (1, 65_500), (65_500, 1), (65_500, 9)):
        for form in ("PNG", "JPEG", "GIF", "BMP"):
            name = f"strip-{width}x{height}.{form}"
            yield name, (encoded(Image.new("L", (width, height), 99), form), "")
    yield "strip-70000.png", (encoded(Image.new("L", (70_000, 1)), "PNG"), "too_large")


def _too_large() -> Iterator[tuple[str, tuple[bytes, str]]]:
    yield "bomb.png", (bomb(19_000), "too_large")
    yield "one-bit.png", (encoded(Image.new("1", (9000, 9000)), "PNG"), "too_large")
    yield "canvas.gif", (b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + b";", None)
    yield "hollow.jpg", (hollow_jpeg(6000), "truncated")
    yield "hollow-progressive.jpg", (hollow_jpeg(6000, progressive=True), "")
    yield "hollow-huge.jpg", (hollow_jpeg(65_500), "too_large")
    yield "tile.tiff", (tiled_tiff(46_336), "too_large")
    photo = sound()["png"]
    packed = zlib.compress(bytes(20 << 20), 9)
    for kind, head in ((b"zTXt", b"k\0\0"), (b"iCCP", b"k\0\0"), (b"iTXt", b"k\0\1\0\0\0")):
        content = photo[:33] + png_chunk(kind, head + packed) + photo[33:]
        yield f"bomb-in-{kind.decode()}.png", (content, None)


def _as_in_a_viewer() -> Iterator[tuple[str, tuple[bytes, str]]]:
    """Yield pictures whose pixels need a conversion, and profiles with a wrong part each."""
    swapped = rgb_profile((SRGB[2], SRGB[1], SRGB[0]), 2.2)
    for name, profile in (("rgb", swapped), ("grey", grey_profile(1.0)), ("cmyk", cmyk_profile())):
        mode = {"rgb": "RGB", "grey": "L", "cmyk": "CMYK"}[name]
        photo = Image.fromarray(_NOISE).convert(mode)
        yield f"profile-{name}.jpg", (encoded(photo, "JPEG", icc_profile=profile), "")
        for at in range(0, len(profile), len(profile) // 12):
            broken = profile[:at] + b"\xff" * 8 + profile[at + 8 :]
            yield f"profile-{name}-{at}.tif", (encoded(photo, "TIFF", icc_profile=broken), "")
    dark = _NOISE.astype(int) * 4
    yield "dark-grey.png", (png(dark[..., 0], 16), "")
    yield "dark-rgb.tif", (tiff(dark, 16, 2), "")
    yield "signed.tif", (tiff(dark[..., 0] - 500, 16, 1, tags=[(339, 3, [2])]), "unsupported")
    yield "raw.dng", (tiff(_NOISE, 8, 2, tags=[(50706, 1, [1, 4, 0, 0])]), "unsupported")
    loop = tiff(_NOISE, 8, 2, tags=[(330, 4, [8] * 9)])  # Each directory inside is the first.
    yield "directories.tif", (loop, "")
    blank = [Image.new("RGB", (20, 16)), *_FRAMES]
    for form in ("GIF", "WEBP", "PNG", "AVIF"):
        content = encoded(blank[0], form, save_all=True, append_images=blank[1:])
        yield f"blank.{form}", (content, "")


def _too_many_parts() -> Iterator[tuple[str, tuple[bytes, str]]]:
    jpeg, png = sound()["jpeg"], sound()["png"]
    yield "segments.jpg", (jpeg[:2] + b"\xff\xfe\0\2" * 300_000 + jpeg[2:], "damaged")
    yield "fillers.jpg", (jpeg[:2] + b"\xff" * 300_000 + jpeg[2:], "damaged")
    chunks = png_chunk(b"tEXt", b"k\0v") * 150_000
    yield "chunks.png", (png[:33] + chunks + png[33:], "damaged")
    progressive = sound()["progressive"]
    last_scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    scans = progressive[:-2] + last_scan * 200 + b"\xff\xd9"
    yield "scans.jpg", (scans, "damaged")
