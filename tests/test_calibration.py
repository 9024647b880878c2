import numpy as np
import pytest

from catsdogs.evaluation.calibration import calibrated, calibration


def drawn(count, *, sharper, seed=0):
    """Labels that come true as often as a probability says, and that probability made surer."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 2, count)
    labels = (generator.random(count) < 1 / (1 + np.exp(-logits))).astype(int)
    return labels, 1 / (1 + np.exp(-logits * sharper))


@pytest.mark.parametrize("sharper", [0.4, 3.0])
def test_the_temperature_is_what_the_logits_were_multiplied_by(sharper):
    labels, p_dog = drawn(20_000, sharper=sharper)
    found = calibration(labels, p_dog, seed=7)
    assert found.temperature == pytest.approx(sharper, rel=0.08)
    assert found.ece_after < found.ece_before / 3


def test_what_is_calibrated_stays_as_it_is():
    found = calibration(*drawn(20_000, sharper=1.0), seed=7)
    assert found.temperature == pytest.approx(1, rel=0.05)


def test_a_temperature_that_does_not_help_images_it_was_not_fitted_on_is_left_alone():
    # The best fit on 60 images is due to chance, as the images held back show.
    found = [calibration(*drawn(60, sharper=1.0, seed=seed), seed=7) for seed in range(8)]
    assert any(one.temperature == 1 for one in found)
    assert all((one.temperature == 1) == (one.ece_after == one.ece_before) for one in found)


@pytest.mark.parametrize("count", [2, 4, 20, 100])
def test_being_right_on_all_of_a_few_images_does_not_make_a_model_certain(count):
    labels = np.arange(count) % 2
    sure = np.random.default_rng(1).uniform(0.6, 0.9, count)
    found = calibration(labels, np.where(labels == 1, sure, 1 - sure), seed=7)
    assert calibrated(0.6, found.temperature) < (count + 1) / (count + 2)


def test_no_label_changes_and_the_order_stays():
    p_dog = np.array([0.0, 1e-9, 0.3, 0.5, 0.50001, 0.9, 1.0])
    for temperature in (0.1, 1.0, 7.0):
        found = calibrated(p_dog, temperature)
        assert ((found >= 0.5) == (p_dog >= 0.5)).all()
        assert (np.diff(found) >= 0).all()
        assert ((found >= 0) & (found <= 1)).all()


def test_a_logit_is_divided():
    # logit(0.9) is ln 9; half of it is ln 3, whose probability is 3/4.
    assert calibrated(0.9, 2.0) == pytest.approx(0.75)


@pytest.mark.parametrize("labels", [[1], [0, 0, 0], [1, 0]])
def test_few_images_or_one_class_are_no_error(labels):
    found = calibration(np.array(labels), np.full(len(labels), 0.7), seed=7)
    assert found.temperature > 0
    assert np.isfinite([found.ece_before, found.ece_after]).all()
