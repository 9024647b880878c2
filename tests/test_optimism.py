"""The best of several models looks better than it is: how much, against simulations."""

import numpy as np
import pytest

from catsdogs.evaluation.optimism import best_of


def equal_models(generator, *, models, images):
    """The answers of models that are equally good: each is right on its own 80 % of images."""
    labels = generator.integers(0, 2, images)
    is_right = generator.random((models, images)) < 0.8
    says_dog = np.where(is_right, labels, 1 - labels)
    return labels, np.where(says_dog == 1, 0.8, 0.2)


def test_the_luck_of_equal_models_is_that_of_the_largest_of_n():
    generator, found = np.random.default_rng(1), []
    for _ in range(40):
        labels, p_dog = equal_models(generator, models=12, images=400)
        found.append(best_of(labels, p_dog))
    luck = np.mean([one.accuracy.luck for one in found])
    # The expected largest of 12 normal values, times the standard error of a share of 0.8.
    largest = generator.normal(size=(20_000, 12)).max(axis=1).mean() * np.sqrt(0.8 * 0.2 / 400)
    assert luck == pytest.approx(largest, rel=0.15)
    assert np.mean([one.accuracy.expected for one in found]) == pytest.approx(0.8, abs=0.005)


def test_more_models_are_luckier_and_more_images_less():
    def luck(models, images):
        labels, p_dog = equal_models(np.random.default_rng(2), models=models, images=images)
        return best_of(labels, p_dog).accuracy.luck

    assert luck(2, 400) < luck(30, 400)
    assert luck(30, 4000) < luck(30, 400)


def test_a_model_that_is_clearly_best_owes_nothing_to_luck():
    generator = np.random.default_rng(3)
    labels, p_dog = equal_models(generator, models=5, images=1000)
    best = np.where(labels == 1, 0.9, 0.1)
    found = best_of(labels, np.vstack([p_dog, best]))
    assert (found.position, found.chosen_again) == (5, 1.0)
    assert found.accuracy.luck == pytest.approx(0, abs=1e-9)
    assert found.log_loss.luck == pytest.approx(0, abs=1e-9)


def test_one_model_is_measured_as_it_is_up_to_the_noise_of_the_resamples():
    labels, p_dog = equal_models(np.random.default_rng(4), models=1, images=500)
    found = best_of(labels, p_dog)
    assert found.accuracy.luck < 0.002
    assert found.log_loss.luck < 0.005


def test_an_expectation_is_never_better_than_the_measurement():
    for seed in range(10):
        labels, p_dog = equal_models(np.random.default_rng(seed), models=2, images=60)
        found = best_of(labels, p_dog)
        assert found.accuracy.expected <= found.accuracy.measured
        assert found.log_loss.expected >= found.log_loss.measured


def test_a_single_image_is_enough():
    assert best_of(np.array([1]), np.array([[0.9], [0.6]])).position == 0


def test_no_models_are_refused():
    with pytest.raises(ValueError, match="Received"):
        best_of(np.array([1]), np.empty((0, 1)))
