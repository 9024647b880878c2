"""Counts, as a person reads them."""

import pytest

from catsdogs.text import counted


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 images"),
        (1, "1 image"),
        (2000, "2,000 images"),
        (1_234_567, "1,234,567 images"),
        (0.5, "0.5 images"),
    ],
)
def test_a_count_has_its_noun_in_the_right_number(number, text):
    assert counted(number, "image") == text
