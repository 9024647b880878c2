import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from catsdogs.errors import RunError
from catsdogs.evaluation.comparison import compare
from catsdogs.evaluation.metrics import evaluate


def test_figures_of_a_small_case_worked_by_hand():
    result = evaluate(np.array([0, 0, 1, 1, 1]), np.array([0.1, 0.6, 0.9, 0.4, 0.8]))
    assert result.accuracy == pytest.approx(3 / 5)
    assert result.confusion_matrix == [[1, 1], [1, 2]]
    expected = -np.mean(np.log([0.9, 0.4, 0.9, 0.4, 0.8]))
    assert result.log_loss == pytest.approx(expected)
    assert result.brier == pytest.approx(np.mean(np.square([0.1, 0.6, 0.1, 0.6, 0.2])))
    # Of the six (cat, dog) pairs, the dog has the higher probability in five.
    assert result.roc_auc == pytest.approx(5 / 6)
    assert result.report["dog"]["recall"] == pytest.approx(2 / 3)


def test_one_class_alone_has_no_roc():
    result = evaluate(np.array([1, 1]), np.array([0.9, 0.2]))
    assert result.roc_auc is None
    assert result.confusion_matrix == [[0, 0], [1, 1]]


def test_certain_and_wrong_is_a_finite_loss():
    assert math.isfinite(evaluate(np.array([0, 1]), np.array([1.0, 1.0])).log_loss)


def test_no_image_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        evaluate(np.array([]), np.array([]))


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


def test_only_shared_images_count():
    result = compare(predictions([True] * 10), predictions([True] * 10, start=6))
    assert result.images == 4


def test_the_same_name_with_other_content_is_another_image():
    a, b = predictions([True] * 3), predictions([True] * 3)
    b.loc[0, "digest"] = "changed"
    assert compare(a, b).images == 2


def test_runs_without_a_shared_image_are_refused():
    with pytest.raises(RunError, match="none in common"):
        compare(predictions([True] * 3), predictions([True] * 3, start=50))
