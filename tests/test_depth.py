"""Pictures with more than 8 bits per channel look as in a viewer, or are refused with a reason."""

import numpy as np
import pytest
from picture_files import SHORT, encoded, png, scene, tiff
from PIL import Image

from catsdogs.errors import UnreadableImage
from catsdogs.images.picture import Picture, load_upright

_GREY = np.asarray(Image.fromarray(scene()).convert("L")).astype(int)
_SIGNED, _FLOAT = [(339, SHORT, [2])], [(339, SHORT, [3])]


def off(content: bytes, expected: np.ndarray) -> int:
    """Return by how many levels a picture differs from the expected one at most."""
    found = np.asarray(load_upright(content)).astype(int)
    return int(np.abs(found - expected.reshape(*expected.shape[:2], -1)).max())


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize(
    "write",
    [
        lambda values: png(values, 16),
        lambda values: tiff(values, 16, 1),
        lambda values: tiff(values, 16, 1, order=">"),
        lambda values: tiff(values, 32, 1),
        lambda values: tiff(values, 32, 1, tags=_SIGNED),
        lambda values: encoded(values.astype(np.uint16), "TIFF", compression="tiff_lzw"),
    ],
)
def test_a_dark_grey_picture_is_stretched_and_said_to_be(write, bits):
    values = np.round(_GREY * ((1 << bits) - 1) / 255).astype(int)
    content = write(values)
    assert off(content, _GREY) <= 1
    changes = Picture(content).changes()
    assert changes in (["dark 16-bit picture stretched"], ["dark 32-bit picture stretched"])


@pytest.mark.parametrize("bits", [10, 12])
@pytest.mark.parametrize("has_alpha", [False, True])
@pytest.mark.parametrize("write", ["png", "png grey", "tiff <", "tiff >"])
def test_a_dark_coloured_picture_is_stretched(write, has_alpha, bits):
    picture = _GREY if write == "png grey" else scene()
    samples = np.round(picture.astype(int) * (((1 << bits) - 1) / 255)).astype(int)
    if has_alpha:
        samples = np.dstack([samples, np.full(samples.shape[:2], 65535)])
    extra = [(338, SHORT, [2])] if has_alpha else []
    is_png = write.startswith("png")
    content = png(samples, 16) if is_png else tiff(samples, 16, 2, order=write[-1], tags=extra)
    assert off(content, picture) <= 1
    assert Picture(content).changes() == ["dark 16-bit picture stretched"]


def test_a_picture_that_uses_its_range_stays_as_it_is():
    full = _GREY * 257
    full[:4] = 65535
    expected = _GREY.copy()
    expected[:4] = 255
    for content in (png(full, 16), tiff(full, 16, 1), tiff(full, 16, 1, order=">")):
        assert off(content, expected) == 0
        assert Picture(content).changes() == ["16 bits made 8"]
    half = _GREY * 257 // 2
    assert off(png(half, 16), _GREY // 2) <= 1


def test_white_as_zero_is_not_a_negative():
    assert off(tiff(65535 - _GREY * 257, 16, 0), _GREY) == 0
    assert off(tiff(255 - _GREY, 8, 0), _GREY) == 0
    assert off(tiff((_GREY < 128).astype(int), 1, 0), np.where(_GREY < 128, 0, 255)) == 0


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0])
def test_floating_point_values_are_read_in_their_usual_ranges(top):
    values = (_GREY / 255 * top).astype(np.float32)
    values[0, 0], values[0, 1], values[0, 2] = np.nan, -0.01 * top, 1.02 * top if top == 1 else top
    expected = _GREY.copy()
    expected[0, :3] = 0, 0, 255
    assert off(tiff(values, 32, 1, tags=_FLOAT), expected) <= 1


@pytest.mark.parametrize(
    "content",
    [
        tiff(-_GREY, 32, 1, tags=_SIGNED),
        tiff((_GREY - 128) / 128, 32, 1, tags=_FLOAT),
        tiff(_GREY * 1e6, 32, 1, tags=_FLOAT),
        tiff(_GREY * 100, 16, 1, tags=_SIGNED),
    ],
)
def test_values_without_a_known_range_are_refused(content):
    with pytest.raises(UnreadableImage) as caught:
        load_upright(content)
    assert caught.value.code == "unsupported"


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_a_transparent_grey_of_any_depth_becomes_white(bits):
    samples = np.tile(np.arange(4) * ((1 << bits) - 1) // 3, (4, 1))
    clear = int(samples[0, 1]).to_bytes(2, "big")
    expected = np.round(samples * 255 / ((1 << bits) - 1)).astype(int)
    expected[samples == samples[0, 1]] = 255
    assert off(png(samples, bits, chunks=[(b"tRNS", clear)]), expected) == 0


def test_a_transparent_colour_of_16_bits_is_compared_exactly():
    samples = np.full((4, 4, 3), 0x1234)
    samples[:, 0] = 0x1256
    samples[:, 1] = 0xFFFF
    content = png(samples, 16, chunks=[(b"tRNS", b"\x12\x34" * 3)])
    assert np.asarray(load_upright(content))[0].tolist() == [[18] * 3, *[[255] * 3] * 3]
