import os
import time

import numpy as np
import pytest

from catsdogs.dataset import index
from catsdogs.features import store as feature_store
from catsdogs.features.store import Rows, rows_of
from catsdogs.images.parallel import Function
from catsdogs.images.picture import load_square

ROW = np.dtype((np.float32, (3,)))


@pytest.fixture
def means(kaggle_folder, tmp_path):
    """Return a function that gives each photo's mean colour, and says how many it computed."""

    def call(vanished=None, store_name="store", **options):
        computed = []

        def mean(content):
            pixels = load_square(content, 8)
            computed.append(1)
            return pixels.mean(axis=(0, 1), dtype=np.float32)

        dataset = index.scan(kaggle_folder)
        if vanished:
            (kaggle_folder / vanished).unlink()
        rows = rows_of(
            dataset.root,
            dataset.usable,
            store=tmp_path / store_name,
            row=ROW,
            work=Function(mean),
            **options,
        )
        return rows, len(computed)

    return call


def test_rows_are_those_of_the_photos_in_order(means, kaggle_folder):
    rows, _ = means()
    names = index.scan(kaggle_folder).usable["path"]
    expected = [load_square((kaggle_folder / name).read_bytes(), 8).mean((0, 1)) for name in names]
    np.testing.assert_allclose(rows.take(np.arange(16)), expected, rtol=1e-5)
    np.testing.assert_allclose(rows.take(np.array([5, 2])), [expected[5], expected[2]], rtol=1e-5)


def test_a_second_call_computes_nothing(means):
    first, computed = means()
    again, computed_again = means()
    assert (computed, computed_again) == (16, 0)
    np.testing.assert_array_equal(first.take(np.arange(16)), again.take(np.arange(16)))


def test_only_new_content_is_computed(means, kaggle_folder, photo):
    means()
    photo(kaggle_folder / "cat.50.jpg", seed=50)
    (kaggle_folder / "cat.51.jpg").write_bytes((kaggle_folder / "cat.50.jpg").read_bytes())
    rows, computed = means()
    assert computed == 1
    assert len(rows.places) == 18


def test_a_photo_that_vanished_after_the_scan_is_missing_with_its_reason(means):
    rows, _ = means(vanished="dog.7.jpg")
    assert {name: error.code for name, error in rows.missing.items()} == {"dog.7.jpg": "missing"}
    assert rows.places[-1].tolist() == [-1, -1]
    assert (rows.places[:-1] >= 0).all()


def test_what_was_computed_before_an_interruption_is_kept(means):
    def interrupt(done, total):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        means(progress=interrupt)
    assert means()[1] == 16 - 5


def test_progress_ends_at_the_number_of_records(means):
    seen = []
    means(progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (16, 16)
    assert seen == sorted(seen)


def test_another_writers_unfinished_shard_is_ignored(means, tmp_path):
    means()
    (tmp_path / "store" / ".tmp-x.npy").write_bytes(b"half")
    assert means()[1] == 0


def test_a_damaged_shard_costs_its_rows_and_nothing_else(means, tmp_path):
    means()
    (shard,) = (tmp_path / "store").iterdir()
    shard.write_bytes(shard.read_bytes()[:-1])
    np.save(tmp_path / "store" / "other.npy", np.zeros(3))
    rows, computed = means()
    assert computed == 16
    assert not rows.missing


def test_what_a_killed_writer_left_goes_after_a_day(means, tmp_path):
    means()
    old, new = (tmp_path / "store" / name for name in (".tmp-old.npy", ".tmp-new.npy"))
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000,) * 2)
    means()
    assert (old.exists(), new.exists()) == (False, True)


def test_rows_computed_together_are_the_same_and_errors_keep_their_place(means, monkeypatch):
    monkeypatch.setattr(feature_store, "_BATCH", 3)
    batches = []

    def doubled(values):
        batches.append(len(values))
        return values * 2

    alone, _ = means(store_name="alone")
    rows, _ = means(vanished="cat.2.jpg", together=doubled)
    assert sum(batches) == 15
    assert max(batches) == 3
    assert list(rows.missing) == ["cat.2.jpg"]
    there = np.flatnonzero(rows.places[:, 0] >= 0)
    np.testing.assert_allclose(rows.take(there), alone.take(there) * 2)


def test_rows_follow_rows_and_spread_over_more_records():
    one = Rows([np.array([1.0, 2.0])], np.array([(0, 1), (-1, -1)]), {"a": None})
    other = Rows([np.array([3.0, 4.0])], np.array([(-1, -1), (0, 0)]), {"b": None})
    both = one.followed_by(other)
    assert both.places.tolist() == [[0, 1], [-1, -1], [-1, -1], [1, 0]]
    assert both.take(np.array([3, 0])).tolist() == [3.0, 2.0]
    assert set(both.missing) == {"a", "b"}
    assert other.spread(np.array([2, 0]), 3).places.tolist() == [[0, 0], [-1, -1], [-1, -1]]
