"""The wall's photos: which they are, and that they change nothing in a training."""

from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest

from catsdogs.features.store import Rows
from catsdogs.learning import models, watching
from catsdogs.learning.preparing import Sides
from catsdogs.runs.config import RunConfig

pytestmark = pytest.mark.slow


def sides(*, cats, dogs, seed=1, groups=None):
    """Return two sides; the last ``cats`` and ``dogs`` photos are the validation side."""
    labels = [0] * 3 + [1] * 3 + [0] * cats + [1] * dogs
    names = [f"{number:03}" for number in range(len(labels))]
    records = pd.DataFrame(
        {
            "path": [f"{name}.jpg" for name in names],
            "digest": [f"{number:032x}" for number in range(len(labels))],
            "label": np.array(labels, np.int8),
            "group": groups or names,
        },
        # As after other photos were left out.
        index=np.arange(len(labels)) * 3,
    )
    config = RunConfig("custom_cnn", "/photos", seed=seed)
    return Sides(config, records, np.arange(6), np.arange(6, len(labels)), records.iloc[:0])


@pytest.mark.parametrize(
    ("cats", "dogs", "expected"),
    [(200, 200, (6, 6)), (30, 3, (9, 3)), (2, 40, (2, 10)), (1, 1, (1, 1)), (6, 6, (6, 6))],
)
def test_half_the_photos_are_of_each_class_where_there_are_enough(cats, dogs, expected):
    chosen = watching.chosen_positions(found := sides(cats=cats, dogs=dogs))
    labels = found.records["label"].iloc[chosen]
    assert ((labels == 0).sum(), (labels == 1).sum()) == expected
    assert set(chosen) <= set(found.held_back)
    assert len(set(chosen)) == len(chosen)


def test_the_classes_are_mixed_and_the_seed_decides():
    def chosen(seed):
        return watching.chosen_positions(sides(cats=200, dogs=200, seed=seed)).tolist()

    assert chosen(1) == chosen(1) != chosen(2)
    labels = [position >= 206 for position in chosen(1)]
    assert labels != sorted(labels)
    assert labels != sorted(labels, reverse=True)


def test_no_picture_comes_twice():
    groups = [f"training {number}" for number in range(6)] + ["one"] * 10 + ["another"] * 10
    assert len(watching.chosen_positions(sides(cats=10, dogs=10, groups=groups))) == 2


def test_the_photos_are_reported_with_the_rows_that_belong_to_them():
    found, events = sides(cats=20, dogs=20), []
    vectors = np.arange(46 * 5, dtype=np.float32).reshape(46, 5)
    rows = Rows([vectors], np.array([(0, row) for row in range(46)]), {})
    reporter = SimpleNamespace(emit=lambda kind, **fields: events.append((kind, fields)))
    watched = watching.watch(found, rows, reporter)
    ((kind, fields),) = events
    assert kind == "watched"
    numbers = [int(photo["path"].removesuffix(".jpg")) for photo in fields["photos"]]
    np.testing.assert_array_equal(watched, vectors[numbers])
    assert [photo["label"] for photo in fields["photos"]] == [int(n >= 26) for n in numbers]
    assert [int(photo["digest"], 16) for photo in fields["photos"]] == numbers


def test_to_answer_changes_neither_the_network_nor_its_random_numbers():
    keras.utils.set_random_seed(1)
    head = models.build_head(5, dropout=0.5)
    before = [variable.numpy().copy() for variable in head.variables]
    rows = np.random.default_rng(1).normal(size=(12, 5)).astype(np.float32)
    answers = watching.p_dog(head, rows)
    np.testing.assert_allclose(answers, head.predict(rows, verbose=0)[:, 0], atol=1e-4)
    for one, other in zip(before, head.variables, strict=True):
        np.testing.assert_array_equal(one, other.numpy())
