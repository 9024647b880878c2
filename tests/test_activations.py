"""Feature maps and first filters, read from the files of real networks."""

import numpy as np
import pytest
from conftest import PROJECT

from catsdogs.features.activations import Stage, inside
from catsdogs.features.litert import LiteRTModel
from catsdogs.inference import filmstrip
from catsdogs.runs import layout

CNN, MOBILENET = (
    PROJECT / "artifacts" / f"reference-{name}" / layout.LITERT_MODEL
    for name in ("custom_cnn", "mobilenet_v2-fine_tuned")
)


def half_noise(side):
    """Noise on the left, and grey on the right."""
    pixels = np.full((side, side, 3), 128, np.uint8)
    noise = np.random.default_rng(2).integers(0, 256, (side, side // 2, 3), np.uint8)
    pixels[:, : side // 2] = noise
    return pixels


@pytest.mark.parametrize(("model", "side"), [(CNN, 150), (MOBILENET, 224)])
def test_stages_get_smaller_and_their_left_is_the_left_of_the_picture(model, side):
    found = inside(model, half_noise(side))
    sides = [stage.side for stage in found.stages]
    assert len(sides) >= 3
    assert sides == sorted(set(sides), reverse=True)
    first = found.stages[0].maps
    left, right = np.split(first[:, : first.shape[1] // 2 * 2], 2, axis=1)
    assert left.std(axis=(0, 1)).mean() > 2 * right[:, 2:].std(axis=(0, 1)).mean()
    assert all(stage.maps.min() >= 0 for stage in found.stages)


def test_the_mean_of_the_last_maps_of_mobilenet_is_the_vector_that_its_answer_comes_from():
    pixels = half_noise(224)
    embedding = LiteRTModel(MOBILENET)(pixels)["embedding"]
    last = inside(MOBILENET, pixels).stages[-1].maps
    np.testing.assert_allclose(last.mean(axis=(0, 1)), embedding, atol=1e-3)


def test_filters_that_are_large_enough_to_see_are_returned():
    assert inside(CNN, half_noise(150)).filters.shape == (48, 7, 7, 3)
    assert inside(MOBILENET, half_noise(224)).filters is None


def test_a_strip_shows_the_maps_that_vary_and_not_the_one_that_is_bright_everywhere():
    maps = np.zeros((4, 4, 8), np.float32)
    maps[..., 0] = 9
    maps[0, 0, 5] = 2
    strongest = Stage(maps).strongest(2)
    assert strongest[0, 0, 0] == 2
    strip = np.asarray(filmstrip.of_stage(Stage(maps)).convert("RGB"))
    assert strip[0, 0].tolist() == [255, 255, 255]
    assert not strip[60, 60].any()


def test_a_filter_without_weights_is_grey():
    filters = np.zeros((8, 5, 5, 3), np.float32)
    filters[0, ..., 0] = 1
    sheet = np.asarray(filmstrip.of_filters(filters).convert("RGB"))
    assert sheet[0, 0].tolist() == [255, 128, 128]
    assert sheet[0, -1].tolist() == [128, 128, 128]
