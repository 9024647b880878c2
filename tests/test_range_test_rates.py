"""From the losses at rising rates to a rate, without a network."""

import json

import numpy as np
import pytest

from catsdogs.runs import range_test
from catsdogs.runs.config import RunConfig

RATES = range_test.rising()


def loss_at(rate, *, falls_at=1e-3, explodes_at=1e-1):
    """A range test as textbooks draw it: flat, a slope around ``falls_at``, an explosion."""
    return 0.2 + 0.5 / (1 + (rate / falls_at) ** 2) + (rate / explodes_at) ** 2


def suggested(losses):
    return range_test.suggested(RATES[: len(losses)], losses)


@pytest.mark.parametrize("falls_at", [1e-4, 1e-3, 1e-2])
def test_the_suggested_rate_lies_where_the_fall_slows(falls_at):
    losses = [loss_at(rate, falls_at=falls_at, explodes_at=100 * falls_at) for rate in RATES]
    # Four fifths of the fall are done at twice the rate where half of it is.
    assert suggested(losses) == pytest.approx(2 * falls_at, rel=0.25)


@pytest.mark.parametrize("smallest", [1e-3, 1e-4])
def test_it_lies_well_before_the_lowest_point(smallest):
    losses = [loss_at(rate, falls_at=smallest, explodes_at=300 * smallest) for rate in RATES]
    lowest = RATES[int(np.argmin(losses))]
    assert suggested(losses) < lowest / 3


@pytest.mark.parametrize("seed", range(8))
def test_noise_moves_it_by_less_than_half(seed):
    noise = np.random.default_rng(seed).normal(0, 0.05, len(RATES))
    losses = [loss_at(rate) + more for rate, more in zip(RATES, noise, strict=True)]
    assert 1e-3 < suggested(losses) < 4e-3


@pytest.mark.parametrize("seed", range(8))
def test_noise_alone_suggests_nothing(seed):
    noise = np.random.default_rng(seed).normal(0.7, 0.1, len(RATES))
    assert suggested(list(noise)) is None


@pytest.mark.parametrize(
    "losses",
    [
        [],
        [0.7],
        np.linspace(0.7, 0.3, 5),
        np.full(200, 0.7),
        np.linspace(0.7, 3, 200),
    ],
    ids=["none", "one", "too short", "flat", "always rising"],
)
def test_losses_without_a_fall_suggest_nothing(losses):
    assert suggested(list(losses)) is None


def test_a_suggestion_has_two_digits():
    rate = suggested([loss_at(rate) for rate in RATES])
    assert rate == float(f"{rate:.1e}")


def test_the_centred_mean_does_not_lag():
    step = [1.0] * 100 + [0.0] * 100
    curve = range_test.centred(step)
    assert curve[99] + curve[100] == pytest.approx(1)
    assert curve[:50] == pytest.approx([1.0] * 50)
    assert curve[150:] == pytest.approx([0.0] * 50)
    assert range_test.centred([0.7] * 30) == pytest.approx([0.7] * 30)
    assert range_test.centred([]) == []


def test_smoothing_keeps_a_constant_and_starts_at_the_first_loss():
    assert range_test.smoothed([0.7] * 30) == pytest.approx([0.7] * 30)
    assert range_test.smoothed([2.0, 1.0])[0] == 2.0


def test_rates_rise_evenly_on_a_logarithmic_axis():
    assert (RATES[0], RATES[-1]) == pytest.approx((1e-6, 1))
    assert np.diff(np.log(RATES)) == pytest.approx(np.log(1e6) / (len(RATES) - 1))


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
