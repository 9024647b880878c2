import csv
import io
import shutil
from datetime import datetime

import pytest

from catsdogs.dataset import annotations, decisions_csv, index, label_tables
from catsdogs.dataset.annotations import EXCLUDE, KEEP, RELABEL
from catsdogs.errors import DatasetError
from catsdogs.labels import CAT, DOG, UNLABELLED


@pytest.fixture
def decide(kaggle_folder):
    """Return a function that decides about photos by name, as one step."""

    def decide(action, *names, label=None):
        records = index.scan(kaggle_folder).records
        chosen = records[records["path"].isin(names)]
        assert len(chosen) == len(names)
        annotations.annotate(kaggle_folder, chosen, action, label=label)

    return decide


def row(folder, name):
    return index.scan(folder).records.set_index("path").loc[name]


def state(folder):
    return index.scan(folder).fingerprint(), annotations.content_hash(index.scan(folder).records)


def decisions(folder):
    found = annotations.in_effect(folder).values()
    return {one.path: (one.digest, one.action, one.label) for one in found}


def log_of(empty_machine):
    (log,) = (empty_machine / "data" / "reviews").rglob("annotations.jsonl")
    return log


def test_nothing_decided_is_nothing_changed(kaggle_folder):
    dataset = index.scan(kaggle_folder)
    assert (dataset.excluded, dataset.relabelled) == (0, 0)
    assert not dataset.records["reviewed"].any()
    assert annotations.content_hash(index.scan(kaggle_folder).records) == ""
    assert annotations.last_step(kaggle_folder) == ""


def test_an_excluded_photo_is_left_out_of_training_and_can_still_be_seen(kaggle_folder, decide):
    decide(EXCLUDE, "cat.3.jpg")
    dataset = index.scan(kaggle_folder)
    assert "cat.3.jpg" not in set(dataset.usable["path"])
    assert "cat.3.jpg" in set(dataset.pictures["path"])
    assert (len(dataset.usable), dataset.excluded) == (15, 1)


def test_a_relabelled_photo_counts_as_the_other_class(kaggle_folder, decide):
    decide(RELABEL, "cat.3.jpg", label=DOG)
    dataset = index.scan(kaggle_folder)
    found = dataset.usable.set_index("path").loc["cat.3.jpg"]
    assert (found["label"], found["named_label"]) == (DOG, CAT)
    assert dataset.relabelled == 1
    assert dataset.records["label"].dtype == "int8"


def test_a_kept_photo_is_reviewed_and_nothing_else_changes(kaggle_folder, decide):
    before = state(kaggle_folder)
    decide(KEEP, "cat.3.jpg", "dog.1.jpg")
    records = index.scan(kaggle_folder).records
    assert set(records["path"][records["reviewed"]]) == {"cat.3.jpg", "dog.1.jpg"}
    assert state(kaggle_folder) == before


def test_the_latest_decision_about_a_photo_holds(kaggle_folder, decide):
    decide(EXCLUDE, "cat.3.jpg")
    decide(RELABEL, "cat.3.jpg", label=DOG)
    found = row(kaggle_folder, "cat.3.jpg")
    assert (found["excluded"], found["label"]) == (False, DOG)


def test_an_unlabelled_photo_becomes_usable_by_a_label(kaggle_folder, photo, decide):
    photo(kaggle_folder / "somebody.jpg", seed=50)
    before = index.scan(kaggle_folder)
    assert (len(before.usable), before.unlabelled) == (16, 1)
    decide(RELABEL, "somebody.jpg", label=DOG)
    after = index.scan(kaggle_folder)
    assert (len(after.usable), after.unlabelled) == (17, 0)
    assert row(kaggle_folder, "somebody.jpg")["named_label"] == UNLABELLED


def test_every_decision_but_keep_has_its_own_hash_and_fingerprint(kaggle_folder, photo, decide):
    photo(kaggle_folder / "somebody.jpg", seed=50)
    seen = [state(kaggle_folder)]
    for action, names, label in [
        (EXCLUDE, ["cat.0.jpg"], None),
        (EXCLUDE, ["cat.1.jpg"], None),
        (RELABEL, ["cat.1.jpg"], DOG),
        (RELABEL, ["somebody.jpg"], DOG),
        (RELABEL, ["somebody.jpg"], CAT),
    ]:
        decide(action, *names, label=label)
        seen.append(state(kaggle_folder))
    assert len({fingerprint for fingerprint, _ in seen}) == len(seen)
    assert len({content for _, content in seen}) == len(seen)


def test_the_hash_is_of_what_holds_not_of_the_way_there(kaggle_folder, decide):
    decide(EXCLUDE, "cat.0.jpg", "dog.0.jpg")
    at_once = state(kaggle_folder)
    annotations.undo(kaggle_folder)
    decide(KEEP, "cat.0.jpg")
    decide(EXCLUDE, "dog.0.jpg")
    decide(EXCLUDE, "cat.0.jpg")
    assert state(kaggle_folder) == at_once


def test_undo_goes_back_step_by_step_to_the_very_first_state(kaggle_folder, decide):
    seen = [state(kaggle_folder)]
    for action, names, label in [
        (EXCLUDE, ["cat.0.jpg"], None),
        (RELABEL, ["cat.0.jpg", "cat.1.jpg"], DOG),
        (KEEP, ["cat.0.jpg"], None),
        (EXCLUDE, ["dog.0.jpg", "dog.1.jpg"], None),
    ]:
        decide(action, *names, label=label)
        seen.append(state(kaggle_folder))
    for expected in reversed(seen[:-1]):
        annotations.undo(kaggle_folder)
        assert state(kaggle_folder) == expected
    annotations.undo(kaggle_folder)
    assert state(kaggle_folder) == seen[0]


def test_a_batch_is_one_step(kaggle_folder, decide):
    before = state(kaggle_folder)
    decide(EXCLUDE, *(f"cat.{number}.jpg" for number in range(8)))
    assert index.scan(kaggle_folder).excluded == 8
    annotations.undo(kaggle_folder)
    assert state(kaggle_folder) == before


def test_a_decision_after_an_undo_is_the_next_to_be_undone(kaggle_folder, decide):
    decide(EXCLUDE, "cat.0.jpg")
    decide(EXCLUDE, "cat.1.jpg")
    annotations.undo(kaggle_folder)
    decide(EXCLUDE, "cat.2.jpg")
    assert set(decisions(kaggle_folder)) == {"cat.0.jpg", "cat.2.jpg"}
    annotations.undo(kaggle_folder)
    assert set(decisions(kaggle_folder)) == {"cat.0.jpg"}


def test_a_decision_about_no_photo_is_no_step(kaggle_folder, decide):
    decide(EXCLUDE, "cat.0.jpg")
    decide(EXCLUDE)
    annotations.undo(kaggle_folder)
    assert decisions(kaggle_folder) == {}


def test_what_undo_would_take_back_is_said_in_words(kaggle_folder, decide):
    decide(EXCLUDE, "cat.0.jpg")
    assert annotations.last_step(kaggle_folder) == "exclude cat.0.jpg"
    decide(RELABEL, "cat.1.jpg", "cat.2.jpg", label=DOG)
    assert annotations.last_step(kaggle_folder) == "relabel as dog 2 photos"
    annotations.undo(kaggle_folder)
    assert annotations.last_step(kaggle_folder) == "exclude cat.0.jpg"


def test_a_decision_is_void_for_another_picture_under_the_same_name(kaggle_folder, photo, decide):
    decide(EXCLUDE, "cat.0.jpg")
    decide(RELABEL, "cat.1.jpg", label=DOG)
    decided = state(kaggle_folder)[0]
    kept = {name: (kaggle_folder / name).read_bytes() for name in ("cat.0.jpg", "cat.1.jpg")}
    for number, name in enumerate(kept):
        photo(kaggle_folder / name, seed=700 + number)
    dataset = index.scan(kaggle_folder)
    assert (len(dataset.usable), dataset.excluded, dataset.relabelled) == (16, 0, 0)
    assert not dataset.records["reviewed"].any()
    for name, content in kept.items():
        (kaggle_folder / name).write_bytes(content)
    assert index.scan(kaggle_folder).fingerprint() == decided


def test_decisions_belong_to_one_folder(kaggle_folder, tmp_path, decide):
    copy = shutil.copytree(kaggle_folder, tmp_path / "elsewhere")
    decide(EXCLUDE, "cat.0.jpg")
    assert index.scan(copy).excluded == 0


def test_who_decided_and_when_is_known(kaggle_folder, decide, monkeypatch):
    monkeypatch.setenv("LOGNAME", "ada")
    before = datetime.now().astimezone()
    decide(EXCLUDE, "cat.0.jpg")
    (found,) = annotations.in_effect(kaggle_folder).values()
    assert found.who == "ada"
    at = datetime.fromisoformat(found.at)
    assert at.utcoffset() is not None
    assert before <= at <= datetime.now().astimezone()


@pytest.mark.slow
def test_a_torn_last_line_is_ignored(kaggle_folder, empty_machine, decide):
    decide(EXCLUDE, "cat.0.jpg")
    before = state(kaggle_folder)
    decide(EXCLUDE, "cat.1.jpg")
    log = log_of(empty_machine)
    whole = log.read_bytes()
    first_line = whole.index(b"\n") + 1
    for end in range(first_line, len(whole) - 1):
        log.write_bytes(whole[:end])
        assert annotations.content_hash(index.scan(kaggle_folder).records) == before[1]
    assert state(kaggle_folder) == before


def test_a_decision_after_a_torn_line_counts(kaggle_folder, empty_machine, decide):
    decide(EXCLUDE, "cat.0.jpg")
    with log_of(empty_machine).open("ab") as log:
        log.write(b'{"at": "2026-11-')
    decide(EXCLUDE, "cat.1.jpg")
    assert set(decisions(kaggle_folder)) == {"cat.0.jpg", "cat.1.jpg"}


def test_a_damaged_line_costs_no_other_decision(kaggle_folder, empty_machine, decide):
    decide(EXCLUDE, "cat.0.jpg")
    with log_of(empty_machine).open("ab") as log:
        log.write(b"\xff\xfe\x00\n")
    decide(EXCLUDE, "cat.1.jpg")
    assert set(decisions(kaggle_folder)) == {"cat.0.jpg", "cat.1.jpg"}


def test_keeping_a_relabelled_photo_keeps_its_new_label(kaggle_folder, decide):
    # The page's button says "It is a dog: keep".
    decide(RELABEL, "cat.0.jpg", label=DOG)
    decide(KEEP, "cat.0.jpg")
    assert row(kaggle_folder, "cat.0.jpg")["label"] == DOG


def test_the_users_folder_stays_byte_for_byte_as_it_was(kaggle_folder, decide):
    def contents():
        return {path: path.read_bytes() for path in kaggle_folder.rglob("*")}

    before = contents()
    decide(EXCLUDE, "cat.0.jpg")
    decide(RELABEL, "dog.0.jpg", label=CAT)
    annotations.undo(kaggle_folder)
    text = decisions_csv.to_csv(kaggle_folder, index.scan(kaggle_folder).records)
    label_tables.take_over(kaggle_folder, index.scan(kaggle_folder).records, text)
    assert contents() == before


def take_over(folder, text):
    return label_tables.take_over(folder, index.scan(folder).records, text).photos


def test_decisions_survive_a_csv(kaggle_folder, photo, decide):
    odd_name = 'a, "quoted"\nname/cat.77.jpg'
    photo(kaggle_folder / odd_name, seed=77)
    decide(EXCLUDE, "cat.0.jpg", odd_name)
    decide(RELABEL, "cat.1.jpg", label=DOG)
    decide(RELABEL, "dog.1.jpg", label=CAT)
    decide(KEEP, "dog.2.jpg")
    before, decided = state(kaggle_folder), decisions(kaggle_folder)
    text = decisions_csv.to_csv(kaggle_folder, index.scan(kaggle_folder).records)
    while annotations.last_step(kaggle_folder):
        annotations.undo(kaggle_folder)
    assert state(kaggle_folder) != before
    assert take_over(kaggle_folder, text) == 5
    assert (state(kaggle_folder), decisions(kaggle_folder)) == (before, decided)


def test_an_exported_csv_says_what_a_reader_needs(kaggle_folder, decide, monkeypatch):
    monkeypatch.setenv("LOGNAME", "ada")
    decide(RELABEL, "cat.1.jpg", label=DOG)
    (found,) = csv.DictReader(
        io.StringIO(decisions_csv.to_csv(kaggle_folder, index.scan(kaggle_folder).records))
    )
    assert (found["path"], found["action"], found["label"]) == ("cat.1.jpg", "relabel", "dog")
    assert (found["who"], found["digest"]) == ("ada", row(kaggle_folder, "cat.1.jpg")["digest"])
    assert datetime.fromisoformat(found["at"])


def test_a_csv_that_people_write_needs_three_columns(kaggle_folder):
    text = "label,path,action\ndog,cat.0.jpg,relabel\n,cat.1.jpg,exclude\n,dog.0.jpg,keep\n"
    assert take_over(kaggle_folder, text) == 3
    dataset = index.scan(kaggle_folder)
    assert (dataset.excluded, dataset.relabelled) == (1, 1)
    assert row(kaggle_folder, "dog.0.jpg")["reviewed"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("cat.99.jpg,,exclude,", "not in this dataset"),
        (",,exclude,", "not in this dataset"),
        ("../photos/cat.1.jpg,,exclude,", "not in this dataset"),
        ("cat.50.jpg,,exclude,", "cannot be read"),
        ("cat.1.jpg,0123456789abcdef,exclude,", "content has changed"),
        ("cat.1.jpg,,delete,", "the action 'delete'"),
        ("cat.1.jpg,,undo,", "the action 'undo'"),
        ("cat.1.jpg,,,", "the action ''"),
        ("cat.1.jpg", "the action ''"),
        ("cat.1.jpg,,relabel,", "the label ''"),
        ("cat.1.jpg,,relabel,1", "the label '1'"),
        ("cat.1.jpg,,relabel,fox", "the label 'fox'"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_nothing_is_taken_over(
    kaggle_folder, decide, bad, reason
):
    (kaggle_folder / "cat.50.jpg").write_bytes(b"")
    decide(EXCLUDE, "dog.7.jpg")
    before = decisions(kaggle_folder)
    text = f"path,digest,action,label\ncat.0.jpg,,exclude,\n{bad}\ndog.0.jpg,,exclude,\n"
    with pytest.raises(DatasetError, match=f"line 3 .*{reason}"):
        take_over(kaggle_folder, text)
    assert decisions(kaggle_folder) == before


@pytest.mark.parametrize(
    "text", ["", "path,action,label\n", "\n\n", "path,action,label\n\n\n", "no CSV at all"]
)
def test_a_csv_without_a_row_is_refused(kaggle_folder, text):
    with pytest.raises(
        DatasetError, match="Expected a CSV with the columns path, action and label"
    ):
        take_over(kaggle_folder, text)


@pytest.mark.parametrize(
    "text",
    [
        f"path,action,label\n{'x' * 200_000},exclude,\n",
        "PK\x03\x04\x00\r\x00\x01\n\x00",
    ],
    ids=["an endless field", "an Excel file"],
)
def test_what_is_no_csv_is_refused(kaggle_folder, text):
    with pytest.raises(DatasetError):
        take_over(kaggle_folder, text)


@pytest.mark.parametrize(
    ("before", "line"),
    [("\n\n", 4), ('cat.0.jpg,keep,,"a note\nof two lines"\n', 4)],
    ids=["empty lines", "a field of two lines"],
)
def test_the_line_of_a_bad_row_is_that_of_the_file(kaggle_folder, before, line):
    with pytest.raises(DatasetError, match=f"line {line} "):
        take_over(kaggle_folder, f"path,action,label,note\n{before}cat.99.jpg,keep,,\n")


def test_the_last_row_about_a_photo_holds(kaggle_folder):
    rows = "cat.0.jpg,exclude,\ncat.0.jpg,keep,\ncat.0.jpg,exclude,\n"
    take_over(kaggle_folder, f"path,action,label\n{rows}")
    assert index.scan(kaggle_folder).excluded == 1
