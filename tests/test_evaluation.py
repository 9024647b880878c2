import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from catsdogs.errors import ConfigError, RunError
from catsdogs.evaluation import intervals, paired
from catsdogs.evaluation.metrics import evaluate
from catsdogs.evaluation.paired import compare


def test_figures_of_a_small_case_worked_by_hand():
    result = evaluate(np.array([0, 0, 1, 1, 1]), np.array([0.1, 0.6, 0.9, 0.4, 0.8]))
    assert result.accuracy == pytest.approx(3 / 5)
    assert result.confusion_matrix == [[1, 1], [1, 2]]
    expected = -np.mean(np.log([0.9, 0.4, 0.9, 0.4, 0.8]))
    assert result.log_loss == pytest.approx(expected)
    assert result.brier == pytest.approx(np.mean(np.square([0.1, 0.6, 0.1, 0.6, 0.2])))
    # In five of the six (cat, dog) pairs, the dog has the higher probability.
    assert result.roc_auc == pytest.approx(5 / 6)
    assert result.report["dog"]["recall"] == pytest.approx(2 / 3)


def test_naming_the_larger_class_has_a_balanced_accuracy_of_one_half():
    labels = np.array([0] * 19 + [1])
    result = evaluate(labels, np.full(20, 0.1))
    assert (result.accuracy, result.balanced_accuracy, result.majority_baseline) == (
        0.95,
        0.5,
        0.95,
    )
    weighed = evaluate(np.array([0, 0, 1, 1, 1]), np.array([0.1, 0.6, 0.9, 0.4, 0.8]))
    assert weighed.balanced_accuracy == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert weighed.majority_baseline == pytest.approx(3 / 5)


def test_the_interval_of_balanced_accuracy_is_wide_where_one_class_is_rare():
    rare, even = np.array([0] * 18 + [1] * 2), np.array([0, 1] * 10)
    of_rare, of_even = (
        intervals.of_metrics(labels, labels * 0.8 + 0.1)["balanced_accuracy"]
        for labels in (rare, even)
    )
    assert of_rare.low < of_even.low < of_even.value == 1


def test_average_precision_is_the_area_of_steps():
    # Best first: dog, cat, dog, dog, cat. Precision at each dog: 1, 2/3, 3/4.
    result = evaluate(np.array([1, 0, 1, 1, 0]), np.array([0.9, 0.8, 0.7, 0.6, 0.1]))
    assert result.average_precision == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)


def test_calibration_error_is_the_weighted_distance_from_the_diagonal():
    # Two bins: three images at 0.25 of which one is a dog, one at 0.75 that is a cat.
    result = evaluate(np.array([1, 0, 0, 0]), np.array([0.25, 0.25, 0.25, 0.75]))
    assert result.ece == pytest.approx((3 * abs(1 / 3 - 0.25) + 1 * abs(0 - 0.75)) / 4)


def test_a_calibrated_model_has_hardly_any_calibration_error():
    generator = np.random.default_rng(2)
    p_dog = generator.random(50_000)
    labels = (generator.random(50_000) < p_dog).astype(int)
    assert evaluate(labels, p_dog).ece < 0.01
    assert evaluate(labels, 1 - p_dog).ece > 0.4


def test_one_class_alone_has_no_roc():
    result = evaluate(np.array([1, 1]), np.array([0.9, 0.2]))
    assert result.roc_auc is None
    assert (result.balanced_accuracy, result.majority_baseline) == (None, 1.0)
    assert "balanced_accuracy" not in intervals.of_metrics(np.array([1, 1]), np.array([0.9, 0.2]))
    assert result.average_precision is None
    assert "roc_auc" not in intervals.of_metrics(np.array([1, 1]), np.array([0.9, 0.2]))
    assert result.confusion_matrix == [[0, 0], [1, 1]]


def test_certain_and_wrong_is_a_finite_loss():
    assert math.isfinite(evaluate(np.array([0, 1]), np.array([1.0, 1.0])).log_loss)


def test_no_image_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        evaluate(np.array([]), np.array([]))


# Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3.
@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_of_a_share_is_wilsons(count, of, low, high):
    found = intervals.share(count, of)
    assert found.value == count / of
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@pytest.fixture
def answers():
    """Labels and P(dog) of 2,000 images, most of them right."""
    generator = np.random.default_rng(4)
    labels = generator.integers(0, 2, 2000)
    return labels, 1 / (1 + np.exp(-generator.normal(3 * labels - 1.5, 1.2)))


def test_intervals_are_of_the_figures_that_the_evaluation_has(answers):
    result, found = evaluate(*answers), intervals.of_metrics(*answers)
    assert found["accuracy"].value == pytest.approx(result.accuracy)
    assert found["log_loss"].value == pytest.approx(result.log_loss)
    assert found["brier"].value == pytest.approx(result.brier)
    assert found["roc_auc"].value == pytest.approx(result.roc_auc)
    assert found["cat_recall"].value == pytest.approx(result.report["cat"]["recall"])
    assert all(interval.low < interval.value < interval.high for interval in found.values())


def test_the_interval_of_a_mean_agrees_with_the_normal_one(answers):
    labels, p_dog = answers
    squares = (p_dog - labels) ** 2
    expected = stats.norm.interval(0.95, squares.mean(), stats.sem(squares))
    found = intervals.mean(squares)
    assert (found.low, found.high) == pytest.approx(expected, rel=0.02)


def test_the_interval_of_the_roc_auc_agrees_with_delongs(answers):
    # DeLong, DeLong and Clarke-Pearson (1988): the variance from each image's share of the area.
    labels, p_dog = answers
    wins = (p_dog[labels == 1][:, None] > p_dog[labels == 0]).astype(float)
    variance = wins.mean(1).var(ddof=1) / len(wins) + wins.mean(0).var(ddof=1) / wins.shape[1]
    expected = stats.norm.interval(0.95, wins.mean(), np.sqrt(variance))
    found = intervals.of_metrics(labels, p_dog)["roc_auc"]
    assert (found.low, found.high) == pytest.approx(expected, abs=0.0015)


def test_perfect_answers_have_an_interval_too():
    found = intervals.of_metrics(np.array([0, 0, 1, 1]), np.array([0.0, 0.1, 0.9, 1.0]))
    assert "roc_auc" not in found
    assert found["accuracy"].low < 0.6
    assert found["accuracy"].high == pytest.approx(1)


def test_one_dog_is_too_few_for_an_interval_of_the_roc_auc():
    labels, p_dog = np.array([0, 0, 0, 0, 1]), np.array([0.1, 0.2, 0.3, 0.9, 0.8])
    found = intervals.of_metrics(labels, p_dog)
    assert "roc_auc" not in found
    assert found["dog_recall"].low < 0.3


def predictions(right: list[bool], start: int = 0) -> pd.DataFrame:
    """Dogs all, called right or wrong."""
    numbers = range(start, start + len(right))
    return pd.DataFrame(
        {
            "path": [f"dog.{number}.jpg" for number in numbers],
            "digest": [f"digest{number}" for number in numbers],
            "label": 1,
            "p_dog": [0.9 if is_right else 0.1 for is_right in right],
        }
    )


def test_flips_and_mcnemar_follow_the_binomial():
    # Agresti, "Categorical Data Analysis" (3rd ed., 2013), section 11.1: the exact test conditions
    # on the discordant pairs, here 6 and 1, each a fair coin: p = 2 P(X <= 1 | 7, 1/2) = 16/128.
    a = predictions([True] * 6 + [False] + [True] * 20 + [False] * 3)
    b = predictions([False] * 6 + [True] + [True] * 20 + [False] * 3)
    result = compare(a, b)
    assert (result.a_right_b_wrong, result.b_right_a_wrong) == (6, 1)
    assert (result.both_right, result.both_wrong) == (20, 3)
    assert result.mcnemar_p == pytest.approx(16 / 128)
    assert result.difference.value == pytest.approx(5 / 30)


def test_the_interval_agrees_with_the_normal_one_for_many_images():
    generator = np.random.default_rng(5)
    a, b = generator.random(4000) < 0.9, generator.random(4000) < 0.8
    result = compare(predictions(a.tolist()), predictions(b.tolist()))
    gains = a.astype(float) - b
    low, high = stats.norm.interval(0.95, gains.mean(), gains.std() / np.sqrt(len(gains)))
    assert result.difference.low == pytest.approx(low, abs=0.002)
    assert result.difference.high == pytest.approx(high, abs=0.002)


def test_a_run_compared_with_itself_does_not_differ():
    same = predictions([True, False, True])
    result = compare(same, same)
    assert result.mcnemar_p == 1
    assert (result.difference.low, result.difference.value, result.difference.high) == (0, 0, 0)
    assert result.images == 3
    assert not result.equivalence.shown  # Three images prove nothing.


def test_copies_of_one_image_stay_as_many_as_they_are():
    same = predictions([True, False, True])
    same["digest"] = "one"
    assert compare(same, same).images == 3


@pytest.mark.parametrize(
    ("images", "margin"), [(300, 0.01), (440, 0.01), (600, 0.01), (2400, 0.005)]
)
def test_a_difference_as_large_as_the_margin_is_seldom_called_equivalent(images, margin):
    """The test's size, exactly, where all flips go one way: their number is binomial."""
    wrongly = 0.0
    for flips in range(int(5 * images * margin)):
        if paired.equivalence(flips, 0, images, margin).shown:
            wrongly += stats.binom.pmf(flips, images, margin)
    assert 0 < wrongly < 0.07


def test_agreement_on_many_images_shows_equivalence_and_on_few_does_not():
    assert compare(*[predictions([True] * 400)] * 2).equivalence.shown
    assert not compare(*[predictions([True] * 200)] * 2).equivalence.shown


def test_equivalence_agrees_with_tangos_example():
    # Tango (1998), table II: of 44 patients 43 are treated well either way, one by the old alone;
    # that the new is worse by 0.1 or more is rejected with Z = 1.709, p = 0.044.
    a = predictions([True] * 44)
    b = predictions([False] + [True] * 43)
    assert compare(a, b, margin=0.1).equivalence.p == pytest.approx(stats.norm.sf(1.709), abs=2e-4)


@pytest.mark.parametrize("margin", [0.005, 0.01, 0.015])
def test_with_many_flips_equivalence_agrees_with_the_plain_normal_test(margin):
    # Liu et al., "Tests for equivalence or non-inferiority for paired binary data" (2002).
    only_a, only_b, images = 300, 290, 6000
    a = predictions([True] * only_a + [False] * only_b + [True] * (images - only_a - only_b))
    b = predictions([False] * only_a + [True] * (images - only_a))
    found = compare(a, b, margin=margin).equivalence
    gap = (only_a - only_b) / images
    error = np.sqrt(only_a + only_b - (only_a - only_b) ** 2 / images) / images
    expected = max(stats.norm.sf((gap + margin) / error), stats.norm.cdf((gap - margin) / error))
    assert found.p == pytest.approx(expected, rel=0.05, abs=1e-3)
    assert found.shown == (expected < 0.05)


@pytest.mark.parametrize("margin", [0, 1, -0.1])
def test_a_margin_that_is_none_is_refused(margin):
    with pytest.raises(ConfigError, match="margin"):
        compare(*[predictions([True] * 3)] * 2, margin=margin)


def test_each_accuracy_has_its_interval():
    result = compare(predictions([True] * 81 + [False] * 182), predictions([True] * 263))
    assert result.interval_a == intervals.share(81, 263)
    assert result.interval_b == intervals.share(263, 263)


def test_only_shared_images_count():
    result = compare(predictions([True] * 10), predictions([True] * 12, start=6))
    assert (result.images, result.only_in_a, result.only_in_b) == (4, 6, 8)


def test_the_same_name_with_other_content_is_another_image():
    a, b = predictions([True] * 3), predictions([True] * 3)
    b.loc[0, "digest"] = "changed"
    assert compare(a, b).images == 2


def test_the_same_content_under_another_name_is_the_same_image():
    a, b = predictions([True] * 3), predictions([True, True, False])
    b["path"] = ["z.jpg", "train/dog.1.jpg", "a.jpg"]
    result = compare(a, b)
    assert (result.images, result.a_right_b_wrong) == (3, 1)


def test_an_image_that_was_labelled_anew_does_not_count():
    a, b = predictions([True] * 3), predictions([True] * 3)
    b.loc[0, "label"] = 0
    result = compare(a, b)
    assert (result.images, result.relabelled, result.only_in_a) == (2, 1, 0)


def test_runs_without_a_shared_image_are_refused():
    with pytest.raises(RunError, match="none in common"):
        compare(predictions([True] * 3), predictions([True] * 3, start=50))
