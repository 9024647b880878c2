"""Thousands of damaged models whose checksums were replaced too: ``make torture``."""

import pytest
from test_hostile_runs import artifacts, flipped, own

__all__ = ["artifacts", "own"]  # fixtures
_ROUNDS, _EACH = 10, 100


@pytest.mark.parametrize("number", range(_ROUNDS))
def test_a_damaged_model_is_refused_or_answers(number, own):
    print(f"\n{_EACH} models:", dict(flipped(own, number * _EACH, _EACH)), end=" ")
