"""The metrics that depend on the threshold, against counting by hand."""

import numpy as np
import pytest
from scipy import stats

from catsdogs.evaluation import thresholds
from catsdogs.evaluation.metrics import evaluate


@pytest.fixture(scope="module")
def answers():
    """Labels and P(dog), in hundredths so that there are ties, of 400 images."""
    generator = np.random.default_rng(6)
    labels = generator.integers(0, 2, 400)
    p_dog = 1 / (1 + np.exp(-generator.normal(2 * labels - 1, 1.5)))
    return labels, np.round(p_dog, 2)


def shares(labels, p_dog, threshold):
    """False positive rate, recall and precision, counted."""
    said = p_dog >= threshold
    recall, wrong = said[labels == 1].mean(), said[labels == 0].mean()
    return wrong, recall, labels[said].mean() if said.any() else 1.0


@pytest.mark.parametrize("threshold", [0.0, 0.005, 0.3, 0.5, 0.777, 0.99, 1.0])
def test_the_marker_stands_where_the_threshold_puts_it(answers, threshold):
    wrong, recall, precision = shares(*answers, threshold)
    assert thresholds.roc(*answers).at(threshold) == pytest.approx((wrong, recall))
    found = thresholds.precision_recall(*answers).at(threshold)
    assert found == pytest.approx((recall, precision))


def test_a_threshold_above_all_answers_calls_nothing_a_dog(answers):
    labels, p_dog = answers[0], answers[1] * 0.5
    assert thresholds.roc(labels, p_dog).at(0.9) == (0, 0)
    assert thresholds.precision_recall(labels, p_dog).at(0.9) == (0, 1)


def test_the_area_under_the_roc_is_the_share_of_pairs_in_order(answers):
    # Hanley and McNeil (1982): the Mann-Whitney statistic over the number of pairs.
    labels, p_dog = answers
    dogs, cats = p_dog[labels == 1], p_dog[labels == 0]
    expected = stats.mannwhitneyu(dogs, cats).statistic / (len(dogs) * len(cats))
    assert thresholds.roc(*answers).area == pytest.approx(expected)


@pytest.mark.parametrize("threshold", [0.0, 0.31, 0.5, 1.0])
def test_matrix_and_report_are_those_at_the_threshold(answers, threshold):
    labels, p_dog = answers
    found = evaluate(labels, p_dog, threshold)
    assert found.confusion_matrix[1][1] == ((p_dog >= threshold) & (labels == 1)).sum()
    assert found.report["dog"]["recall"] == pytest.approx(shares(labels, p_dog, threshold)[1])


def test_no_other_threshold_has_a_higher_f1(answers):
    labels, p_dog = answers

    def f1(threshold):
        _, recall, precision = shares(labels, p_dog, threshold)
        return 2 * precision * recall / (precision + recall)

    best = thresholds.best_f1(labels, p_dog)
    assert f1(best) == pytest.approx(max(f1(other) for other in np.unique(p_dog)))


def test_no_other_threshold_has_more_equal_errors(answers):
    labels, p_dog = answers

    def gap(threshold):
        wrong, recall, _ = shares(labels, p_dog, threshold)
        return abs(wrong - (1 - recall))

    found = thresholds.equal_error(labels, p_dog)
    assert gap(found) == pytest.approx(min(gap(other) for other in np.unique(p_dog)))


@pytest.mark.parametrize("recall", [0.01, 0.5, 0.9, 0.99, 1.0])
def test_the_threshold_for_a_recall_is_the_highest_that_reaches_it(answers, recall):
    labels, p_dog = answers
    found = thresholds.for_recall(labels, p_dog, recall)
    assert shares(labels, p_dog, found)[1] >= recall
    higher = [other for other in np.unique(p_dog) if other > found]
    assert all(shares(labels, p_dog, other)[1] < recall for other in higher)


def test_bins_of_the_reliability_diagram_hold_what_they_say(answers):
    labels, p_dog = answers
    said, dogs = thresholds.calibration(labels, p_dog)
    in_third = (p_dog > 0.2) & (p_dog <= 0.3)
    assert said[2] == pytest.approx(p_dog[in_third].mean())
    assert dogs[2] == pytest.approx(labels[in_third].mean())
