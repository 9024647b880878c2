"""Hostile or careless archives, folders and file names. All are made in code.

``REFUSED`` holds, by name, functions that write a zip, and the message that refuses it.
``write_folder`` fills a folder with everything that a file system can hold, and returns what a scan
must count.
"""

import contextlib
import io
import os
import socket
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

MEGABYTE = 1 << 20
# Printed without escaping, they would format, link, run, hide or break something.
NAMES = (
    "-rf.jpg",
    "--help.jpg",
    "a\nb.jpg",
    "a\tb.jpg",
    "a\rb.jpg",
    "it's.jpg",
    'say "dog".jpg',
    "<img src=x onerror=alert(1)>.jpg",
    "<b>bold<|b>.jpg",
    "**bold** _it_ `code`.jpg",
    "![i](x).jpg",
    "[click](javascript:alert(1)).jpg",
    ":material_delete: :red[x] $x^2$.jpg",
    "\x1b[31mred\x1b[0m.jpg",
    "\x01\x07\x7f.jpg",
    "\u202egpj.exe.jpg",
    "\u2066isolated\u2069\u200b.jpg",
    "\U0001f638\U0001f469\u200d\U0001f52c.jpg",
    "dots...jpg",
    "spaces   .jpg",
    "CON.jpg",
    "=1+1.jpg",
    "@SUM(A1).jpg",
    "$(touch x);|&.jpg",
    "x" * 240 + ".jpg",
)


def photo(seed: int = 0, side: int = 24) -> bytes:
    """Return a JPEG of noise, a different one for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG")
    return buffer.getvalue()


def png_bomb(side: int = 22_000) -> bytes:
    """Return a black PNG, a thousand times smaller than its pixels (1.4 GB by default)."""
    row = b"\0" * (1 + 3 * side)
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">2I5B", side, side, 8, 2, 0, 0, 0)
    chunks = (b"IHDR" + header, b"IDAT" + packed, b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in chunks
    )


def jpeg_bomb(side: int = 6000) -> bytes:
    """Return a few thousand bytes of a progressive JPEG that ends before its 36 megapixels."""
    buffer = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG", progressive=True)
    content = bytearray(buffer.getvalue())
    frame = content.index(b"\xff\xc2")
    content[frame + 5 : frame + 9] = struct.pack(">2H", side, side)
    return bytes(content[:-2])


def write_zip(path: Path, members: dict, compression: int = zipfile.ZIP_STORED) -> Path:
    """Write a zip of {name or ZipInfo: content}."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content, compression)
    return path


def special(name: str, mode: int) -> zipfile.ZipInfo:
    """Return a member that claims to be a link, a pipe or a device."""
    member = zipfile.ZipInfo(name)
    member.create_system, member.external_attr = 3, (mode | 0o777) << 16
    return member


def _bomb(path: Path) -> None:
    write_zip(path, {"cat.1.jpg": bytes(150 * MEGABYTE)}, zipfile.ZIP_DEFLATED)


def _many_small_bombs(path: Path) -> None:
    zeros = bytes(MEGABYTE)
    write_zip(path, {f"cat.{i}.jpg": zeros for i in range(150)}, zipfile.ZIP_DEFLATED)


def _bomb_that_lies(path: Path) -> None:
    """150 MB of zeros whose headers say 10 bytes."""
    _bomb(path)
    size = struct.pack("<I", 150 * MEGABYTE)
    path.write_bytes(path.read_bytes().replace(size, struct.pack("<I", 10)))


def _overlapping(path: Path) -> None:
    """A thousand entries that share the bytes of one (Fifield, "A better zip bomb", 2019)."""
    write_zip(path, {"cat.1.jpg": bytes(MEGABYTE)}, zipfile.ZIP_DEFLATED)
    content = path.read_bytes()
    end = content.rindex(b"PK\x05\x06")
    start = content.index(b"PK\x01\x02")
    entry = content[start:end]
    named = [bytearray(entry) for _ in range(1000)]
    for number, one in enumerate(named):
        one[46:55] = b"%05d.jpg" % number
    entries = b"".join(named)
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1000, 1000, len(entries), start, 0)
    path.write_bytes(content[:start] + entries + tail)


def _encrypted(path: Path) -> None:
    write_zip(path, {"cat.1.jpg": photo()})
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)


def _bad_checksum(path: Path) -> None:
    """Its first photo is whole, its second is not."""
    write_zip(path, {"cat.1.jpg": photo(), "cat.2.jpg": photo(1)})
    content = bytearray(path.read_bytes())
    content[content.index(photo(1)) + 100] ^= 1
    path.write_bytes(content)


def _name_not_utf8(path: Path) -> None:
    """It says that its name is UTF-8, and it is not."""
    write_zip(path, {"caté.jpg": photo()})
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xff\xfe"))


def _huge_contents(path: Path) -> None:
    """Write a table of contents larger than 100,000 photos need; a sparse file."""
    size = 64 * MEGABYTE
    with path.open("wb") as stream:
        stream.truncate(size)
        stream.seek(size)
        stream.write(struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 9, 9, size, 0, 0))


def _lzma_bomb(path: Path) -> None:
    write_zip(path, {"cat.1.jpg": bytes(150 * MEGABYTE)}, zipfile.ZIP_LZMA)


def _deep(path: Path) -> None:
    """Write a photo in five zips, one in another: one more than are read."""
    write_zip(path, {"cat.1.jpg": photo()})
    for _ in range(4):
        write_zip(path, {"in.zip": path.read_bytes()})


def _spanned(path: Path) -> None:
    """Write the 42 bytes at the end of a zip that is divided into 9 files."""
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 8, 0, 9)
    path.write_bytes(locator + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0, 0, 0, 0, 0))


def _nested_bomb(path: Path) -> None:
    inner = path.with_name("inner.zip")
    _bomb(inner)
    write_zip(path, {"train.zip": inner.read_bytes()})


def _cut_short(path: Path) -> None:
    write_zip(path, {f"cat.{i}.jpg": photo(i) for i in range(5)})
    path.write_bytes(path.read_bytes()[:2000])


# Each with a part of the message that refuses it.
REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "a bomb": (_bomb, "no photos shrink that much"),
    "many small bombs": (_many_small_bombs, "no photos shrink that much"),
    "a bomb that lies": (_bomb_that_lies, "cannot be unpacked"),
    "a bomb of LZMA": (_lzma_bomb, "no photos shrink that much"),
    "a bomb in a zip": (_nested_bomb, "no photos shrink that much"),
    "entries that share bytes": (_overlapping, "entries of"),
    "encrypted": (_encrypted, "encrypted"),
    "a bad checksum": (_bad_checksum, "Bad CRC"),
    "a name that is not UTF-8": (_name_not_utf8, "utf-8"),
    "a huge table of contents": (_huge_contents, "a table of contents"),
    "five zips, one in another": (_deep, "nested more than 3 deep"),
    "a zip in several parts": (_spanned, "span multiple disks"),
    "cut short": (_cut_short, "a damaged zip, whose end is missing"),
}


def write_unsafe(path: Path) -> Path:
    """Write a zip with 3 usable photos among members that point outside."""
    return write_zip(
        path,
        {
            "../cat.11.jpg": photo(),
            "a/../../cat.12.jpg": photo(),
            "/cat.13.jpg": photo(),
            "//server/cat.14.jpg": photo(),
            "C:\\cat.15.jpg": photo(),
            "c:cat.16.jpg": photo(),
            "..\\cat.17.jpg": photo(),
            "\\cat.18.jpg": photo(),
            special("cat.19.jpg", stat.S_IFLNK): b"/etc/passwd",
            special("folder", stat.S_IFLNK): b"/tmp",
            special("cat.20.jpg", stat.S_IFIFO): b"",
            special("cat.21.jpg", stat.S_IFCHR): b"",
            ".hidden/cat.22.jpg": photo(),
            "run.sh": b"#!/bin/sh",
            "train/cat.1.jpg": photo(1),
            "folder/cat.2.jpg": photo(2),
            "sub\\dog.3.jpg": photo(3),
        },
    )


def write_clashing(path: Path) -> Path:
    """Write a zip of 10 photos whose names clash or are invalid on some system."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return write_zip(
            path,
            {
                "cat.1.jpg": photo(0),
                "CAT.1.JPG": photo(1),
                "Cat.1.jpg/dog.2.jpg": photo(2),  # a folder named like a file
                "Cats/1.jpg": photo(3),
                "cats/1.JPG": photo(4),
                "cats/\u00e9.jpg": photo(5),
                "cats/e\u0301.jpg": photo(6),  # the same letter
                "dog." + "x" * 300 + ".jpg": photo(7),
                "dog/a\x01\u202eb:c?.jpg": photo(8),
                "dog/CON.jpg": photo(9),
            },
        )


def write_folder(root: Path) -> dict[str, int]:
    """Fill ``root``; return how many entries of each kind a scan must count."""
    root.mkdir(parents=True)
    expected = {"usable": 0, "unlabelled": 0, "special": 0}
    for number in range(4):
        (root / f"cat.{number}.jpg").write_bytes(photo(number))
        (root / f"DOG.{number}.jpg").write_bytes(photo(100 + number))
        expected["usable"] += 2
    (root / "dog.0.jpg").write_bytes(photo(200))  # beside DOG.0.jpg
    expected["usable"] += 1
    for number, name in enumerate(NAMES):
        (root / name).write_bytes(photo(300 + number))
        expected["usable" if '"dog"' in name else "unlabelled"] += 1
    for number, name in enumerate((b"cat.\xff.jpg", b"\xfe\x80/dog.1.jpg")):
        path = root / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(photo(400 + number))
    (root / "cat.\\xff.jpg").write_bytes(photo(500))  # how the first of them is displayed
    expected["usable"] += 1
    expected["name_not_utf8"] = 2
    (root / "cat.20.jpg").write_bytes(b"")
    (root / "cat.21.jpg").write_bytes(photo(600, side=200)[:20_000])
    (root / "cat.22.jpg").write_bytes(b"<html>")
    with (root / "cat.23.jpg").open("wb") as stream:
        stream.truncate(20 << 30)
    expected |= {"empty": 1, "truncated": 1, "not_an_image": 1, "too_large": 1}
    for name in (".DS_Store", "._cat.1.jpg", ".hidden.jpg"):
        (root / name).write_bytes(b"x")
    (root / ".git").mkdir()
    (root / ".git" / "cat.1.jpg").write_bytes(photo())
    (root / "@eaDir" / "cat.0.jpg").mkdir(parents=True)
    (root / "@eaDir" / "cat.0.jpg" / "SYNOPHOTO_THUMB_M.jpg").write_bytes(photo())
    (root / "Thumbs.db").write_bytes(b"x")
    expected |= {"hidden": 1, "system_files": 5}
    (root / "notes.txt").write_text("x")
    (root / "README").write_text("x")
    expected["other_files"] = 2
    (root / "cat.60.bin").write_bytes(photo(800))
    expected["usable"] += 1
    expected |= _write_links(root)
    expected["not_an_image"] += 1  # /etc/passwd
    expected["usable"] += 1
    os.mkfifo(root / "cat.40.jpg")
    expected["special"] += 2  # with the link to /dev/zero
    with socket.socket(socket.AF_UNIX) as server, contextlib.chdir(root):
        server.bind("cat.41.jpg")  # Relative, because a socket's path must be short.
    expected["special"] += 1
    with contextlib.suppress(PermissionError):
        os.mknod(root / "cat.42.jpg", stat.S_IFCHR | 0o600, os.makedev(1, 5))  # /dev/zero
        expected["special"] += 1
    deep = root
    for _ in range(60):
        deep = deep / "deep"
    deep.mkdir(parents=True)
    (deep / "cat.50.jpg").write_bytes(photo(700))
    expected["usable"] += 1
    return {name: count for name, count in expected.items() if count}


def _write_links(root: Path) -> dict[str, int]:
    """Make links that lead nowhere, in a circle, to a device, and to two files."""
    links = {
        "root": "/",
        "self": str(root),
        "up": "..",
        "loop.jpg": "loop.jpg",
        "gone.jpg": "nowhere",
        "cat.30.jpg": "/dev/zero",
        "cat.31.jpg": "/etc/passwd",
        "cat.32.jpg": "cat.0.jpg",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    return {"link_loop": 4, "broken_link": 1}
