"""The directories of a TIFF file, read without its pixels (TIFF 6.0, section 2; BigTIFF).

Cameras' raw files are TIFF files too. Their first directory is often a small preview.
"""

import struct
from collections.abc import Iterator

# Tags.
_REDUCED, _WIDTH, _LENGTH, BITS, _COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_SAMPLES, PLANAR, _SUB_DIRECTORIES, SAMPLE_FORMAT, _DNG_VERSION = 277, 284, 330, 339, 50706
_READ = {
    *(_REDUCED, _WIDTH, _LENGTH, BITS, _COMPRESSION, PHOTOMETRIC),
    *(_SAMPLES, PLANAR, _SUB_DIRECTORIES, SAMPLE_FORMAT, _DNG_VERSION),
}
_TYPES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MOST_DIRECTORIES, _MOST_ENTRIES, _MOST_VALUES = 20, 2000, 16
# Values of photometric interpretation: a sensor's colour filter, and its linear values (DNG 1.6).
_SENSOR = {32803, 34892}
# Nikon, Sony, Pentax and Samsung, Kodak, and DNG's lossy JPEG.
_SENSOR_COMPRESSIONS = {34713, 32767, 32769, 32770, 65000, 65535, 34892}
# Canon's CR2, and Phase One's IIQ, mark the bytes after the header.
_RAW_MARKS = (b"CR", b"IIII", b"MMMM")
_COLOURS = {0: "grey", 1: "grey", 2: "RGB", 3: "palette", 5: "CMYK", 6: "YCbCr", 8: "Lab"}
_NUMBERS = {1: "", 2: " signed", 3: " floating-point", 5: " complex", 6: " complex"}

Directory = dict[int, tuple[int, ...]]


def is_camera_raw(content: bytes) -> bool:
    """Return whether a TIFF holds the values of a camera's sensor, beside any preview."""
    if content[8:12].startswith(_RAW_MARKS):
        return True
    found = list(_directories(content))
    for directory in found:
        is_sensor = directory.get(PHOTOMETRIC, (0,))[0] in _SENSOR
        is_packed = directory.get(_COMPRESSION, (0,))[0] in _SENSOR_COMPRESSIONS
        if _DNG_VERSION in directory or is_sensor or is_packed:
            return True
    return False


def is_misread(content: bytes) -> bool:
    """Return whether Pillow would read a TIFF without an error, but wrongly: deep planes."""
    first = next(_directories(content), {})
    return first.get(PLANAR) == (2,) and len(first.get(BITS, ())) > 1 and max(first[BITS]) > 8


def description(content: bytes) -> str:
    """Return how a TIFF stores its first picture, in words; "" if its directory does not say it."""
    first = next(_directories(content), {})
    if PHOTOMETRIC not in first and BITS not in first:
        return ""
    colour = _COLOURS.get(first.get(PHOTOMETRIC, (0,))[0], "colours of an unusual kind")
    numbers = _NUMBERS.get(first.get(SAMPLE_FORMAT, (1,))[0], "")
    bits = first.get(BITS, (1,))[0]
    planes = " in separate planes" if first.get(PLANAR, (1,))[0] == 2 else ""
    white = " with white as zero" if first.get(PHOTOMETRIC) == (0,) else ""
    return f"{colour}, {bits}{numbers} bits per channel{planes}{white}"


def _directories(content: bytes) -> Iterator[Directory]:
    """Yield the first directories of a file, each before the directories inside it."""
    order = "<" if content[:2] == b"II" else ">"
    is_big = 43 in content[2:4]
    pending = [_number(content, 8 if is_big else 4, f"{order}{'Q' if is_big else 'I'}")]
    seen: set[int] = set()
    while pending and len(seen) < _MOST_DIRECTORIES:
        position = pending.pop(0)
        if not position or position in seen:
            continue
        seen.add(position)
        directory, following = _directory(content, position, order, is_big=is_big)
        yield directory
        pending += [*directory.get(_SUB_DIRECTORIES, ()), following]


def _directory(content: bytes, position: int, order: str, *, is_big: bool) -> tuple[Directory, int]:
    """Return the directory at ``position`` and where the next one is, 0 for none."""
    count_type, pointer = (f"{order}Q", "Q") if is_big else (f"{order}H", "I")
    entry = struct.Struct(f"{order}HH{pointer}")
    field = struct.calcsize(pointer)
    start = position + struct.calcsize(count_type)
    count = min(_number(content, position, count_type), _MOST_ENTRIES)
    directory: Directory = {}
    for number in range(count):
        at = start + number * (entry.size + field)
        if at + entry.size + field > len(content):
            return directory, 0
        tag, kind, length = entry.unpack_from(content, at)
        if tag in _READ and kind in _TYPES and length:
            where, letter = at + entry.size, _TYPES[kind]
            length = min(length, _MOST_VALUES)
            if length * struct.calcsize(letter) > field:
                where = _number(content, where, f"{order}{pointer}")
            values = struct.Struct(f"{order}{length}{letter}")
            if where + values.size <= len(content):
                directory[tag] = values.unpack_from(content, where)
    return directory, _number(content, start + count * (entry.size + field), f"{order}{pointer}")


def _number(content: bytes, position: int, letter: str) -> int:
    """Return the number at ``position``, 0 beyond the end of the content."""
    if position + struct.calcsize(letter) > len(content):
        return 0
    return int(struct.unpack_from(letter, content, position)[0])
