"""Pictures kept because they were answered wrongly."""

import os
from dataclasses import replace

import pytest
from conftest import PROJECT
from msgspec import structs

from catsdogs import paths
from catsdogs.cli import datasets
from catsdogs.dataset import annotations, corrections, index, labelling
from catsdogs.errors import WeightsUnavailable
from catsdogs.health import checkup
from catsdogs.health.snapshot import Watch
from catsdogs.images import joined, picture
from catsdogs.images.thumbnails import thumbnails
from catsdogs.reports.model_card import model_card
from catsdogs.runs import queue
from catsdogs.runs.config import RunConfig
from catsdogs.runs.store import load
from catsdogs.system import processes


@pytest.fixture
def content(tmp_path, photo):
    return photo(tmp_path / "any.jpg").read_bytes()


def everything():
    return sorted(path for path in corrections.folder().rglob("*") if path.is_file())


@pytest.mark.parametrize("label", ["cat", "dog", "neither"])
def test_a_picture_is_kept_as_it_was_under_its_label(content, label):
    path = corrections.keep(content, "holiday.JPG", label)
    assert path == paths.data_dir() / "corrections" / label / f"{picture.digest(content)}.jpg"
    assert path.read_bytes() == content
    assert corrections.find(content) == path


def test_a_picture_has_one_label_the_last(content):
    corrections.keep(content, "a.jpg", "cat")
    path = corrections.keep(content, "b.jpeg", "dog")
    assert everything() == [path]


def test_undoing_removes_this_copy_only(content):
    other = corrections.keep(content + b"x", "a.jpg", "cat")
    corrections.keep(content, "a.jpg", "cat")
    corrections.undo(content)
    assert everything() == [other]
    assert corrections.find(content) is None
    corrections.undo(content)


@pytest.mark.parametrize("name", ["../../evil.sh", "x", "a.jpg/../b", "\udcff.exe", ".jpg"])
def test_nothing_of_a_hostile_name_reaches_the_disk(content, name):
    path = corrections.keep(content, name, "neither")
    assert everything() == [path]
    assert path.name == f"{picture.digest(content)}.jpg"


def test_they_are_a_dataset_once_a_pet_is_among_them(content):
    corrections.keep(content, "a.jpg", "neither")
    assert not corrections.has_pets()
    corrections.keep(content + b"x", "a.jpg", "dog")
    assert corrections.has_pets()
    dataset = index.scan(corrections.folder())
    assert list(dataset.usable["label"]) == [1]
    assert dataset.unlabelled == 1


@pytest.fixture
def corrected(kaggle_folder, photo, tmp_path):
    """Sixteen photos; two others and a copy of one of them were marked as wrong."""
    for number, label in enumerate(["cat", "dog", "neither"]):
        content = photo(tmp_path / "any.jpg", seed=500 + number).read_bytes()
        corrections.keep(content, "any.jpg", label)
    corrections.keep((kaggle_folder / "cat.0.jpg").read_bytes(), "mine.jpg", "dog")
    return kaggle_folder


def joined_rows(folder):
    records = index.scan(folder).usable
    return records[records["path"].map(joined.is_joined)]


def test_corrections_join_under_their_label_and_leave_without_a_trace(corrected):
    before = index.scan(corrected)
    corrections.join(corrected, join_=True)
    after = index.scan(corrected)
    assert after.joined_corrections == len(after.usable) - len(before.usable) == 2
    assert sorted(joined_rows(corrected)["label"]) == [0, 1]
    assert after.fingerprint() != before.fingerprint()
    assert index.with_current_decisions(after).fingerprint() == after.fingerprint()
    assert index.last_scan(corrected).fingerprint() == after.fingerprint()
    corrections.join(corrected, join_=False)
    assert index.scan(corrected).fingerprint() == before.fingerprint()


def test_a_joined_picture_is_read_shown_and_decided_about_like_any_other(corrected):
    corrections.join(corrected, join_=True)
    rows = joined_rows(corrected)
    content = picture.read_bytes(corrected / rows["path"].iloc[0])
    assert picture.digest(content) == rows["digest"].iloc[0]
    assert all(thumbnails(corrected, list(zip(rows["path"], rows["digest"], strict=True))))
    annotations.annotate(corrected, rows.head(1), annotations.EXCLUDE)
    assert len(joined_rows(corrected)) == 1


def test_a_later_correction_joins_too_and_an_undone_one_leaves(corrected, photo, tmp_path):
    content = photo(tmp_path / "later.jpg", seed=600).read_bytes()
    corrections.join(corrected, join_=True)
    watch = Watch(corrected)
    assert watch.snapshot().dataset.joined_corrections == 2
    corrections.keep(content, "new.jpg", "dog")
    assert watch.snapshot().dataset.joined_corrections == 3
    corrections.undo(content)
    assert watch.snapshot().dataset.joined_corrections == 2


def test_a_health_check_covers_joined_pictures_and_is_out_of_date_without_them(corrected):
    def no_weights():
        raise WeightsUnavailable("No weights here.")

    corrections.join(corrected, join_=True)
    found = checkup.run(index.scan(corrected), backbone=no_weights, report=lambda *_: None)
    assert found.rows["path"].map(joined.is_joined).sum() == 2
    assert found.rows["brightness"].notna().all()
    watch = Watch(corrected)
    assert watch.snapshot().is_current
    assert watch.snapshot().flags["correction"].sum() == 2
    corrections.join(corrected, join_=False)
    assert not watch.snapshot().is_current
    corrections.join(corrected, join_=True)
    assert watch.snapshot().is_current


def test_corrections_of_other_classes_join_a_dataset_of_those_classes_only(tmp_path, photo):
    for name in ("crab", "crayfish"):
        for number in range(3):
            photo(tmp_path / "set" / name / f"{number}.jpg", seed=10 * len(name) + number)
    labelling.save(tmp_path / "set", labelling.of_own("crab", "crayfish"))
    classes = index.scan(tmp_path / "set").classes
    wrong = photo(tmp_path / "wrong.jpg", seed=900).read_bytes()
    corrections.join(tmp_path / "set", join_=True)
    corrections.keep(wrong, "wrong.jpg", "cat")
    assert index.scan(tmp_path / "set").joined_corrections == 0
    corrections.keep(wrong, "wrong.jpg", "crayfish", classes=classes)
    assert joined_rows(tmp_path / "set")["label"].tolist() == [1]
    assert picture.read_bytes(tmp_path / "set" / joined_rows(tmp_path / "set")["path"].iloc[0])


def test_the_corrections_do_not_join_themselves(corrected):
    folder = corrections.folder()
    before = index.scan(folder).fingerprint()
    corrections.join(folder, join_=True)
    assert index.scan(folder).fingerprint() == before


@pytest.mark.parametrize(
    "path",
    [
        "(corrections)/corrections/cat/../../secret.jpg",
        "(corrections)/../x/cat/0a.jpg",
        "(corrections)/corrections/cat/sub/0a.jpg",
        "(corrections)/reviews/cat/0a.jpg",
        "(corrections)/cat.0.jpg",
    ],
)
def test_no_other_file_is_reached_by_such_a_path(path, tmp_path):
    assert not joined.is_joined(path)
    assert joined.file_of(tmp_path / path) is None


def test_the_command_joins_and_a_run_records_how_many_joined(corrected, monkeypatch):
    monkeypatch.setattr(processes, "launch", lambda *_, **__: processes.identity_of(os.getpid()))
    before = index.scan(corrected).fingerprint()
    said = datasets.join_corrections(path=str(corrected), change=None).result
    assert (said["joined"], said["corrections"], said["fingerprint"]) == (False, 2, before)
    said = datasets.join_corrections(path=str(corrected), change="join").result
    assert (said["joined"], said["corrections"], said["images"]) == (True, 2, 18)
    about = queue.start(RunConfig("custom_cnn", str(corrected))).about
    assert (about.annotations.corrections, about.dataset.images) == (2, 18)
    assert about.dataset.fingerprint == said["fingerprint"]
    said = datasets.join_corrections(path=str(corrected), change="leave").result
    assert said["fingerprint"] == before


def test_the_model_card_says_how_many_joined():
    run = load(PROJECT / "artifacts" / "reference-custom_cnn")
    card = model_card(run, "finished", run.result)
    assert "classified wrongly" not in card
    decided = structs.replace(run.about.annotations, corrections=4)
    joined_run = replace(run, about=structs.replace(run.about, annotations=decided))
    assert "4 pictures that an earlier model had classified wrongly" in model_card(
        joined_run, "finished", run.result
    )
