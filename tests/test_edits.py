"""Edits of a picture: what each does to pixels, and that none leaves a trace when it is undone."""

import numpy as np
import pytest
from PIL import Image

from catsdogs.errors import ConfigError
from catsdogs.images.edits import EDITS, NO_EDITS, Edits, Stroke, edited, require_amount


def image(width=60, height=40):
    noise = np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(noise)


def only(kind, amount, of=None):
    return np.asarray(edited(of or image(), Edits({kind: amount}))).astype(int)


@pytest.mark.parametrize("kind", EDITS)
def test_every_amount_of_every_edit_keeps_the_size_and_changes_the_picture(kind):
    edit, original = EDITS[kind], np.asarray(image()).astype(int)
    assert 0 in edit.amounts
    assert (edit.amounts[0], edit.amounts[-1]) == (edit.least, edit.most)
    for amount in {edit.least, edit.most} - {0}:
        changed = only(kind, amount)
        assert changed.shape == original.shape
        assert (changed != original).any()


def test_amounts_of_0_and_taken_out_edits_leave_the_very_same_picture():
    given = image()
    undone = Edits({"blur": 0.05}).with_amount("hue", 40).with_amount("blur", 0)
    assert undone == Edits({"hue": 40})
    assert edited(given, undone.with_amount("hue", 0)) is given
    assert not undone.with_amount("hue", 0)
    assert edited(given, Edits(dict.fromkeys(EDITS, 0))) is given


def test_a_quarter_turn_is_clockwise_and_fills_the_corners_with_the_mean_colour():
    squares = np.zeros((40, 40, 3), np.uint8)
    squares[:20, :20] = 200
    turned = only("rotate", 90, Image.fromarray(squares))
    assert (turned[2:18, 22:38] == 200).all()
    assert not turned[22:38].any()
    corner = only("rotate", 45, Image.fromarray(squares))[0, 0]
    assert (corner == 50).all()


def test_a_crop_keeps_the_middle():
    target = np.zeros((40, 40, 3), np.uint8)
    target[10:30, 10:30] = 200
    assert (only("crop", 0.5, Image.fromarray(target))[2:-2, 2:-2] == 200).all()


def test_brightness_saturation_and_hue_change_what_they_name():
    assert only("brightness", -0.5).max() <= 128
    grey = only("saturation", -1)
    assert (grey[..., 0] == grey[..., 1]).all()
    red = Image.new("RGB", (4, 4), (200, 0, 0))
    (colour,) = {tuple(pixel) for pixel in only("hue", 120, red).reshape(-1, 3)}
    assert colour[1] > 190 > 10 > colour[0] + colour[2]


def test_noise_is_the_same_each_time_and_as_strong_as_it_says_at_every_size():
    for side in (224, 448):
        grey = Image.new("RGB", (side, side), (128, 128, 128))
        noise = only("noise", 0.1, grey) - 128
        np.testing.assert_array_equal(noise, only("noise", 0.1, grey) - 128)
        assert noise.std() == pytest.approx(25.5, rel=0.02)


def test_a_brush_covers_its_line_with_the_mean_colour():
    white = np.zeros((40, 60, 3), np.uint8)
    white[:, :30] = 100
    given = Image.fromarray(white)
    stroke = Stroke(((0.1, 0.5), (0.9, 0.5)), radius=0.1)
    covered = np.asarray(edited(given, NO_EDITS.with_stroke(stroke)))
    assert (covered[18:22, 6:54] == 50).all()
    np.testing.assert_array_equal(covered[:14], white[:14])
    np.testing.assert_array_equal(np.asarray(given), white)


def test_amounts_are_written_with_their_sign_and_unit():
    assert EDITS["rotate"].written(-30) == "−30°"
    assert EDITS["brightness"].written(0.4) == "+40\N{NO-BREAK SPACE}%"
    assert EDITS["blur"].written(0.0025) == "0.2\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(("kind", "amount"), [("sharpen", 1), ("crop", 0.9), ("hue", float("nan"))])
def test_an_unknown_edit_and_an_amount_out_of_range_are_refused(kind, amount):
    with pytest.raises(
        ConfigError, match=f"Expected.*Received: {kind if kind == 'sharpen' else ''}"
    ):
        require_amount(kind, amount)
