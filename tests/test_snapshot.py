import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from catsdogs.dataset import annotations, rescan
from catsdogs.errors import DatasetError, WeightsUnavailable
from catsdogs.health import checkup
from catsdogs.health.findings import UNMEASURED, Findings, Summary
from catsdogs.health.snapshot import TRAINING, VALIDATION, Snapshot, Watch
from catsdogs.system import processes


@pytest.fixture
def clock():
    """Seconds that pass only when a test advances them."""

    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    return Clock()


def names(watch):
    return set(watch.snapshot().table["path"])


def wait(watch):
    watch._thread.join(60)


def test_every_photo_has_a_side_and_each_side_photos(kaggle_folder):
    sides = Watch(kaggle_folder).snapshot().sides.value_counts()
    assert sides.to_dict() == {TRAINING: 12, VALIDATION: 4}


def test_an_excluded_photo_is_on_neither_side(kaggle_folder):
    watch = Watch(kaggle_folder)
    annotations.annotate(kaggle_folder, watch.snapshot().table.head(1), annotations.EXCLUDE)
    snapshot = watch.snapshot()
    assert snapshot.table["excluded"].tolist() == [True] + [False] * 15
    assert snapshot.sides.iloc[0] == ""


def test_a_decision_is_seen_at_once_and_so_is_its_undoing(kaggle_folder):
    watch = Watch(kaggle_folder)
    before = watch.snapshot().dataset.fingerprint()
    annotations.annotate(kaggle_folder, watch.snapshot().table.head(2), annotations.EXCLUDE)
    assert watch.snapshot().dataset.excluded == 2
    assert watch.snapshot().dataset.fingerprint() != before
    annotations.undo(kaggle_folder)
    assert watch.snapshot().dataset.fingerprint() == before


def test_a_label_is_undone_even_after_a_look_at_the_folder_in_between(kaggle_folder):
    watch = Watch(kaggle_folder)
    annotations.annotate(
        kaggle_folder, watch.snapshot().table.head(2), annotations.RELABEL, label=1
    )
    watch.refresh()
    assert watch.snapshot().dataset.relabelled == 2
    annotations.undo(kaggle_folder)
    assert watch.snapshot().dataset.relabelled == 0
    assert watch.snapshot().table["label"].tolist() == [0] * 8 + [1] * 8


def test_nothing_new_means_the_same_look(kaggle_folder):
    watch = Watch(kaggle_folder)
    assert watch.snapshot() is watch.snapshot()


def test_new_files_are_seen_a_minute_later_without_a_wait(kaggle_folder, photo, clock):
    watch = Watch(kaggle_folder, clock=clock)
    photo(kaggle_folder / "cat.99.jpg", seed=99)
    assert "cat.99.jpg" not in names(watch)
    clock.now += 61
    watch.snapshot()
    wait(watch)
    assert "cat.99.jpg" in names(watch)


def test_a_large_dataset_is_shown_as_last_seen_and_looked_at_meanwhile(
    kaggle_folder, photo, monkeypatch
):
    Watch(kaggle_folder)
    photo(kaggle_folder / "cat.99.jpg", seed=99)
    monkeypatch.setattr(rescan, "MANY", 10)
    watch = Watch(kaggle_folder)
    assert len(watch._scanned.records) == 16
    watch.snapshot()
    wait(watch)
    assert "cat.99.jpg" in names(watch)


def test_a_large_dataset_is_read_the_first_time_too(kaggle_folder, monkeypatch):
    monkeypatch.setattr(rescan, "MANY", 10)
    assert rescan.has_many(kaggle_folder)
    watch = Watch(kaggle_folder)
    assert len(watch.snapshot().table) == 16
    assert rescan.rescanned(kaggle_folder) is None
    watch.refresh()
    assert len(watch.snapshot().table) == 16


def test_a_large_dataset_that_is_forgotten_meanwhile_is_not_read_twice_at_one_time(
    kaggle_folder, monkeypatch
):
    reading, most = [], []

    def answer_of(*arguments):
        reading.append(arguments)
        most.append(len(reading))
        time.sleep(0.05)
        reading.pop()

    monkeypatch.setattr(processes, "answer_of", answer_of)
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(rescan.rescanned, [kaggle_folder] * 3))
    assert most == [1, 1, 1]


def test_a_folder_that_has_gone_is_said_to_be(kaggle_folder):
    watch = Watch(kaggle_folder)
    kaggle_folder.rename(kaggle_folder.with_name("elsewhere"))
    with pytest.raises(DatasetError, match="not a folder"):
        watch.snapshot()
    with pytest.raises(DatasetError, match="not a folder"):
        Watch(kaggle_folder)


def test_a_check_is_seen_when_it_ends_and_is_out_of_date_when_a_photo_comes(
    kaggle_folder, photo, clock
):
    def no_weights():
        raise WeightsUnavailable("none")

    watch = Watch(kaggle_folder, clock=clock)
    assert watch.snapshot().findings is None
    checkup.run(watch.snapshot().dataset, backbone=no_weights, report=lambda *_: None)
    assert watch.snapshot().is_current
    annotations.annotate(kaggle_folder, watch.snapshot().table.head(2), annotations.EXCLUDE)
    assert watch.snapshot().is_current
    photo(kaggle_folder / "dog.99.jpg", seed=99)
    watch.refresh()
    assert watch.snapshot().findings is not None
    assert not watch.snapshot().is_current


def test_photos_are_found_by_their_place_in_a_check_which_takes_no_text_twice(kaggle_folder, photo):
    def no_weights():
        raise WeightsUnavailable("none")

    watch = Watch(kaggle_folder)
    checkup.run(watch.snapshot().dataset, backbone=no_weights, report=lambda *_: None)
    same = watch.snapshot()
    assert place_of_texts(same.findings.rows) == place_of_texts(same.table)
    names = same.findings.rows["path"].tolist()
    (kaggle_folder / names[0]).unlink()
    photo(kaggle_folder / "cat.00.jpg", seed=99)  # Comes first, and was not checked.
    watch.refresh()
    changed = watch.snapshot()
    for now, wanted in ((same, [5, 0, 3]), (changed, [5, 3])):
        found = now.checked(np.array([5, 0, 3]))
        assert found["path"].tolist() == [names[row] for row in wanted]
    assert changed.findings.rows["path"].tolist() == names


def place_of_texts(table):
    """Return the address of the names in memory."""
    return table["path"].array.__arrow_array__().chunk(0).buffers()[-1].address


def test_the_queues_have_the_most_doubtful_photos_first(kaggle_folder):
    dataset = Watch(kaggle_folder).snapshot().dataset
    quality = {"cat.2.jpg": 0.4, "cat.4.jpg": 0.1, "dog.1.jpg": 0.4, "dog.3.jpg": 0.5}
    rows = dataset.pictures[["path", "digest"]].assign(**UNMEASURED)
    rows["label_quality"] = rows["path"].map(quality).fillna(1.0)
    rows.loc[[6, 2], ["outlier", "similarity"]] = [[1, 0.3], [1, 0.2]]
    snapshot = Snapshot(dataset, Findings(rows, np.empty((16, 0), int), Summary()), is_current=True)
    suspects = snapshot.table["path"].iloc[snapshot.queues["suspect"]]
    assert suspects.tolist() == ["cat.4.jpg", "cat.2.jpg", "dog.1.jpg"]
    assert snapshot.queues["outlier"].tolist() == [2, 6]
