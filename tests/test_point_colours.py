import numpy as np
import pandas as pd
import pytest

from catsdogs.charts import point_colours
from catsdogs.charts.point_colours import GREY, NO_VALUE, Colouring


def meanings(found: Colouring) -> list[str]:
    """What the colour of each point means; "" for nothing."""
    return ["" if code == NO_VALUE else found.names[code] for code in found.codes]


def test_a_text_has_its_colour_and_the_legend_counts_each():
    texts = pd.Series(["cat", "dog", "", "cat"])
    found = point_colours.categories(texts, {"cat": "#111111", "dog": "#222222", "cow": "#333333"})
    assert meanings(found) == texts.tolist()
    assert [(entry.shades, entry.name, entry.count) for entry in found.legend] == [
        (["#111111"], "cat", 2),
        (["#222222"], "dog", 1),
        ([GREY], "not known: faint", 1),
    ]


@pytest.mark.parametrize(("kinds", "with_others"), [(3, False), (9, False), (300, True)])
def test_of_many_texts_the_frequent_ones_have_a_colour(kinds, with_others):
    texts = pd.Series([f"kind {n}" for n in range(kinds) for _ in range(kinds - n)])
    found = point_colours.categories(texts)
    assert ("others" in meanings(found)) == with_others
    assert meanings(found)[0] == "kind 0"
    assert sum(entry.count for entry in found.legend) == len(texts)
    assert len(set(found.shades)) == len(found.shades) == len(found.names) <= 10


def test_without_a_text_there_is_no_colour():
    found = point_colours.categories(pd.Series(["", ""]))
    assert found.codes.tolist() == [NO_VALUE] * 2
    assert [entry.count for entry in found.legend] == [2]


def test_two_groups_differ_and_points_outside_are_grey():
    found = point_colours.groups(pd.Series([-1, 0, 0, 1, 700]), inside="in", outside="out")
    shades = [found.shades[code] for code in found.codes]
    assert shades[0] == GREY
    assert shades[1] == shades[2] != shades[3]
    assert GREY not in shades[1:]
    assert meanings(found) == ["out", "in", "in", "in", "in"]
    assert [(entry.name, entry.count) for entry in found.legend] == [("out", 1), ("in", 4)]


def test_a_scale_rises_with_the_value_and_leaves_out_what_is_not_known():
    found = point_colours.scale(pd.Series([0.5, np.nan, 0.0, 1.0]), ends=(0.0, 1.0))
    middle, unknown, low, high = found.codes.tolist()
    assert unknown == NO_VALUE
    assert low == 0 < middle < high == len(found.shades) - 1
    assert found.ends == (0.0, 1.0)
    assert [entry.count for entry in found.legend] == [1]
    without = point_colours.scale(pd.Series([np.nan]))
    assert (without.codes.tolist(), without.ends) == ([NO_VALUE], ())


def test_one_giant_does_not_squeeze_a_scale():
    found = point_colours.scale(pd.Series([*range(1000), 10**9]))
    assert found.ends[1] < 1000
    assert len(set(found.codes.tolist())) == len(found.shades)


@pytest.mark.parametrize("values", [[7.0, 7.0], [7.0]])
def test_equal_values_are_a_scale_too(values):
    assert len(set(point_colours.scale(pd.Series(values)).codes.tolist())) == 1


def test_rare_kinds_are_drawn_last_and_frequent_ones_are_mixed():
    texts = pd.Series(["often"] * 500 + ["also"] * 480 + ["rare"] * 20)
    found = point_colours.categories(texts)
    order = found.order()
    drawn = texts.iloc[order].tolist()
    assert sorted(order) == list(range(1000))
    assert set(drawn[-20:]) == {"rare"}
    assert 100 < drawn[:490].count("often") < 400
    assert meanings(found.reordered(order)) == drawn
