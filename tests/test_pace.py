"""Speed and the time left, from two samples."""

import pytest

from catsdogs.background.pace import Pace, Sample, between


def test_speed_counts_from_the_first_sample_and_not_from_zero():
    assert between(Sample(100, 200), Sample(110, 300, 500)) == Pace(per_s=10, left_s=20)


def test_without_a_total_the_speed_is_known_and_the_time_left_is_not():
    assert between(Sample(0, 0), Sample(2, 10)) == Pace(per_s=5, left_s=None)


@pytest.mark.parametrize("last", [Sample(0, 5, 10), Sample(-1, 5, 10), Sample(5, 0, 10)])
def test_nothing_is_known_before_time_has_passed_and_something_was_done(last):
    assert between(Sample(0, 0), last) == Pace()
