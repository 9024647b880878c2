"""A file that is not a readable picture is refused with the name of its kind and an advice."""

import gzip
import io
import random
import struct
import tarfile
import zipfile

import numpy as np
import pytest
from picture_files import ASCII, BYTE, LONG, SHORT, encoded, png, scene, tiff, tiff_file
from PIL import Image

from catsdogs.errors import UnreadableImage
from catsdogs.images.containers import begins_like_an_image
from catsdogs.images.picture import Picture, load_square, read_header


def refusal(content: bytes) -> UnreadableImage:
    """Return the error, after checking that a scan and a decoder give the same one."""
    with pytest.raises(UnreadableImage) as scanned:
        read_header(content)
    with pytest.raises(UnreadableImage) as decoded:
        load_square(content, 32)
    assert (scanned.value.code, str(scanned.value)) == (decoded.value.code, str(decoded.value))
    return decoded.value


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("cat.jpg", b"cat")
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("cat.jpg"))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<!DOCTYPE html><html><title>404 Not Found</title></html>", "a web page"),
        (b"\n  <HTML><body>Sign in</body></HTML>", "a web page"),
        (b"<!-- saved --><!-- twice --><html lang='en'>", "a web page"),
        (b"\xef\xbb\xbf<!doctype html>", "a web page"),
        ("<html><body>é</body></html>".encode("utf-16"), "a web page"),
        (b"<?xml version='1.0'?><!DOCTYPE html PUBLIC '-'><html>", "a web page"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "an error message"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"<?xml version='1.0'?><annotation><folder>cats</folder></annotation>", "an XML document"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "git lfs pull"),
        (b'{"error": "not found"}', "a JSON document"),
        (b"[]", "a JSON document"),
        (b"%PDF-1.7\n1 0 obj\n", "a PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a PostScript file"),
        (zipped(), "a zip archive"),
        (tarred(), "an archive"),
        (gzip.compress(b"cat", mtime=0), "a compressed file"),
        (b"\0\0\0\x18ftypisom" + bytes(99), "a video"),
        (b"\0\0\0\x14ftypqt  " + bytes(99), "a video"),
        (b"\x1a\x45\xdf\xa3" + bytes(99), "a video"),
        (b"RIFF\x10\0\0\0AVI LIST" + bytes(99), "a video"),
        (b"RIFF\x10\0\0\0WAVEfmt " + bytes(99), "a sound file"),
        (b"PAR1" + bytes(99), "a table of data"),
        (b"https://example.org/cat.jpg\n", "a web address"),
        (b"data:image/png;base64,iVBORw0KGgo=", "Base64"),
        (bytes(5000), "only zero bytes"),
        (b"the cat sat on the free mat", "text"),
        ("der Hund läuft".encode("cp1252"), "text"),
        (random.Random(3).randbytes(999), "a file of an unknown kind"),
        (b"MZ\x90\0\3\0\0\0", "a program"),
        (b"BM, the car maker", "text"),
    ],
)
def test_a_file_that_is_not_a_picture_is_named(content, name):
    error = refusal(content)
    assert error.code == "not_an_image"
    assert name in str(error)
    assert not begins_like_an_image(content)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (encoded(scene(), "JPEG2000"), "A JPEG 2000 file"),
        (b"\xff\x0a\xfa\x7f" + bytes(50), "A JPEG XL file"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(50), "A JPEG XL file"),
        (b"8BPS\0\1" + bytes(50), "A Photoshop file"),
        (encoded(scene(16, 16), "ICO"), "An icon file"),
        (encoded(scene(), "PPM"), "A Netpbm file"),
        (encoded(scene(), "PCX"), "A PCX file"),
        (bytes(128) + b"DICM" + bytes(50), "A medical picture"),
        (b"v/1\1" + bytes(50), "A high-dynamic-range picture"),
        (b"FUJIFILMCCD-RAW 0201" + bytes(50), "A camera's raw file"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(50), "A camera's raw file"),
        (b"IIRO\x08\0\0\0" + bytes(50), "A camera's raw file"),
        (b"IIU\0\x18\0\0\0" + bytes(50), "A camera's raw file"),
    ],
)
def test_a_picture_of_another_kind_is_named(content, name):
    error = refusal(content)
    assert error.code == "unsupported"
    assert str(error).startswith(name)
    assert "is not supported" in str(error)


@pytest.mark.parametrize(
    ("marker", "bits", "name"),
    [
        (0xC1, 12, "12-bit JPEG"),
        (0xC0, 16, "16-bit JPEG"),
        (0xC3, 8, "lossless JPEG"),
        (0xC3, 16, "lossless JPEG"),
        (0xC9, 8, "JPEG with arithmetic coding"),
        (0xCA, 8, "JPEG with arithmetic coding"),
        (0xC5, 8, "hierarchical or lossless JPEG"),
        (0xF7, 8, "JPEG-LS file"),
    ],
)
@pytest.mark.parametrize("has_end", [True, False])
def test_a_jpeg_of_another_kind_is_named(marker, bits, name, has_end):
    jpeg = bytearray(encoded(scene(), "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 1], jpeg[frame + 4] = marker, bits
    error = refusal(bytes(jpeg) if has_end else bytes(jpeg[:-400]))
    assert error.code == "unsupported"
    assert f"A {name} is not supported" in str(error)


def raw_file(order: str, tags: list, sensor_tags: list) -> bytes:
    """Return a TIFF with a preview of 64 × 48 and a second directory inside the first."""
    preview = scene()
    sensor = tiff(np.full((240, 320), 3000), 16, 32803, order=order, tags=sensor_tags)
    entries = [
        *((254, LONG, [1]), (256, LONG, [64]), (257, LONG, [48]), (258, SHORT, [8] * 3)),
        *((259, SHORT, [1]), (262, SHORT, [2]), (273, LONG, [0]), (277, SHORT, [3])),
        *((278, LONG, [48]), (279, LONG, [preview.nbytes]), (330, LONG, [0])),
    ]
    whole = tiff_file([*entries, *tags], [preview.tobytes()], order=order)
    inside = len(whole) + len(whole) % 2
    pointer = struct.pack(f"{order}HHI", 330, LONG, 1)
    at = whole.index(pointer) + len(pointer)
    whole = whole[:at] + struct.pack(f"{order}I", inside) + whole[at + 4 :]
    # The second file's directory follows its header of eight bytes.
    return whole.ljust(inside, b"\0") + sensor[8:]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    "tags", [[], [(50706, BYTE, [1, 4, 0, 0])], [(271, ASCII, list(b"NIKON\0"))]]
)
def test_a_cameras_raw_file_is_never_answered_from_its_preview(order, tags):
    error = refusal(raw_file(order, tags, []))
    assert error.code == "unsupported"
    assert "raw file" in str(error)
    assert "Export it as JPEG" in str(error)


def test_other_raw_files_are_known_by_their_marks_and_compressions():
    cr2 = bytearray(tiff(scene(), 8, 2))
    cr2[8:12] = b"CR\2\0"
    packed = bytearray(tiff(scene(), 8, 2))
    at = packed.index(struct.pack("<HHI", 259, SHORT, 1)) + 8
    packed[at : at + 2] = struct.pack("<H", 34713)
    for content in (bytes(cr2), bytes(packed), tiff(scene()[..., 0], 8, 34892)):
        assert "raw file" in str(refusal(content))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (tiff(scene() / 255, 64, 2, tags=[(339, SHORT, [3] * 3)]), "RGB, 64 floating-point bits"),
        (tiff(scene().astype(int) * 257, 16, 2, planes=True), "separate planes"),
        (tiff(scene().astype(int) * 65537, 32, 2), "RGB, 32 bits"),
        (tiff(scene()[..., 0].astype(int) * 100, 16, 1, tags=[(339, SHORT, [2])]), "signed"),
        (tiff(scene()[..., 0] / 255, 32, 0, tags=[(339, SHORT, [3])]), "white as zero"),
    ],
)
def test_an_unusual_tiff_is_refused_with_its_kind(content, words):
    error = refusal(content)
    assert error.code == "unsupported"
    assert words in str(error)


@pytest.mark.parametrize(
    "content",
    [
        *(encoded(scene(), form) for form in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")),
        *(encoded(scene(), form) for form in ("AVIF", "HEIF", "MPO")),
        *(encoded(Image.fromarray(scene()).convert(mode), "BMP") for mode in ("1", "L", "RGBA")),
        encoded(scene(), "TIFF", big_tiff=True),
        b"BM" + bytes(12) + struct.pack("<IHHHH", 12, 9, 9, 1, 24),
    ],
)
def test_readable_pictures_are_known_by_their_first_bytes(content):
    assert begins_like_an_image(content[:200])


def test_no_reason_quotes_bytes_or_is_empty():
    draw = random.Random(1)
    whole = [encoded(scene(), form) for form in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")]
    damaged = [
        content[:20] + draw.randbytes(60) + content[80 : draw.randrange(80, len(content))]
        for content in whole * 20
    ]
    messages = [message(c) for c in (*damaged, png(scene(), 8)[:-20], b"\x89PNG\r\n\x1a\n")]
    refused = [one for one in messages if one is not None]
    assert len(refused) > 60
    assert all(len(one) > 20 for one in refused)
    assert not [one for one in refused if "b'" in one or "\\x" in one or "0x" in one]


def message(content: bytes) -> str | None:
    """Return the reason of a refusal, None for a readable picture."""
    try:
        Picture(content).changes()
    except UnreadableImage as error:
        return str(error)
    return None
