"""The words of a comparison: what they say of classes of different sizes."""

import pytest

from catsdogs.comparison.own_answers import OwnMetrics
from catsdogs.dataset.balance import Balance
from catsdogs.evaluation.intervals import Interval
from catsdogs.reports import comparison_text

RARE, EVEN = Balance(38, 2), Balance(20, 20)
RARE_SAID = "95 % cats (38 of 40); saying cat to all of them gives 95.0 %."
FOUND = {"accuracy": Interval(0.95, 0.9, 1.0), "balanced_accuracy": Interval(0.5, 0.4, 0.6)}


@pytest.mark.parametrize(
    ("balances", "said"),
    [
        ({"CNN 1": EVEN, "CNN 2": EVEN}, []),
        ({"CNN 1": RARE, "CNN 2": RARE}, [f"Validation photos of both runs: {RARE_SAID}"]),
        ({"CNN 1": EVEN, "CNN 2": RARE}, [f"Validation photos of CNN 2: {RARE_SAID}"]),
    ],
)
def test_uneven_classes_have_their_baseline_beside_the_accuracy(balances, said):
    found = [line.replace("\u00a0", " ") for line in comparison_text.baselines(balances)]
    assert found == said


@pytest.mark.parametrize(("balance", "has_row"), [(RARE, True), (EVEN, False)])
def test_the_table_has_balanced_accuracy_where_classes_are_uneven(balance, has_row):
    table = comparison_text.metric_table({"CNN 1": OwnMetrics(FOUND, balance)})
    assert ("Balanced accuracy" in table.index) is has_row
