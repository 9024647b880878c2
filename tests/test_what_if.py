"""What if: curves of P(dog), where the answer changes, and the occlusion map, by real networks."""

import io

import numpy as np
import pytest
from conftest import PROJECT
from PIL import Image, ImageDraw

from catsdogs.images.edits import EDITS, NO_EDITS, Edits, Stroke
from catsdogs.images.picture import Picture
from catsdogs.inference.occlusion import GRID, agreement, occlusion_map
from catsdogs.inference.predictor import Predictor
from catsdogs.inference.what_if import Editable, curve
from catsdogs.runs import store

RUNS = ("reference-custom_cnn", "reference-mobilenet_v2-fine_tuned")


@pytest.fixture(scope="module", params=RUNS)
def predictor(request):
    return Predictor(store.load(PROJECT / "artifacts" / request.param))


def drawn(width=600, height=450) -> Picture:
    """A round face with two pointed ears on grass."""
    image = Image.new("RGB", (width, height), (90, 140, 60))
    draw, unit = ImageDraw.Draw(image), height / 10
    for left in (3, 7):
        draw.polygon(
            [(left * unit, 4 * unit), ((left + 1) * unit, unit), ((left + 2) * unit, 4 * unit)],
            "tan",
        )
    draw.ellipse((2.6 * unit, 2.5 * unit, 9.4 * unit, 9 * unit), "tan")
    for x in (4.5, 7):
        draw.ellipse((x * unit, 4.5 * unit, (x + 0.6) * unit, 5.5 * unit), "black")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95)
    return Picture(buffer.getvalue())


def test_without_edits_and_after_undoing_them_the_answer_is_exactly_the_original(predictor):
    picture = drawn(3000, 2000)
    editable, original = (
        Editable(picture, predictor),
        predictor.calibrated(predictor(picture).p_dog),
    )
    stroke = Stroke(((0.5, 0.5),), 0.3)
    changed = NO_EDITS.with_stroke(stroke).with_amount("rotate", 90)
    assert editable.p_dog(NO_EDITS) == original
    assert editable.p_dog(changed) != original
    assert editable.p_dog(changed.with_amount("rotate", 0)) != original
    assert editable.p_dog(Edits(dict.fromkeys(EDITS, 0))) == original


def test_a_point_of_a_curve_is_the_answer_about_the_edited_picture(predictor):
    editable, dark = Editable(drawn(), predictor), Edits({"brightness": -0.5})
    found = curve(editable, "blur", dark, threshold=0.5, amounts=[0.01, 0.03])
    assert found.amounts == (0, 0.01, 0.03)
    for amount, p_dog in zip(found.amounts, found.p_dog, strict=True):
        pixels = editable.pixels(dark.with_amount("blur", amount))
        assert p_dog == predictor.calibrated(predictor.of_pixels(pixels).p_dog)


def test_the_answer_flips_at_the_flip_point_and_not_before(predictor):
    editable = Editable(drawn(), predictor)
    found = curve(editable, "crop", threshold=0.5)
    middle = (min(found.p_dog) + max(found.p_dog)) / 2
    assert min(found.p_dog) < middle
    found = curve(editable, "crop", threshold=middle)
    assert found.flips_at is not None
    step = EDITS["crop"].step

    def is_dog(amount):
        return editable.p_dog(Edits({"crop": amount})) >= middle

    assert is_dog(found.flips_at) != is_dog(0)
    assert is_dog(found.flips_at - step / 32) == is_dog(0)
    before = [a for a in found.amounts if a < found.flips_at]
    assert {is_dog(amount) for amount in before} == {is_dog(0)}


def test_an_edit_that_never_changes_the_class_has_no_flip_point(predictor):
    editable = Editable(drawn(), predictor)
    assert curve(editable, "hue", threshold=0.0, amounts=[-90, 90]).flips_at is None


def test_an_occlusion_map_has_the_drop_of_the_logit_where_a_patch_covers(predictor):
    picture = drawn()
    found = occlusion_map(predictor, picture)
    assert found.shape == (GRID, GRID)
    cell = predictor.side / GRID
    pixels = picture.square(predictor.side)
    covered = pixels.copy()
    patch = slice(round(3.5 * cell), round(5.5 * cell)), slice(round(4.5 * cell), round(6.5 * cell))
    covered[patch] = np.round(pixels.mean(axis=(0, 1)))
    before, after = (
        np.log(p / (1 - p)) for p in (predictor.of_pixels(one).p_dog for one in (pixels, covered))
    )
    assert found[4, 5] == pytest.approx(before - after, abs=1e-4)


def test_agreement_is_spearmans_rank_correlation():
    ramp = np.arange(GRID * GRID, dtype=np.float32).reshape(GRID, GRID)
    assert agreement(ramp, ramp**3) == pytest.approx(1)
    assert agreement(ramp, -ramp) == pytest.approx(-1)
    # Each cell twice as large: the average of four equal values is that value.
    assert agreement(ramp, ramp.repeat(2, 0).repeat(2, 1)) == pytest.approx(1)
    assert agreement(ramp, np.zeros((7, 7), np.float32)) is None
    from scipy.stats import spearmanr

    noise = np.random.default_rng(1).standard_normal((GRID, GRID)).astype(np.float32)
    assert agreement(ramp, noise) == pytest.approx(spearmanr(ramp, noise, axis=None).statistic)
