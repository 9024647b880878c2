import contextlib
import io
import subprocess
import sys

import numpy as np
import pytest
from conftest import PROJECT
from PIL import Image
from pillow_heif import register_heif_opener

from catsdogs.errors import UnreadableImage
from catsdogs.images.header import open_header
from catsdogs.images.picture import Picture, load_square, load_upright


def encoded(image: Image.Image, file_format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


NOISE = Image.effect_noise((200, 150), 90)


def half_red(size=(120, 80)) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    return image


@pytest.mark.parametrize("side", [16, 150, 224])
def test_any_size_becomes_the_square_asked_for(side):
    pixels = load_square(encoded(half_red(), "JPEG"), side)
    assert pixels.shape == (side, side, 3)
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16"])
def test_every_mode_becomes_rgb_and_keeps_light_and_dark_apart(mode):
    image = Image.new("L", (40, 40), 250)
    image.paste(10, (0, 0, 20, 40))
    if mode == "I;16":
        image = Image.fromarray((np.asarray(image).astype(np.uint16)) * 257)
    else:
        image = image.convert(mode)
    pixels = load_square(encoded(image, "TIFF" if mode in ("CMYK", "YCbCr") else "PNG"), 40)
    assert pixels[:, :15].mean() < 60
    assert pixels[:, 25:].mean() > 195


def test_transparency_shows_white():
    clear = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    assert load_square(encoded(clear, "PNG"), 8).min() == 255


@pytest.mark.parametrize("orientation", range(2, 9))
def test_exif_orientation_is_applied(orientation):
    upright = half_red()
    # Each orientation's stored picture is the upright one, transformed back.
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = encoded(upright.transpose(undo[orientation]), "JPEG", exif=exif, quality=95)
    assert load_upright(stored).size == upright.size
    difference = load_square(stored, 32).astype(int) - load_square(encoded(upright, "PNG"), 32)
    assert np.abs(difference).mean() < 6


def test_the_first_frame_of_an_animation_counts():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert load_square(content, 4)[0, 0, 0] > 200


def test_a_large_jpeg_is_decoded_small_but_not_too_small():
    content = encoded(half_red((1600, 1200)), "JPEG")
    width, height = load_upright(content, at_least_px=150).size
    assert 150 <= height < 1200
    assert 150 <= width < 1600


def refused(content: bytes) -> UnreadableImage:
    with pytest.raises(UnreadableImage) as caught:
        load_square(content, 32)
    return caught.value


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"hello, this is text", "not_an_image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not_an_image"),
        (b"\xff\xd8\xff", "truncated"),
        (encoded(half_red((500, 400)), "JPEG")[:1500], "truncated"),
        (encoded(half_red((500, 400)), "PNG")[:400], "truncated"),
        (encoded(NOISE, "JPEG")[:9000] + bytes(9000), "truncated"),
    ],
)
def test_what_is_no_picture_is_refused_with_its_reason(content, code):
    assert refused(content).code == code


def test_a_jpeg_with_other_bytes_behind_it_is_a_picture():
    assert load_square(encoded(half_red(), "JPEG") + b"appended" * 1000, 8).shape == (8, 8, 3)


def test_a_small_file_with_a_huge_header_is_refused_before_its_pixels_are_read():
    bomb = encoded(Image.new("1", (9000, 9000)), "PNG")
    with pytest.raises(UnreadableImage) as caught:
        open_header(bomb)
    assert caught.value.code == "too_large"


def test_a_bomb_past_pillows_own_limit_is_refused():
    assert refused(encoded(Image.new("1", (20000, 20000)), "PNG")).code == "too_large"


@pytest.mark.parametrize("file_format", ["JPEG", "TIFF", "PNG", "GIF", "AVIF", "HEIF"])
def test_random_damage_never_raises_anything_else(file_format):
    register_heif_opener()
    content = bytearray(encoded(half_red((200, 150)), file_format))
    generator = np.random.default_rng(1)
    for _ in range(200):
        damaged = bytearray(content)
        for position in generator.integers(0, len(content), 20):
            damaged[position] = generator.integers(0, 256)
        with contextlib.suppress(UnreadableImage):
            assert load_square(bytes(damaged), 32).shape == (32, 32, 3)


@pytest.mark.parametrize("file_format", ["AVIF", "HEIF", "WEBP", "GIF", "BMP", "TIFF", "PNG"])
def test_every_container_gives_the_same_picture(file_format):
    options = {"lossless": True} if file_format == "WEBP" else {}
    if file_format == "HEIF":
        register_heif_opener()
    content = encoded(half_red(), file_format, **options)
    difference = load_square(content, 32).astype(int) - load_square(encoded(half_red(), "PNG"), 32)
    assert abs(difference).mean() < 4


def test_a_heic_file_is_read_by_who_never_read_one_before(tmp_path):
    register_heif_opener()
    (tmp_path / "photo.jpg").write_bytes(encoded(half_red(), "HEIF"))
    code = (
        "import pathlib, sys; from catsdogs.images.picture import Picture;"
        "print(Picture(pathlib.Path(sys.argv[1]).read_bytes()).square(8).shape)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "photo.jpg")]
    assert subprocess.run(command, cwd=PROJECT, capture_output=True, text=True).stdout == (
        "(8, 8, 3)\n"
    )


@pytest.mark.parametrize("file_format", ["AVIF", "HEIF"])
def test_a_damaged_modern_file_is_refused(file_format):
    register_heif_opener()
    content = encoded(half_red(), file_format)
    for cut in (30, len(content) // 2, len(content) - 20):
        with pytest.raises(UnreadableImage):
            load_square(content[:cut], 32)


def test_sizes_that_decode_alike_are_decoded_once():
    picture = Picture(encoded(half_red((4000, 3000)), "JPEG"))
    assert picture.upright(at_least_px=224) is picture.upright(at_least_px=150)
    assert picture.upright(at_least_px=224) is not picture.upright()
    np.testing.assert_array_equal(picture.square(150), load_square(picture.content, 150))


def test_what_decoding_did_is_told():
    turned = Image.Exif()
    turned[0x0112] = 6
    half_clear = half_red().convert("RGBA")
    half_clear.putalpha(Image.linear_gradient("L").resize(half_clear.size))
    clear = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    deep = Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000)
    told = {
        "": encoded(half_red(), "JPEG"),
        "turned by 90°": encoded(half_red(), "JPEG", exif=turned),
        "transparency put on white": encoded(half_clear, "PNG"),
        "fully transparent: nothing of it is visible, of one colour": encoded(clear, "PNG"),
        "of one colour": encoded(Image.new("RGB", (20, 20), "navy"), "PNG"),
        "first of 3 frames": encoded(
            NOISE, "GIF", save_all=True, append_images=[half_red(NOISE.size), NOISE]
        ),
        "CMYK made RGB": encoded(half_red().convert("CMYK"), "JPEG"),
        "16 bits made 8": encoded(deep, "PNG"),
    }
    for what, content in told.items():
        assert ", ".join(Picture(content).changes()) == what
