"""The charts of a search."""

import math

import pytest

from catsdogs.charts import search as charts
from catsdogs.charts.search import TrialPoint

TRIALS = [
    TrialPoint(1, {"learning_rate": 1e-4, "dropout": 0.2, "schedule": "cosine"}, 0.5),
    TrialPoint(2, {"learning_rate": 1e-2, "dropout": 0.4, "schedule": "constant"}, 0.7),
    TrialPoint(4, {"learning_rate": 1e-3, "dropout": 0.0, "schedule": "cosine"}, 0.4),
]


def test_every_trial_is_a_line_through_its_settings_to_its_loss():
    [drawn] = charts.parallel_coordinates(TRIALS).data
    rate, dropout, schedule, loss = drawn.dimensions
    assert rate.label == "Learning rate"
    assert list(rate["values"]) == pytest.approx([-4, -2, -3])
    assert (rate.ticktext[0], rate.ticktext[-1]) == ("0.0001", "0.01")
    assert list(dropout["values"]) == [0.2, 0.4, 0.0]
    assert list(schedule["values"]) == [0, 1, 0]
    assert len(schedule.ticktext) == 2
    assert list(loss["values"]) == list(drawn.line.color) == [0.5, 0.7, 0.4]


def test_flags_and_whole_numbers_have_axes():
    values = [{"augment": True, "batch_size": 16}, {"augment": False, "batch_size": 64}]
    trials = [TrialPoint(number, one, 0.5) for number, one in enumerate(values, 1)]
    augment, batch, _ = charts.parallel_coordinates(trials).data[0].dimensions
    assert list(augment.ticktext) == ["yes", "no"]
    assert list(batch["values"]) == pytest.approx([math.log10(16), math.log10(64)])


def test_one_trial_is_drawn():
    assert charts.parallel_coordinates(TRIALS[:1]).data


def test_the_most_important_setting_is_on_top():
    [bars] = charts.importance({"dropout": 0.2, "learning_rate": 0.8}).data
    assert list(bars.y) == ["Dropout", "Learning rate"]
    assert list(bars.text) == ["20%", "80%"]


def test_the_history_keeps_the_lowest_loss():
    trials, lowest = charts.history(TRIALS).data
    assert list(trials.x) == [1, 2, 4]
    assert list(lowest.y) == [0.5, 0.5, 0.4]
