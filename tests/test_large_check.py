"""The parts of a health check that work differently on more photos than fit into memory."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from catsdogs.features.store import Read, Rows
from catsdogs.health.neighbours import nearest
from catsdogs.health.sampling import blocks, reduced, sample
from catsdogs.health.suspects import out_of_fold

COPIES = 30


@pytest.fixture(scope="module")
def vectors():
    """2,000 vectors in clouds; each of the last 30 is almost the same as one of the first."""
    rng = np.random.default_rng(3)
    clouds = rng.normal(size=(20, 32))[rng.integers(20, size=2000)]
    vectors = (clouds + rng.normal(size=(2000, 32))).astype(np.float32)
    vectors[-COPIES:] = vectors[:COPIES] * 2 + rng.normal(0, 0.2, (COPIES, 32))
    return vectors


def test_neighbours_by_region_are_almost_those_of_an_exact_search(vectors):
    exact, found = nearest(vectors), nearest(vectors, most_exact=1999)
    assert set(map(tuple, exact.alike)) >= {(n, 2000 - COPIES + n) for n in range(COPIES)}
    assert found.alike.tolist() == exact.alike.tolist()
    same = [len(set(a) & set(b)) for a, b in zip(exact.positions, found.positions, strict=True)]
    assert 9 < np.mean(same) < 10
    rows = np.arange(2000)[:, None]
    assert (found.positions != rows).all()
    assert (np.diff(found.similarities, axis=1) <= 0).all()


def test_copies_are_found_in_about_as_many_clouds_as_there_are_regions():
    rng = np.random.default_rng(5)
    clouds = np.repeat(rng.normal(0, 0.8, (125, 400)), 160, axis=0).astype(np.float32)
    vectors = np.maximum(clouds + rng.standard_normal((20_000, 400), np.float32), 0)
    copied = np.arange(0, 20_000, 40)
    vectors[copied + 1] = vectors[copied] + 0.3 * np.abs(rng.normal(size=(500, 400)))
    found = nearest(vectors, most_exact=19_999)
    assert (found.positions[copied, 0] == copied + 1).mean() > 0.99


def test_a_vector_far_from_all_others_has_neighbours_too(vectors):
    lonely = vectors.copy()
    lonely[7] = -100
    found = nearest(lonely, most_exact=10)
    assert len(set(found.positions[7])) == 10


def test_out_of_fold_answers_are_those_of_cross_validation():
    rng = np.random.default_rng(0)
    labels, groups = rng.integers(2, size=400), rng.integers(300, size=400).astype(str)
    vectors = rng.normal(size=(400, 6)) + labels[:, None]
    method = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=300))
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    expected = cross_val_predict(
        method, vectors, labels, groups=groups, cv=folds, method="predict_proba"
    )
    np.testing.assert_array_equal(out_of_fold(vectors, labels, groups), expected[:, 1])


def test_a_classifier_that_learns_from_a_sample_finds_the_wrong_labels():
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=2000)
    vectors = rng.normal(size=(2000, 6)) + 6 * labels[:, None]
    given = labels.copy()
    wrong = rng.choice(2000, 20, replace=False)
    given[wrong] = 1 - given[wrong]
    p_dog = out_of_fold(vectors, given, np.arange(2000).astype(str), most=1000)
    doubts = np.argsort(np.where(given == 1, p_dog, 1 - p_dog))
    assert np.isin(wrong, doubts[:40]).mean() > 0.9


def test_a_copy_stays_in_the_fold_of_its_picture_in_a_large_dataset_too():
    rng = np.random.default_rng(1)
    labels = rng.integers(2, size=600)
    vectors = np.eye(600, dtype=np.float32)
    groups = np.arange(600) // 2
    vectors[1::2] = vectors[::2]
    labels[1::2] = labels[::2]
    p_dog = out_of_fold(vectors * 50, labels, groups.astype(str), most=500)
    # Nothing is known about a picture whose only copy is in the same fold.
    assert np.abs(p_dog - 0.5).max() < 0.1


def test_components_learned_from_a_sample_are_almost_those_of_all(vectors):
    stretched = vectors * 0.5 ** np.arange(32)
    exact, found = (reduced(stretched, 3, most=most) for most in (2000, 700))
    for one, other in zip(exact.T, found.T, strict=True):
        assert abs(np.corrcoef(one, other)[0, 1]) > 0.95


@pytest.mark.parametrize(("count", "most"), [(0, 5), (5, 5), (6, 5), (23, 5)])
def test_blocks_have_each_position_once(count, most):
    found = [np.arange(count)[block] for block in blocks(count, most=most)]
    assert np.concatenate([np.empty(0), *found]).tolist() == list(range(count))
    assert all(len(block) <= most for block in found)


def test_a_sample_is_the_same_each_time_in_order_and_without_repetition():
    positions = np.arange(100, 200)
    found = sample(positions, most=30)
    assert len(set(found)) == 30
    assert (np.diff(found) > 0).all()
    assert found.tolist() == sample(positions, most=30).tolist()
    assert sample(positions, most=100) is positions


def test_rows_are_read_as_from_an_array():
    row = np.dtype([("grey", np.uint8), ("outline", np.uint8, (2, 2))])
    shards = [np.zeros(3, row), np.zeros(2, row)]
    for number, shard in enumerate(shards):
        shard["outline"] = np.arange(len(shard) * 4).reshape(-1, 2, 2) + 100 * number
    places = np.array([(1, 1), (0, 2), (-1, -1), (0, 0)])
    read = Read(Rows(shards, places, {}), np.array([3, 0, 1, 2]), "outline")
    expected = np.stack([shards[0][0][1], shards[1][1][1], shards[0][2][1], np.zeros((2, 2))])
    assert len(read) == 4
    np.testing.assert_array_equal(read[:], expected)
    np.testing.assert_array_equal(read[np.array([2, 1])], expected[[2, 1]])
    np.testing.assert_array_equal(read[1:3], expected[1:3])


def test_a_check_of_a_sample_says_so_and_another_does_not():
    from catsdogs.health.findings import UNMEASURED, Findings, Summary

    rows = pd.DataFrame({"path": ["a.jpg"] * 7, "digest": ["0"] * 7}).assign(**UNMEASURED)
    said = [Findings(rows, np.empty((7, 0)), Summary(sample=of)).sampled for of in (0, 5)]
    assert said[0] == ""
    assert "5 of 7 photos" in said[1]
