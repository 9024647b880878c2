"""Three to six runs together: the images that all share, and verdicts that stay honest."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from catsdogs.comparison import several as several_module
from catsdogs.comparison.several import Several
from catsdogs.errors import ConfigError, RunError
from catsdogs.evaluation import paired
from catsdogs.labels import PETS
from catsdogs.reports import several_text


class Named:
    """A run as far as these tests need it."""

    classes = PETS

    def __init__(self, run_id):
        self.run_id = run_id

    def require_classes(self, classes):
        assert classes == self.classes


def answers(right, *, first=0):
    """Answers of a run that is right where ``right`` says so: cats and dogs in turn."""
    numbers = np.arange(first, first + len(right))
    label = numbers % 2
    return pd.DataFrame(
        {
            "path": [f"{number}.jpg" for number in numbers],
            "label": label,
            "p_dog": np.where(np.array(right), label * 0.8 + 0.1, 0.9 - label * 0.8),
            "digest": [f"{number:032x}" for number in numbers],
        }
    )


@pytest.fixture
def read(monkeypatch):
    """Return a function that reads several runs with the given answers, by id."""

    def several(tables):
        monkeypatch.setattr(
            several_module.model_files, "read_predictions", lambda run: tables[run.run_id]
        )
        monkeypatch.setattr(
            several_module, "locate", lambda run, table: pd.Series({"predictions": table})
        )
        return Several.read([Named(name) for name in tables])

    return several


def right_but(wrong, count=400):
    right = np.ones(count, dtype=bool)
    right[list(wrong)] = False
    return right


def test_only_images_that_all_runs_share_with_one_label_count(read):
    one, two, three = answers([True] * 6), answers([True] * 6, first=2), answers([True] * 6)
    three.loc[3, "label"] = 1 - three.loc[3, "label"]
    found = read({"a": one, "b": two, "c": three})
    assert list(found.images["digest"]) == [f"{number:032x}" for number in (2, 4, 5)]
    assert {name: len(table) for name, table in found.answers.items()} == {"a": 3, "b": 3, "c": 3}


def test_each_pair_gets_mcnemars_p_times_the_pairs_still_in_question(read):
    found = read(
        {
            "good": answers(right_but(range(10))),
            "same": answers(right_but(range(1, 11))),
            "bad": answers(right_but(range(10, 60))),
        }
    )
    first, clear, last = found.verdicts
    assert (first.a, first.b, first.only_a_right, first.only_b_right) == ("good", "same", 1, 1)
    assert (first.p, first.better) == (1.0, None)
    assert clear.mcnemar_p == pytest.approx(stats.binomtest(10, 60, 0.5).pvalue)
    assert last.p == pytest.approx(3 * last.mcnemar_p)
    assert clear.p == pytest.approx(max(3 * last.mcnemar_p, 2 * clear.mcnemar_p))
    assert (clear.better, last.better) == ("good", "same")


def test_equal_runs_are_rarely_called_different():
    random, named = np.random.default_rng(0), 0
    for _ in range(200):
        right = [random.random(500) < 0.9 for _ in range(4)]
        p = [paired.mcnemar(right[i], right[j]) for i in range(4) for j in range(i)]
        named += min(several_module.holm(p)) < 0.05
    assert named <= 14  # 5 % of 200, and two standard deviations more


def test_the_headline_says_which_run_leads_and_over_whom_it_may_be_chance(read):
    good, same, bad = right_but(range(10)), right_but(range(1, 12)), right_but(range(10, 60))
    names = {"good": "CNN 1", "same": "CNN 2", "bad": "CNN 3"}
    found = read({"good": answers(good), "same": answers(same), "bad": answers(bad)})
    said = several_text.headline(found, names).replace("\u00a0", " ")
    assert said.startswith("CNN 1 has the most of 400 photos right: 97.5 %.")
    assert said.endswith("Chance may explain its lead over CNN 2.")
    assert list(several_text.metric_table(found, names)["Run"]) == ["CNN 1", "CNN 2", "CNN 3"]
    pairs = several_text.pair_table(found, names)
    assert list(pairs["Better"]) == ["CNN 2", "CNN 1", "could be chance"]


@pytest.mark.parametrize("count", [2, 7])
def test_too_few_or_too_many_runs_are_refused(read, count):
    with pytest.raises(ConfigError, match="Expected 3 to 6 different runs"):
        read({str(number): answers([True] * 4) for number in range(count)})


def test_runs_that_share_no_image_are_refused(read):
    with pytest.raises(RunError, match="share validation images"):
        read({name: answers([True] * 4, first=4 * at) for at, name in enumerate("abc")})
