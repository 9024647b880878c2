import shutil

import pytest
from conftest import seal

from catsdogs.dataset import index
from catsdogs.health.snapshot import Watch
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.run import Run
from catsdogs.runs.seen_before import SeenBefore
from catsdogs.ui.dataset import photo_answers

pytestmark = pytest.mark.slow


@pytest.fixture
def sample(trained_machine):
    return trained_machine / "data" / "sample"


@pytest.fixture
def run(trained_machine) -> Run:
    """The newest of two trained runs."""
    return store.list_runs()[0][0]


def with_files(run: Run, *, without: str = "") -> Run:
    """Return the run as if its training had left the files that its folder has now."""
    if without:
        (run.folder / without).unlink()
    seal(run.folder)
    return store.load(run.folder)


def locked(run: Run, digest: str) -> Run:
    """Return the run as if it had locked one photo away instead of training on it."""
    usable = index.scan(run.folder.parents[1] / "data" / "sample").usable
    chosen = usable[usable["digest"] == digest][["path", "label", "digest"]]
    chosen.to_parquet(run.folder / layout.TEST)
    kept = sorted(model_files.training_digests(run) - {digest})
    usable[usable["digest"].isin(kept)][["digest"]].to_parquet(run.folder / layout.TRAINING)
    return with_files(run)


def test_every_usable_photo_is_on_one_side(run, sample):
    usable = index.scan(sample).usable
    counts = SeenBefore.of(run).counts(usable["digest"])
    result = run.result
    assert counts == {
        "training": result.train_images,
        "validation": result.val_images,
        "test": 0,
    }
    assert SeenBefore.of(run).side("0" * 32) == ""


def test_runs_of_older_versions_know_their_validation_photos_only(run, sample):
    old = SeenBefore.of(with_files(run, without=layout.TRAINING))
    usable = index.scan(sample).usable
    assert old.counts(usable["digest"]) == {
        "training": None,
        "validation": run.result.val_images,
        "test": 0,
    }
    predictions = model_files.read_predictions(run)
    assert old.side(predictions["digest"].iloc[0]) == "validation"


def test_a_damaged_list_counts_as_none(run):
    (run.folder / layout.TRAINING).write_bytes(b"damaged")
    before = SeenBefore.of(run)
    assert before.training is None
    assert before.validation == set(model_files.read_predictions(run)["digest"])


def test_an_open_photo_is_not_answered_by_runs_that_train_or_test_on_it(run, sample):
    for other in store.list_runs()[0][1:]:
        shutil.rmtree(other.folder)
    training = sorted(model_files.training_digests(run))
    run = locked(run, training[0])
    snapshot = Watch(sample).snapshot()
    rows = {row["digest"]: row for row in snapshot.table.to_dict("records")}
    answers = photo_answers.of(snapshot, rows[training[0]])
    assert (len(answers.locked), answers.learned, answers.lines) == (1, [], [])
    answers = photo_answers.of(snapshot, rows[training[1]])
    assert (answers.locked, len(answers.learned), answers.lines) == ([], 1, [])
    held_back = model_files.read_predictions(run)["digest"].iloc[0]
    answers = photo_answers.of(snapshot, rows[held_back])
    assert (answers.locked, answers.learned, len(answers.lines)) == ([], [], 1)
