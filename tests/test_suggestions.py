"""Suggested labels: what they learn from, how good they are, and the order of the queue."""

import shutil

import numpy as np
import pandas as pd
import pytest

from catsdogs import paths
from catsdogs.dataset import annotations, index
from catsdogs.errors import DatasetError
from catsdogs.labels import CAT, DOG, PETS
from catsdogs.runs import layout
from catsdogs.sources.sample import draw_sample
from catsdogs.suggestions import by_run, head, history, learning, order, suggested

# The network of a run that comes with the project gives vectors, too.
NETWORK = (
    paths.PROJECT_ROOT / "artifacts" / "reference-mobilenet_v2-fine_tuned" / layout.LITERT_MODEL
)


def blobs(*, count, at, spread=0.05, seed=0, size=32):
    """Return ``count`` vectors around one direction for each number in ``at``."""
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(99).normal(size=(max(at) + 1, size))
    return np.concatenate([middles[n] + spread * rng.normal(size=(count, size)) for n in at])


def test_a_head_answers_unseen_photos_and_knows_how_sure_it_can_be():
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 2
    vectors = rng.normal(size=(400, 16))
    vectors[:, 0] += 1.5 * (2 * labels - 1)
    found, out_of_fold = head.fit(vectors[:200], labels[:200], np.arange(200))
    p_dog = found(vectors[200:])
    right = (p_dog >= 0.5) == labels[200:]
    assert right.mean() > 0.85
    assert abs(((out_of_fold >= 0.5) == labels[:200]).mean() - right.mean()) < 0.06
    assert abs(np.maximum(p_dog, 1 - p_dog).mean() - right.mean()) < 0.05


def test_a_head_is_not_measured_on_copies_or_on_too_few_photos():
    vectors = np.repeat(np.random.default_rng(0).normal(size=(20, 8)), 2, axis=0)
    labels = np.repeat(np.random.default_rng(1).permutation(np.arange(20) % 2), 2)
    _, out_of_fold = head.fit(vectors, labels, np.arange(40) // 2)
    # Labels at random cannot be foretold, except those of a copy.
    assert ((out_of_fold >= 0.5) == labels).mean() < 0.8
    found, out_of_fold = head.fit(
        vectors[:8], labels[:8] * 0 + [0, 0, 0, 0, 1, 1, 1, 1], np.arange(8)
    )
    assert np.isnan(out_of_fold).all()
    assert found.temperature == 1


def test_the_first_photos_are_one_of_each_kind_and_all_photos_follow():
    vectors = blobs(count=10, at=range(order.BATCH))
    positions = order.of(vectors, None)
    assert sorted(positions) == list(range(len(vectors)))
    assert {position // 10 for position in positions[: order.BATCH]} == set(range(order.BATCH))


def test_doubtful_photos_come_first_but_different_ones():
    vectors = blobs(count=30, at=range(4), seed=1)
    p_dog = np.linspace(0.9, 0.99, 120)
    p_dog[:60] = 0.5 + np.linspace(0, 0.01, 60)  # kinds 0 and 1
    first = order.of(vectors, p_dog)[: order.BATCH]
    assert (first < 60).all()
    assert min(np.bincount(first // 30)) > 5


@pytest.mark.parametrize("count", [1, 3, 20])
def test_a_short_queue_is_ordered_too(count):
    vectors = blobs(count=count, at=[0], spread=0)
    for p_dog in (None, np.linspace(0.1, 0.9, count)):
        assert sorted(order.of(vectors, p_dog)) == list(range(count))


def test_a_photo_unlike_all_labelled_ones_differs():
    labelled = blobs(count=40, at=range(5), spread=0.3)
    others = np.concatenate(
        [blobs(count=20, at=range(5), spread=0.3, seed=2), blobs(count=5, at=[9])]
    )
    unit = learning.unit
    differs = learning._differ(unit(others), unit(labelled))
    assert differs[100:].all()
    assert differs[:100].mean() < 0.1
    assert not learning._differ(unit(others), unit(labelled[:50])).any()


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    """A hundred drawings: twenty whose name is their label, and the labels of the others."""
    folder = tmp_path_factory.mktemp("drawings")
    draw_sample(folder / "drawn", images=100)
    hidden, named = {}, 0
    readable = index.scan(folder / "drawn").pictures["path"]
    for number, path in enumerate(sorted(folder / "drawn" / path for path in readable)):
        label = DOG if "dog" in path.name else CAT
        if number % 5:
            path.rename(folder / f"{number}.jpg")
            hidden[f"{number}.jpg"] = label
        else:
            path.rename(folder / path.name)
            named += 1
    shutil.rmtree(folder / "drawn")
    return folder, hidden, named


def learned(folder, run=None):
    return learning.learn(index.scan(folder), backbone=lambda: NETWORK, run=run)


def test_suggestions_come_from_the_names_and_then_from_the_answers(drawings):
    folder, hidden, named = drawings
    found = learned(folder)
    assert set(found.table["path"]) == set(hidden)
    truth = found.table["path"].map(hidden)
    assert ((found.table["p_positive"] >= 0.5) == (truth == DOG)).mean() > 0.7
    assert (found.summary.answers, found.summary.measured) == (0, named)
    assert found.summary.measured_on == suggested.NAMED
    batch = found.table.iloc[: suggested.BATCH]
    annotations.accept(folder, batch.assign(label=batch["path"].map(hidden)))
    again = learned(folder)
    # Answered photos stay in the table, because an answer can be undone, but not in front.
    assert set(again.table["path"]) == set(hidden)
    assert not set(again.table["path"][: len(hidden) - suggested.BATCH]) & set(batch["path"])
    assert again.summary.answers == suggested.BATCH
    assert [one.answers for one in history.load(folder)] == [0, suggested.BATCH]
    loaded = suggested.load(folder)
    pd.testing.assert_frame_equal(loaded.table, again.table)
    assert loaded.summary == again.summary


def test_a_run_suggests_until_the_answers_teach_more(drawings, monkeypatch):
    folder, *_ = drawings
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(paths.PROJECT_ROOT / "artifacts"))
    run = by_run.best_run(PETS)
    found = learned(folder, run=run)
    assert found.summary.by == run.short_name
    assert found.table["p_positive"].notna().all()
    # The user calls "dog" what the run calls "cat", and the names agree with the run.
    batch = found.table.iloc[: suggested.BATCH]
    few = batch.iloc[1:]
    annotations.accept(folder, few.assign(label=(few["p_positive"] < 0.5).astype(int)))
    assert learned(folder, run=run).summary.by == run.short_name
    annotations.accept(folder, batch.assign(label=(batch["p_positive"] < 0.5).astype(int)))
    # Accepted suggestions agree with their source, so they judge nothing.
    assert learned(folder, run=run).summary.by == run.short_name
    for row in range(len(batch)):
        one = batch.iloc[row : row + 1]
        label = int(one["p_positive"].item() < 0.5)
        annotations.annotate(folder, one, annotations.RELABEL, label=label)
    again = learned(folder, run=run)
    assert again.summary.by == ""
    assert again.summary.measured_on == suggested.NAMED


def test_one_undo_takes_all_accepted_suggestions_back(drawings):
    folder, hidden, _ = drawings
    before = index.scan(folder)
    table = before.records[before.records["path"].isin(hidden)]
    annotations.accept(folder, table.assign(label=table["path"].map(hidden)))
    accepted = index.scan(folder)
    assert (before.unlabelled, accepted.unlabelled) == (len(hidden), 0)
    assert accepted.fingerprint() != before.fingerprint()
    assert annotations.last_step(folder) == f"accept {len(hidden)} photos"
    annotations.undo(folder)
    assert index.scan(folder).fingerprint() == before.fingerprint()


def test_without_labels_there_is_an_order_and_no_suggestion(drawings, tmp_path):
    folder, hidden, _ = drawings
    (tmp_path / "phone").mkdir()
    for name in list(hidden)[:30]:
        (tmp_path / "phone" / name).symlink_to(folder / name)
    found = learned(tmp_path / "phone")
    assert found.table["p_positive"].isna().all()
    assert not found.table["neither"].any()
    assert (found.summary.measured, history.load(tmp_path / "phone")) == (0, [])


def test_the_test_side_is_not_learned_from(drawings, tmp_path):
    folder, hidden, named = drawings
    for name in hidden:
        (tmp_path / name).symlink_to(folder / name)
    for side, kind in (("train", "[a-z]*1*.jpg"), ("test", "[a-z]*.jpg")):
        (tmp_path / side).mkdir()
        for path in folder.glob(kind):
            (tmp_path / side / path.name).symlink_to(path)
    summary = learned(tmp_path).summary
    assert summary.measured_on == suggested.TEST
    assert summary.measured == named


def test_nothing_to_suggest_is_said(kaggle_folder):
    with pytest.raises(DatasetError, match="16 images, all labelled by their names"):
        learned(kaggle_folder)


def test_damaged_suggestions_are_none(drawings):
    folder, *_ = drawings
    learned(folder)
    suggested.summary_file(folder).write_text("{")
    assert suggested.load(folder) is None
    history.file(folder).write_bytes(b'{"answers": 20}\n\xff\n')
    assert history.load(folder) == []
