"""Pictures have the pixels that a viewer shows, and each change is named."""

import io
import struct
import threading
import zlib

import numpy as np
import pytest
from picture_files import (
    BYTES,
    DISPLAY_P3,
    SRGB,
    cmyk_profile,
    encoded,
    grey_profile,
    png,
    rgb_profile,
    scene,
    tiff,
)
from PIL import Image, ImageCms

from catsdogs.errors import UnreadableImage
from catsdogs.images.picture import Picture, load_upright, read_header

_SWAPPED = rgb_profile((SRGB[2], SRGB[1], SRGB[0]), 2.2)
_CONVERTED = "colours converted to sRGB"


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(load_upright(content)).astype(int)


def off(content: bytes, expected: np.ndarray) -> float:
    """Return by how many levels the pixels differ on average."""
    return float(np.abs(pixels(content) - expected).mean())


# Colour profiles.


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_swapped_channels_are_put_right_in_every_container(form):
    content = encoded(scene()[:, :, ::-1], form, icc_profile=_SWAPPED, quality=98)
    assert off(content, scene()) < 8
    assert Picture(content).changes() == [_CONVERTED]


def test_a_profile_of_srgb_changes_nothing():
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = encoded(scene(), "PNG", icc_profile=own)
    np.testing.assert_array_equal(pixels(content), scene())
    assert Picture(content).changes() == []


@pytest.mark.parametrize(
    "profile",
    [
        b"no profile",
        np.random.default_rng(1).bytes(3000),
        _SWAPPED[:200],
        _SWAPPED[:20] + b"GRAY" + _SWAPPED[24:],
        cmyk_profile(),
        grey_profile(1.0),
        rgb_profile(((0, 0, 0),) * 3, 2.2),
    ],
)
@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
def test_a_nonsense_profile_or_one_of_other_colours_counts_as_none(profile, form):
    options = {"lossless": True} if form == "WEBP" else {}
    content = encoded(scene(), form, icc_profile=profile, **options)
    np.testing.assert_array_equal(pixels(content), scene())
    assert _CONVERTED not in Picture(content).changes()


def test_a_profile_in_a_jpeg_applies_at_every_size():
    content = encoded(scene(800, 600), "JPEG", icc_profile=_SWAPPED)
    small = Picture(content).square(100).astype(int)
    large = np.asarray(load_upright(content).resize((100, 100), Image.Resampling.BILINEAR))
    assert np.abs(small - large).mean() < 3


def test_many_threads_convert_alike():
    contents = [
        encoded(scene(400, 300), "PNG", icc_profile=rgb_profile(DISPLAY_P3, 1.8 + number / 10))
        for number in range(4)
    ]
    alone = [pixels(content) for content in contents]
    wrong = []

    def convert(number: int) -> None:
        if not np.array_equal(pixels(contents[number % 4]), alone[number % 4]):
            wrong.append(number)

    threads = [threading.Thread(target=convert, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_lab_is_read_as_colours():
    middle_grey = np.full((8, 8, 3), (128, 0, 0), dtype=np.uint8)
    assert np.ptp(pixels(tiff(middle_grey, 8, 8))) <= 2
    assert abs(pixels(tiff(middle_grey, 8, 8)).mean() - 119) < 3


# Metadata of a PNG.


def text_chunks() -> dict[str, tuple[bytes, bytes]]:
    packed = zlib.compress(bytes(3 << 20))
    return {
        "zTXt": (b"zTXt", b"workflow\0\0" + packed),
        "iTXt": (b"iTXt", b"workflow\0\1\0\0\0" + packed),
        "plain": (b"iTXt", b"workflow\0\0\0\0\0" + b"x" * (3 << 20)),
        "tEXt": (b"tEXt", b"workflow\0" + b"x" * (3 << 20)),
        "method": (b"zTXt", b"workflow\0\7" + packed),
        "damaged": (b"zTXt", b"workflow\0\0" + packed[:50] + b"junk"),
        "profile": (b"iCCP", b"icc\0\0" + packed),
        "profile method": (b"iCCP", b"icc\0\7" + packed),
        "short gamma": (b"gAMA", b"\0"),
        "short colours": (b"cHRM", b"\0" * 9),
    }


@pytest.mark.parametrize("name", text_chunks())
def test_metadata_of_a_png_never_cost_the_picture(name):
    before = png(scene(), 8, chunks=[text_chunks()[name]])
    kind, data = text_chunks()[name]
    end = before.rindex(b"IEND") - 4
    own = struct.pack(">I", len(data)) + kind + data
    behind = png(scene(), 8)[:-12] + own + struct.pack(">I", zlib.crc32(own[4:])) + before[end:]
    for content in (before, behind):
        np.testing.assert_array_equal(pixels(content), scene())
        assert read_header(content).width_px == scene().shape[1]
        assert Picture(content).changes() == []


def test_many_texts_and_a_wrong_checksum_do_not_matter():
    one = (b"zTXt", b"k\0\0" + zlib.compress(bytes(900_000)))
    content = png(scene(), 8, chunks=[one] * 100)
    np.testing.assert_array_equal(pixels(content), scene())
    content = png(scene(), 8, chunks=[(b"tIME", bytes(7))])
    at = content.index(b"tIME") + 11
    wrong = content[:at] + b"\0\0\0\0" + content[at + 4 :]
    np.testing.assert_array_equal(pixels(wrong), scene())


def test_a_large_profile_in_a_png_is_used():
    large = _SWAPPED + bytes(2 << 20)
    large = struct.pack(">I", len(large)) + large[4:]
    content = encoded(scene()[:, :, ::-1], "PNG", icc_profile=large)
    assert off(content, scene()) < 8


def test_small_texts_keep_their_meaning():
    exif = Image.Exif()
    exif[0x0112] = 6
    raw = exif.tobytes().hex()
    text = f"\nexif\n{len(raw) // 2:8}\n{raw}\n".encode()
    chunk = (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text))
    assert load_upright(png(scene(), 8, chunks=[chunk])).size == scene().shape[:2]


# Transparency.


def bmp(alpha: int) -> bytes:
    """Return a BMP of 32 bits with masks, as programs write that ignore the fourth byte."""
    pixels = scene()[::-1, :, ::-1]
    height, width, _ = pixels.shape
    rows = np.dstack([pixels, np.full((height, width), alpha, np.uint8)]).tobytes()
    header = struct.pack("<IiiHHIIiiII", 108, width, height, 1, 32, 3, len(rows), 0, 0, 0, 0)
    header += struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs" + bytes(48)
    start = 14 + len(header)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + header + rows


def test_the_empty_transparency_of_a_bmp_is_ignored():
    np.testing.assert_array_equal(pixels(bmp(0)), scene())
    assert Picture(bmp(0)).changes() == ["empty transparency ignored"]
    assert Picture(bmp(128)).changes() == ["transparency put on white"]
    assert Picture(bmp(255)).changes() == []


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_a_picture_of_which_nothing_is_visible_is_said_to_be(form):
    clear = np.dstack([scene(), np.zeros(scene().shape[:2], np.uint8)])
    changes = Picture(encoded(clear, form)).changes()
    assert changes == ["fully transparent: nothing of it is visible", "of one colour"]


# Animations.


def animation(form: str, frames: list[Image.Image]) -> bytes:
    options = {"lossless": True} if form == "WEBP" else {}
    if form == "AVIF":
        options = {"quality": 95}
    return encoded(
        frames[0], form, save_all=True, append_images=frames[1:], duration=100, **options
    )


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("blank", ["black", "white"])
def test_an_animation_that_begins_blank_shows_its_first_frame_with_something_on_it(form, blank):
    shown = Image.fromarray(scene())
    empty = Image.new("RGB", shown.size, blank)
    faint = Image.blend(empty, shown, 0.05)
    content = animation(form, [empty, faint, shown, shown.transpose(Image.Transpose.ROTATE_180)])
    assert off(content, scene()) < 6
    changes = Picture(content).changes()
    assert changes == ["4 frames, of which the first is of one colour: number 3 is used"]


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_of_one_colour_is_said_to_be(form):
    frames = [Image.new("RGB", (40, 30), (grey,) * 3) for grey in (10, 200, 90)]
    content = animation(form, frames)
    assert np.ptp(pixels(content)) <= 2
    assert Picture(content).changes()[-1] == "of one colour"


def test_an_animation_that_begins_with_something_shows_that():
    first = Image.fromarray(scene())
    content = animation("PNG", [first, Image.new("RGB", first.size)])
    np.testing.assert_array_equal(pixels(content), scene())
    assert Picture(content).changes() == ["first of 2 frames"]


def test_a_picture_of_an_animation_stays_the_same_after_it_was_returned():
    shown = Image.fromarray(scene())
    content = animation("WEBP", [Image.new("RGB", shown.size), Image.new("RGB", shown.size, "red")])
    picture = Picture(content)
    before = np.asarray(picture.upright()).copy()
    picture.changes()
    np.testing.assert_array_equal(np.asarray(picture.upright()), before)


def test_looking_for_a_frame_is_bounded():
    frames = [Image.new("RGB", (8, 8), (grey % 2, 0, 0)) for grey in range(300)]
    content = animation("PNG", [*frames, Image.fromarray(scene(8, 8))])
    assert Picture(content).changes()[-1] == "of one colour"


# HEIF.


@pytest.mark.parametrize("major", [b"mif1", b"msf1", b"heic", b"heix", b"miaf", b"hevc"])
def test_heic_of_every_brand_is_read(major):
    content = encoded(scene(), "HEIF", quality=95)
    size = int.from_bytes(content[:4])
    brands = (major + bytes(4) + b"mif1miafMiHB")[: size - 8].ljust(size - 8, b"\0")
    branded = content[:8] + brands + content[size:]
    assert off(branded, scene()) < 6
    assert read_header(branded).format == "HEIF"


@pytest.mark.parametrize("major", [b"mif1", b"avif", b"miaf"])
def test_avif_of_every_brand_is_read(major):
    content = encoded(scene(), "AVIF", quality=95)
    branded = content[:8] + major + content[12:]
    assert off(branded, scene()) < 8
    assert read_header(branded).format == "AVIF"


def test_a_heif_file_with_another_codec_is_named():
    content = encoded(scene(), "HEIF").replace(b"hvc1", b"vvc1").replace(b"heic", b"mif1")
    with pytest.raises(UnreadableImage) as caught:
        load_upright(content)
    assert caught.value.code == "unsupported"
    assert "HEIF" in str(caught.value)


def test_orientation_and_a_first_page_are_kept_in_a_tiff():
    pages = [Image.fromarray(scene()), Image.new("RGB", (9, 9))]
    content = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    np.testing.assert_array_equal(pixels(content), scene())
    assert Picture(content).changes() == ["first of several pages"]
    turned = tiff(scene(), 8, 2, tags=[(274, 3, [6]), (34675, BYTES, list(_SWAPPED))])
    assert load_upright(turned).size == scene().shape[:2]
    assert Picture(turned).changes() == ["turned by 90°", _CONVERTED]
    with Image.open(io.BytesIO(turned)) as image:
        assert image.size == scene().shape[:2]
