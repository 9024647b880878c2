"""Image files written byte by byte, for kinds that Pillow reads but does not write."""

import io
import struct
import zlib
from collections.abc import Sequence
from itertools import product

import numpy as np
from PIL import Image, ImageCms
from pillow_heif import register_heif_opener

# The colours of sRGB, Display P3 and Adobe RGB (1998), as XYZ relative to the white D50.
SRGB = ((0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
_WHITE = (0.9642, 1.0, 0.8249)
# TIFF's types of values, with their letters for struct.
BYTE, ASCII, SHORT, LONG, BYTES = 1, 2, 3, 4, 7
_LETTERS = {BYTE: "B", ASCII: "B", SHORT: "H", LONG: "I", BYTES: "B"}


def scene(width: int = 64, height: int = 48) -> np.ndarray:
    """Return uint8 (height, width, 3): red, green / blue, yellow, each from dark to light.

    It shows turned, mirrored and wrong colours.
    """
    light = np.linspace(0.55, 1, width // 2)[None, :, None] * np.ones((height // 2, 1, 1))
    red, green, blue, yellow = (
        light * np.array(colour)
        for colour in ((230, 60, 50), (50, 210, 70), (60, 70, 235), (235, 220, 80))
    )
    rows = [np.hstack([red, green]), np.hstack([blue, yellow])]
    return np.vstack(rows).round().astype(np.uint8)


def encoded(picture: Image.Image | np.ndarray, file_format: str, **options: object) -> bytes:
    """Return a picture as a file that a library writes."""
    register_heif_opener()
    image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(samples: np.ndarray, bits: int, *, chunks: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """Return integers of ``bits`` bits, (height, width) or (height, width, channels), as a PNG.

    ``chunks`` come before the pixels. One channel is a palette if they contain one.
    """
    height, width, *rest = samples.shape
    channels = rest[0] if rest else 1
    has_palette = any(kind == b"PLTE" for kind, _ in chunks)
    colour = 3 if has_palette else {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    lines = (b"\0" + packed(line, bits, ">") for line in samples.reshape(height, -1))
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(b"".join(lines))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*part) for part in parts)


def packed(line: np.ndarray, bits: int, order: str) -> bytes:
    """Return one line of integers, or of floating-point numbers, as bytes."""
    if bits >= 8:
        kind = line.dtype.kind if line.dtype.kind in "if" else "u"
        return line.astype(f"{order}{kind}{bits // 8}").tobytes()
    digits = np.unpackbits(line.astype(np.uint8)[:, None], axis=1)[:, 8 - bits :]
    return np.packbits(digits.reshape(-1)).tobytes()


def tiff(
    samples: np.ndarray,
    bits: int,
    photometric: int,
    *,
    order: str = "<",
    planes: bool = False,
    tags: Sequence[tuple[int, int, Sequence[int]]] = (),
) -> bytes:
    """Return samples, (height, width) or (height, width, channels), as an uncompressed TIFF.

    ``order`` is that of struct. With ``planes``, each channel is stored by itself. ``tags`` are
    further entries: tag, type and values.
    """
    height, width, *rest = samples.shape
    channels = rest[0] if rest else 1
    layers = np.moveaxis(samples.reshape(height, width, channels), 2, 0) if planes else [samples]
    strips = [
        b"".join(packed(line, bits, order) for line in layer.reshape(height, -1))
        for layer in layers
    ]
    own = [
        *((256, LONG, [width]), (257, LONG, [height]), (258, SHORT, [bits] * channels)),
        *((259, SHORT, [1]), (262, SHORT, [photometric]), (277, SHORT, [channels])),
        *((278, LONG, [height]), (279, LONG, [len(strip) for strip in strips])),
        *((284, SHORT, [2 if planes else 1]), (273, LONG, [0] * len(strips))),
    ]
    return tiff_file([*own, *tags], strips, order=order)


def tiff_file(
    entries: Sequence[tuple[int, int, Sequence[int]]], strips: Sequence[bytes], *, order: str = "<"
) -> bytes:
    """Return a TIFF with one directory. The offsets of the strips are filled in."""
    entries, data_at = sorted(entries), 8 + 2 + 12 * len(entries) + 4
    sizes = [len(values) * struct.calcsize(_LETTERS[kind]) for _, kind, values in entries]
    strip_at = data_at + sum(size + size % 2 for size in sizes if size > 4)
    starts = [strip_at + sum(map(len, strips[:number])) for number in range(len(strips))]
    table, data = b"", b""
    for tag, kind, values in entries:
        numbers = starts if tag == 273 else values
        field = struct.pack(f"{order}{len(numbers)}{_LETTERS[kind]}", *numbers)
        if len(field) > 4:
            where = struct.pack(f"{order}I", data_at + len(data))
            data += field + bytes(len(field) % 2)
            field = where
        table += struct.pack(f"{order}HHI", tag, kind, len(numbers)) + field.ljust(4, b"\0")
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    count = struct.pack(f"{order}H", len(entries))
    return head + count + table + bytes(4) + data + b"".join(strips)


def rgb_profile(colours: Sequence[Sequence[float]], gamma: float) -> bytes:
    """Return an ICC profile of three colours, as XYZ for D50, and one gamma."""
    parts = {
        kind + b"XYZ": _xyz(one) for kind, one in zip((b"r", b"g", b"b"), colours, strict=True)
    }
    parts |= {kind + b"TRC": _curve(gamma) for kind in (b"r", b"g", b"b")}
    return _profile(b"mntr", b"RGB ", b"XYZ ", parts)


def grey_profile(gamma: float) -> bytes:
    """Return an ICC profile of grey with a gamma."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": _curve(gamma)})


def cmyk_profile(ink: float = 0.9) -> bytes:
    """Return an ICC profile of a printer whose inks absorb the share ``ink`` of their light.

    It is a table of L*a*b* colours for the 16 combinations of full inks (lut8Type).
    """
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    to_lab = ImageCms.buildTransform(srgb, lab, "RGB", "LAB")
    inks = np.array(list(product((0, 1), repeat=4)))
    light = (1 - ink * inks[:, :3]) * (1 - ink * inks[:, 3:])
    colours = Image.fromarray((255 * light).round().astype(np.uint8)[None])
    table = np.asarray(ImageCms.applyTransform(colours, to_lab)).astype(int)
    table[..., 1:] = (table[..., 1:] + 128) % 256  # Pillow stores a* and b* as signed bytes.
    ramp = bytes(range(256))
    matrix = b"".join(struct.pack(">i", 65536 * (n % 4 == 0)) for n in range(9))
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + matrix + ramp * 4
    lut += table.astype(np.uint8).tobytes() + ramp * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": lut})


def _profile(kind: bytes, space: bytes, connection: bytes, parts: dict[bytes, bytes]) -> bytes:
    name = b"test\0"
    text = b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78)
    common = {b"desc": text, b"cprt": b"text\0\0\0\0none\0", b"wtpt": _xyz(_WHITE)}
    parts = {name: data + bytes(-len(data) % 4) for name, data in (common | parts).items()}
    at, table, body = 132 + 12 * len(parts), struct.pack(">I", len(parts)), b""
    for tag, data in parts.items():
        table += tag + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(">I4sI", at + len(body), b"none", 0x02100000) + kind + space + connection
    head += bytes(12) + b"acsp" + bytes(28) + _xyz(_WHITE)[8:]
    return head.ljust(128, b"\0") + table + body


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
