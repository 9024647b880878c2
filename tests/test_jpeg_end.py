"""A JPEG without its end marker is read if it has all pixels, and never with wrong ones."""

import numpy as np
import pytest
from picture_files import encoded, scene
from PIL import Image

from catsdogs.errors import UnreadableImage
from catsdogs.images.picture import Picture, load_upright, read_header

_NOISE = np.random.default_rng(4).integers(0, 256, (45, 60, 3), dtype=np.uint8)
_FLAT = np.full((150, 200, 3), (200, 100, 50), dtype=np.uint8)
_WAYS: dict[str, dict] = {
    "sequential": {},
    "restarts": {"restart_marker_blocks": 3},
    "full colours": {"subsampling": 0, "quality": 95},
    "progressive": {"progressive": True},
    "progressive, best": {"progressive": True, "quality": 100},
}


def pixels(content: bytes) -> np.ndarray | None:
    """Return the pixels, None for a file that is refused as cut short."""
    try:
        return np.asarray(load_upright(content))
    except UnreadableImage as error:
        if error.code != "truncated":
            raise
        return None


@pytest.mark.parametrize("way", _WAYS)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("name", ["noise", "flat", "scene"])
def test_only_the_end_marker_may_be_missing(name, mode, way):
    picture = {"noise": _NOISE, "flat": _FLAT, "scene": scene()}[name]
    content = encoded(Image.fromarray(picture).convert(mode), "JPEG", **_WAYS[way])
    whole = np.asarray(load_upright(content))
    found = [pixels(content[: len(content) - cut]) for cut in (1, 2, *range(3, 30, 3))]
    assert found[0] is not None
    assert found[1] is not None
    assert found[-1] is None
    # The last bytes of a picture of one colour can be missing without any effect.
    assert all(np.array_equal(one, whole) for one in found if one is not None)


@pytest.mark.parametrize("way", _WAYS)
@pytest.mark.parametrize("filler", [bytes(100), bytes(9000), b"<html>not found</html>" * 99])
def test_a_cut_file_that_is_filled_up_is_still_cut(way, filler):
    content = encoded(_NOISE, "JPEG", **_WAYS[way])
    for share in (0.3, 0.5, 0.9, 0.97):
        assert pixels(content[: int(share * len(content))] + filler) is None


def test_zeros_may_follow_the_last_pixel():
    content = encoded(_NOISE, "JPEG")
    np.testing.assert_array_equal(pixels(content[:-2] + bytes(500)), load_upright(content))


@pytest.mark.parametrize("way", _WAYS)
def test_a_scan_says_the_same_and_a_small_size_works(way):
    content = encoded(scene(640, 480), "JPEG", **_WAYS[way])
    assert read_header(content[:-2]).width_px == 640
    whole, cut = Picture(content), Picture(content[:-2])
    np.testing.assert_array_equal(cut.square(64), whole.square(64))
    with pytest.raises(UnreadableImage):
        read_header(content[:-40])


def test_a_progressive_file_that_lacks_scans_is_cut():
    content = encoded(_NOISE, "JPEG", progressive=True)
    scans = [at for at in range(len(content)) if content[at : at + 2] == b"\xff\xda"]
    tables = content.rindex(b"\xff\xc4", 0, scans[-1])
    assert tables > scans[-2]
    assert pixels(content[:tables]) is None
