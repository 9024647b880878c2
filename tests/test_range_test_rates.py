"""From the losses at rising rates to a rate, without a network."""

import json

import numpy as np
import pytest

from catsdogs.runs import range_test
from catsdogs.runs.config import RunConfig

RATES = range_test.rising()


def loss_at(rate, *, falls_at=1e-3, explodes_at=1e-1):
    """A range test as textbooks draw it: flat, a slope around ``falls_at``, an explosion."""
    return 0.2 + 0.5 / (1 + rate / falls_at) + (rate / explodes_at) ** 2


def suggested(losses):
    return range_test.suggested(RATES[: len(losses)], range_test.smoothed(losses))


@pytest.mark.parametrize("falls_at", [1e-4, 1e-3, 1e-2])
def test_the_suggested_rate_lies_on_the_slope(falls_at):
    losses = [loss_at(rate, falls_at=falls_at, explodes_at=100 * falls_at) for rate in RATES]
    end = next(n for n in range(1, len(losses)) if range_test.has_exploded(losses[:n]))
    assert falls_at / 10 < suggested(losses[:end]) < falls_at * 10


@pytest.mark.parametrize("seed", range(5))
def test_noise_does_not_move_it_off_the_slope(seed):
    noise = np.random.default_rng(seed).normal(0, 0.05, len(RATES))
    losses = [loss_at(rate) + more for rate, more in zip(RATES, noise, strict=True)]
    assert 1e-3 < suggested(losses) < 1e-2


@pytest.mark.parametrize(
    "losses",
    [
        [],
        [0.7],
        np.linspace(0.7, 0.3, 5),
        np.full(200, 0.7),
        np.linspace(0.7, 3, 200),
        np.linspace(0.7, 0.69, 200),
    ],
    ids=["none", "one", "too short", "flat", "always rising", "hardly falling"],
)
def test_a_curve_without_a_valley_suggests_nothing(losses):
    assert suggested(list(losses)) is None


def test_a_suggestion_has_two_digits():
    rate = suggested([loss_at(rate) for rate in RATES])
    assert rate == float(f"{rate:.1e}")


def test_points_that_a_fall_leaves_out_do_not_end_it():
    curve = [9, 8, 7, 20, 6, 5, 30, 4, 10]
    assert range_test._longest_fall(curve) == [0, 1, 2, 4, 5, 7]


def test_smoothing_keeps_a_constant_and_starts_at_the_first_loss():
    assert range_test.smoothed([0.7] * 30) == pytest.approx([0.7] * 30)
    assert range_test.smoothed([2.0, 1.0])[0] == 2.0


def test_rates_rise_evenly_on_a_logarithmic_axis():
    assert (RATES[0], RATES[-1]) == pytest.approx((1e-7, 10))
    assert np.diff(np.log(RATES)) == pytest.approx(np.log(1e8) / (len(RATES) - 1))


def test_a_loss_explodes_when_its_mean_is_four_times_the_lowest():
    assert not range_test.has_exploded([1.0] * 50 + [3.0] * 200)
    assert not range_test.has_exploded([1.0] * 50 + [20.0])
    assert range_test.has_exploded([1.0] * 50 + [5.0] * 200)


@pytest.mark.parametrize(
    "same",
    [
        {"epochs": 3},
        {"learning_rate": 0.1},
        {"schedule": "constant"},
        {"early_stopping": 3},
        {"deterministic": True},
        {"augment": True},
        {"dropout": 0.3},
    ],
)
def test_settings_that_a_test_does_not_look_at_do_not_change_its_subject(same):
    assert subject(**same) == subject()


@pytest.mark.parametrize(
    "other",
    [
        {"data": "/others"},
        {"recipe": "plain"},
        {"batch_size": 64},
        {"augment": False},
        {"dropout": 0.1},
        {"validation": 0.3},
        {"seed": 8},
    ],
)
def test_settings_that_a_test_depends_on_change_its_subject(other):
    assert subject(**other) != subject()
    tested = range_test.tested_config(subject(**other))
    assert {name: getattr(tested, name) for name in other} == other


def subject(**settings):
    return range_test.subject(RunConfig(**{"model": "custom_cnn", "data": "/photos", **settings}))


def test_a_subject_is_json_in_one_order():
    keys = list(json.loads(subject()))
    assert keys == sorted(keys)
