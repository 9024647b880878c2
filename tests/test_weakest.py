"""The slices on which a model is weak: found when they are there, and not when they are not."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from catsdogs.evaluation.multiple import holm
from catsdogs.evaluation.weakest import LEAST, weakest


def facts(count=2000, seed=0):
    """Sizes and light of photos, as they are in real datasets."""
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "width_px": random.integers(60, 520, count).astype(float),
            "height_px": random.integers(60, 520, count).astype(float),
            "brightness": random.uniform(40, 200, count),
            "sharpness": 10 ** random.uniform(1, 4, count),
        }
    )


def test_dark_photos_that_are_often_wrong_come_first():
    photos, right = facts(), np.random.default_rng(1).random(2000) < 0.95
    photos.loc[:99, "brightness"] = 10.0
    right[:100] = np.random.default_rng(2).random(100) < 0.8
    first, second, *_ = weakest(photos, right)
    assert (first.title, first.images) == ("Light: under 35", 100)
    assert first.accuracy.value == right[:100].mean()
    assert first.others == right[100:].mean()
    assert first.p < 0.05 <= second.p
    assert first.is_significant


def test_mistakes_at_random_name_a_slice_in_five_of_a_hundred_at_most():
    photos, random = facts(), np.random.default_rng(3)
    right = np.arange(2000) >= 160
    named = [
        any(one.is_significant for one in weakest(photos, random.permutation(right)))
        for _ in range(100)
    ]
    assert sum(named) <= 5


def test_a_p_value_is_that_of_fishers_test_times_the_slices_still_in_question():
    photos = pd.DataFrame({"brightness": [20.0] * 40 + [60.0] * 60})
    photos[["width_px", "height_px", "sharpness"]] = np.nan
    right = np.ones(100, dtype=bool)
    right[:9] = False
    right[40:43] = False
    dark, grey = weakest(photos, right)
    table = [[9, 31], [3, 57]]
    assert dark.p == pytest.approx(2 * stats.fisher_exact(table, alternative="greater").pvalue)
    assert grey.p == pytest.approx(stats.fisher_exact(table[::-1], alternative="greater").pvalue)
    assert dark.looked_at == 2


def test_a_slice_is_looked_at_only_if_it_and_the_rest_are_large_enough():
    photos = pd.DataFrame({"brightness": [20.0] * (LEAST - 1) + [60.0] * 200})
    photos[["width_px", "height_px", "sharpness"]] = np.nan
    assert weakest(photos, np.ones(len(photos), dtype=bool)) == []


def test_corrected_values_keep_their_order_and_never_exceed_one():
    assert holm([]) == []
    assert holm([0.04, 0.01, 0.03, 0.9]) == pytest.approx([0.09, 0.04, 0.09, 0.9])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
