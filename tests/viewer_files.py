"""Pictures in every readable container, bit depth, colour profile and orientation, by name."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from picture_files import (
    ADOBE_RGB,
    BYTES,
    DISPLAY_P3,
    SHORT,
    SRGB,
    cmyk_profile,
    encoded,
    grey_profile,
    png,
    rgb_profile,
    scene,
    tiff,
)
from PIL import Image

_RGB_PROFILES = {
    "none": b"",
    "srgb": rgb_profile(SRGB, 2.2),
    "p3": rgb_profile(DISPLAY_P3, 2.2),
    "adobe": rgb_profile(ADOBE_RGB, 2.2),
    "swapped": rgb_profile((SRGB[2], SRGB[1], SRGB[0]), 1.8),
    "linear": rgb_profile(SRGB, 1.0),
}
_GREY_PROFILES = {"none": b"", "1.8": grey_profile(1.8), "linear": grey_profile(1.0)}
_CMYK_PROFILES = {"none": b"", "press": cmyk_profile()}
_RGB = scene()
_GREY = np.asarray(Image.fromarray(_RGB).convert("L"))
# Conversion between colour spaces magnifies the rounding of lossy colours, strong ones most.
_PALE = (_RGB // 4 + 110).astype(np.uint8)
_ALPHA = np.linspace(0, 255, 64).round().astype(np.uint8)[None].repeat(48, 0)
_CMYK = np.dstack([255 - _RGB, (255 - _RGB.max(2)) // 2])
_ROUGH = np.arange(64)[None, :, None] - 32  # Values between the 256 levels.


def deep(samples: np.ndarray) -> np.ndarray:
    """Return 8-bit samples as 16 bits."""
    return samples.astype(int) * 257


def coloured() -> Iterator[tuple[str, bytes]]:
    """Yield RGB, with and without transparency, of each profile in each container."""
    rgb_16 = (deep(_RGB) + _ROUGH).clip(0, 65535)
    samples = {
        ("rgb", 8): _RGB,
        ("rgb", 16): rgb_16,
        ("rgba", 8): np.dstack([_RGB, _ALPHA]),
        ("rgba", 16): np.dstack([rgb_16, deep(_ALPHA)]),
    }
    for profile, icc in _RGB_PROFILES.items():
        chunks, tags = _in_png(icc), _in_tiff(icc)
        for (kind, bits), values in samples.items():
            yield f"{kind}{bits}-{profile}.png", png(values, bits, chunks=chunks)
            extra = [(338, SHORT, [2])] if kind == "rgba" else []
            for order in "<>":
                content = tiff(values, bits, 2, order=order, tags=[*tags, *extra])
                yield f"{kind}{bits}{_named(order)}-{profile}.tif", content
        yield f"planes-{profile}.tif", tiff(_RGB, 8, 2, planes=True, tags=tags)
        yield from _by_pillow(profile, icc)


def _by_pillow(profile: str, icc: bytes) -> Iterator[tuple[str, bytes]]:
    options = {"icc_profile": icc} if icc else {}
    palette = Image.fromarray(_RGB).quantize(60)
    yield f"{profile}.jpg", encoded(_RGB, "JPEG", quality=85, **options)
    yield f"444-{profile}.jpg", encoded(_RGB, "JPEG", quality=95, subsampling=0, **options)
    yield f"progressive-{profile}.jpg", encoded(_RGB, "JPEG", progressive=True, **options)
    yield f"lossless-{profile}.webp", encoded(_RGB, "WEBP", lossless=True, **options)
    yield f"lossy-{profile}.webp", encoded(_RGB, "WEBP", quality=95, **options)
    clear = np.dstack([_RGB, _ALPHA])
    yield f"alpha-{profile}.webp", encoded(clear, "WEBP", lossless=True, exact=True, **options)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        content = encoded(_RGB, "TIFF", compression=compression, **options)
        yield f"{compression}-{profile}.tif", content
    yield f"palette-{profile}.png", encoded(palette, "PNG", **options)
    yield f"palette-{profile}.tif", encoded(palette, "TIFF", **options)
    yield f"{profile}.avif", encoded(_PALE, "AVIF", quality=100, subsampling="4:4:4", **options)
    yield f"{profile}.heic", encoded(_PALE, "HEIF", quality=100, chroma=444, **options)


def pale(bits: int) -> bytes:
    """Return a PNG of 8 or 16 bits with pale colours, from which HEIF files are made."""
    return png(_PALE if bits == 8 else deep(_PALE), bits)


def grey() -> Iterator[tuple[str, bytes]]:
    """Yield grey of each depth and profile, white as zero and transparent values included."""
    for profile, icc in _GREY_PROFILES.items():
        chunks, tags = _in_png(icc), _in_tiff(icc)
        for bits in (1, 2, 4, 8, 16):
            top = (1 << bits) - 1
            values = deep(_GREY) if bits == 16 else (_GREY.astype(int) * top + 127) // 255
            clear = (b"tRNS", struct.pack(">H", int(values[5, 5])))
            yield f"grey{bits}-{profile}.png", png(values, bits, chunks=chunks)
            yield f"hole{bits}-{profile}.png", png(values, bits, chunks=[*chunks, clear])
            for order in "<>":
                name = f"{bits}{_named(order)}-{profile}.tif"
                yield f"grey{name}", tiff(values, bits, 1, order=order, tags=tags)
                # ImageMagick 6 does not invert 2 and 4 bits, and Pillow refuses one order of 16.
                if bits in (1, 8) or (bits, order) == (16, "<"):
                    yield f"white-is-0-{name}", tiff(top - values, bits, 0, order=order, tags=tags)
        both = np.dstack([_GREY, _ALPHA])
        yield f"alpha8-{profile}.png", png(both, 8, chunks=chunks)
        yield f"alpha16-{profile}.png", png(deep(both), 16, chunks=chunks)
        options = {"icc_profile": icc} if icc else {}
        yield f"grey-{profile}.jpg", encoded(_GREY, "JPEG", quality=95, **options)
    floats = (_GREY / 255).astype(np.float32)
    for order in "<>":
        tags = [(339, SHORT, [3])]
        yield f"floats{_named(order)}.tif", tiff(floats, 32, 1, order=order, tags=tags)
    yield "grey32.tif", tiff(deep(_GREY) * 65537, 32, 1)


def other_colours() -> Iterator[tuple[str, bytes]]:
    """Yield inks, luma and chroma, palettes of each depth, and premultiplied transparency."""
    for profile, icc in _CMYK_PROFILES.items():
        options = {"icc_profile": icc} if icc else {}
        inks = Image.fromarray(_CMYK, "CMYK")
        yield f"cmyk-{profile}.jpg", encoded(inks, "JPEG", quality=95, subsampling=0, **options)
        for order in "<>":
            content = tiff(_CMYK, 8, 5, order=order, tags=_in_tiff(icc))
            yield f"cmyk8{_named(order)}-{profile}.tif", content
            content = tiff(deep(_CMYK), 16, 5, order=order, tags=_in_tiff(icc))
            yield f"cmyk16{_named(order)}-{profile}.tif", content
    luma = np.asarray(Image.fromarray(_RGB).convert("YCbCr"))
    yield "ycbcr.tif", tiff(luma, 8, 6, tags=[(530, SHORT, [1, 1])])
    times = (_RGB * (_ALPHA[..., None] / 255)).round().astype(np.uint8)
    yield "premultiplied.tif", tiff(np.dstack([times, _ALPHA]), 8, 2, tags=[(338, SHORT, [1])])
    for bits in (1, 2, 4, 8):
        palette = Image.fromarray(_RGB).quantize(min(1 << bits, 60))
        colours = bytes(palette.getpalette() or ())[: 3 << bits].ljust(3 << bits, b"\0")
        numbers, some = np.asarray(palette), [(b"tRNS", b"\0\x80")]
        chunks = [(b"PLTE", colours)]
        yield f"palette{bits}.png", png(numbers, bits, chunks=chunks)
        yield f"palette{bits}-hole.png", png(numbers, bits, chunks=[*chunks, *some])
        table = deep(np.frombuffer(colours, np.uint8).reshape(-1, 3).T).reshape(-1).tolist()
        yield f"palette{bits}.tif", tiff(numbers, bits, 3, tags=[(320, SHORT, table)])
    for mode in ("1", "L", "P", "RGB"):
        yield f"{mode}.bmp", encoded(_mode(mode), "BMP")
    yield "palette.gif", encoded(_mode("P"), "GIF")
    hole = (b"tRNS", struct.pack(">3H", *map(int, _RGB[5, 5])))
    yield "hole-rgb8.png", png(_RGB, 8, chunks=[hole])
    hole = (b"tRNS", struct.pack(">3H", *map(int, deep(_RGB)[5, 5])))
    yield "hole-rgb16.png", png(deep(_RGB), 16, chunks=[hole])


def turned() -> Iterator[tuple[str, bytes]]:
    """Yield each orientation in the containers where ImageMagick 6 and libheif read it."""
    for turn in range(1, 9):
        for form, suffix in (("JPEG", "jpg"), ("TIFF", "tif"), ("HEIF", "heic"), ("AVIF", "avif")):
            whole = {"HEIF": {"chroma": 444}, "AVIF": {"subsampling": "4:4:4"}}.get(form, {})
            for profile in ("none", "p3"):
                icc = _RGB_PROFILES[profile]
                options = {"icc_profile": icc, **whole} if icc else whole
                picture = _PALE if form in ("HEIF", "AVIF") else _RGB
                content = encoded(picture, form, exif=oriented(turn), quality=98, **options)
                yield f"turned{turn}-{profile}.{suffix}", content
        tags = [(274, SHORT, [turn])]
        yield f"turned{turn}-grey16.tif", tiff(deep(_GREY), 16, 1, tags=tags)
        yield f"turned{turn}-rgb16.tif", tiff(deep(_RGB), 16, 2, tags=tags)
        lzw = encoded(_RGB, "TIFF", compression="tiff_lzw", exif=oriented(turn))
        yield f"turned{turn}-lzw.tif", lzw


def oriented(turn: int) -> Image.Exif:
    """Return EXIF data with an orientation. Saving a HEIF file takes it out of them."""
    exif = Image.Exif()
    exif[0x0112] = turn
    return exif


def _mode(mode: str) -> Image.Image:
    image = Image.fromarray(_RGB)
    return image.quantize(60) if mode == "P" else image.convert(mode)


def _named(order: str) -> str:
    return "le" if order == "<" else "be"


def _in_png(icc: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"iCCP", b"icc\0\0" + zlib.compress(icc))] if icc else []


def _in_tiff(icc: bytes) -> list:
    return [(34675, BYTES, list(icc))] if icc else []
