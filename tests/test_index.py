import os
import shutil

import pandas as pd
import pytest
from PIL import Image

from catsdogs.dataset import annotations, duplicates, index, records, summary
from catsdogs.dataset.annotations import EXCLUDE, RELABEL
from catsdogs.errors import DatasetError, UnreadableImage
from catsdogs.labels import CAT, DOG, UNLABELLED


def test_counts_and_sizes_are_those_of_the_files(kaggle_folder, photo):
    photo(kaggle_folder / "cat.99.jpg", size=(300, 20))
    found = summary.document(index.scan(kaggle_folder))
    assert (found["images"], found["cats"], found["dogs"]) == (17, 9, 8)
    assert found["width"] == {"min": 64, "median": 64, "max": 300}
    assert found["height"] == {"min": 20, "median": 48, "max": 48}


def test_every_file_found_is_counted_once(kaggle_folder, photo):
    photo(kaggle_folder / "test1" / "1.jpg")
    (kaggle_folder / "cat.50.jpg").write_bytes(b"")
    (kaggle_folder / "Thumbs.db").write_bytes(b"x")
    (kaggle_folder / "notes.txt").write_bytes(b"x")
    whole = photo(kaggle_folder / "dog.51.jpg", size=(400, 300), seed=9).read_bytes()
    (kaggle_folder / "dog.51.jpg").write_bytes(whole[: len(whole) // 2])
    found = summary.document(index.scan(kaggle_folder))
    assert found["images"] == 16
    assert found["unlabelled"] == 1
    assert (found["other_files"], found["other_types"]) == (1, {".txt": 1})
    assert found["skipped"]["system_files"] == 1
    assert [(file["path"], file["reason"]) for file in found["unreadable"]] == [
        ("cat.50.jpg", "empty"),
        ("dog.51.jpg", "truncated"),
    ]


def test_labels_come_from_folders_at_any_depth(tmp_path, photo):
    photo(tmp_path / "set" / "PetImages" / "Cat" / "1.jpg")
    photo(tmp_path / "set" / "PetImages" / "Dog" / "1.jpg", seed=1)
    records = index.scan(tmp_path / "set").usable
    assert dict(zip(records["path"], records["label"], strict=True)) == {
        "PetImages/Cat/1.jpg": CAT,
        "PetImages/Dog/1.jpg": DOG,
    }


def test_a_rotated_photo_is_measured_upright(tmp_path, photo):
    exif = Image.Exif()
    exif[0x0112] = 6
    photo(tmp_path / "set" / "cat.1.jpg", size=(60, 20), exif=exif)
    record = index.scan(tmp_path / "set").usable.iloc[0]
    assert (record["width_px"], record["height_px"]) == (20, 60)


def test_numbers_in_names_sort_by_value_and_then_by_their_digits():
    names = ["cat", "cat.0", "cat.00", "cat.1", "cat.2a", "cat.02b", "cat.9", "cat.10", "cats"]
    expected = ["cat", "cat.0", "cat.00", "cat.1", "cat.02b", "cat.2a", "cat.9", "cat.10", "cats"]
    assert sorted(names, key=records.natural_order) == expected


def test_names_are_in_natural_order(kaggle_folder, photo):
    photo(kaggle_folder / "cat.10.jpg")
    names = list(index.scan(kaggle_folder).records["path"])
    assert names.index("cat.2.jpg") < names.index("cat.10.jpg")


def test_a_second_scan_reads_only_what_changed(kaggle_folder, photo, monkeypatch):
    first = index.scan(kaggle_folder).fingerprint()
    photo(kaggle_folder / "cat.3.jpg", seed=77, size=(90, 90))
    read = []
    real = index.picture.read_bytes
    monkeypatch.setattr(
        index.picture, "read_bytes", lambda path: read.append(path.name) or real(path)
    )
    second = index.scan(kaggle_folder)
    assert read == ["cat.3.jpg"]
    assert second.fingerprint() != first
    assert second.usable.set_index("path").loc["cat.3.jpg", "width_px"] == 90


def test_a_deleted_file_leaves_the_table(kaggle_folder):
    index.scan(kaggle_folder)
    (kaggle_folder / "cat.0.jpg").unlink()
    assert "cat.0.jpg" not in set(index.scan(kaggle_folder).records["path"])
    assert "cat.0.jpg" not in set(index.scan(kaggle_folder).records["path"])


def test_a_damaged_cache_is_made_again(kaggle_folder, empty_machine):
    before = index.scan(kaggle_folder).fingerprint()
    (cached,) = (empty_machine / "cache" / "index").glob("*.parquet")
    cached.write_bytes(b"not a table")
    assert index.scan(kaggle_folder).fingerprint() == before


def test_the_fingerprint_is_of_the_content_not_the_place(kaggle_folder, tmp_path):
    copy = shutil.copytree(kaggle_folder, tmp_path / "elsewhere")
    assert index.scan(copy).fingerprint() == index.scan(kaggle_folder).fingerprint()


def test_loops_and_special_files_are_passed_over(kaggle_folder):
    os.mkfifo(kaggle_folder / "cat.77.jpg")
    (kaggle_folder / "loop").symlink_to(kaggle_folder)
    assert len(index.scan(kaggle_folder).records) == 16


def test_names_that_are_not_utf8_are_reported_not_fatal(kaggle_folder, photo):
    for name in (b"cat.\xff.jpg", b"cat.\xfe.jpg"):
        photo(kaggle_folder / os.fsdecode(name))
    dataset = index.scan(kaggle_folder)
    assert len(dataset.usable) == 16
    assert list(dataset.unreadable["problem"]) == ["name_not_utf8"] * 2


def test_a_file_that_could_not_be_opened_is_tried_again(kaggle_folder, monkeypatch):
    real = index.picture.read_bytes

    def refuse(path):
        if path.name == "cat.0.jpg":
            raise UnreadableImage("missing", "The file cannot be opened: Permission denied.")
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(index.picture, "read_bytes", refuse)
        assert list(index.scan(kaggle_folder).unreadable["path"]) == ["cat.0.jpg"]
    assert index.scan(kaggle_folder).unreadable.empty


def test_a_cache_that_cannot_be_written_fails_no_scan(kaggle_folder, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CATSDOGS_CACHE", str(tmp_path / "file" / "below"))
    assert len(index.scan(kaggle_folder).records) == 16


def test_a_scan_changes_nothing_in_the_users_folder(kaggle_folder):
    before = {path: path.read_bytes() for path in kaggle_folder.rglob("*")}
    index.scan(kaggle_folder)
    assert {path: path.read_bytes() for path in kaggle_folder.rglob("*")} == before


def test_what_is_no_folder_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="not a folder"):
        index.scan(tmp_path / "nowhere")


def test_an_empty_folder_is_an_empty_dataset(tmp_path):
    found = summary.document(index.scan(tmp_path / "cwd"))
    assert (found["images"], found["width"]) == (0, None)


def decide(folder, action, *names, label=None):
    records = index.scan(folder).records
    annotations.annotate(folder, records[records["path"].isin(names)], action, label=label)


def test_the_last_scan_is_known_without_a_look_at_the_folder(kaggle_folder):
    (kaggle_folder / "Thumbs.db").write_bytes(b"x")
    (kaggle_folder / "cat.50.jpg").write_bytes(b"")
    scanned = index.scan(kaggle_folder)
    (kaggle_folder / "cat.0.jpg").unlink()
    last = index.last_scan(kaggle_folder)
    pd.testing.assert_frame_equal(last.records, scanned.records)
    assert summary.document(last) == summary.document(scanned)
    shutil.rmtree(kaggle_folder)
    assert index.last_scan(kaggle_folder).fingerprint() == scanned.fingerprint()


def test_the_last_scan_follows_every_scan(kaggle_folder, photo):
    index.scan(kaggle_folder)
    photo(kaggle_folder / "cat.0.jpg", seed=77, size=(90, 90))
    (kaggle_folder / "cat.1.jpg").unlink()
    (kaggle_folder / "notes.txt").write_bytes(b"x")
    scanned = index.scan(kaggle_folder)
    assert summary.document(index.last_scan(kaggle_folder)) == summary.document(scanned)
    (kaggle_folder / "notes.txt").unlink()
    index.scan(kaggle_folder)
    assert index.last_scan(kaggle_folder).other_files == 0


def test_decisions_since_the_last_scan_count(kaggle_folder):
    decide(kaggle_folder, EXCLUDE, "cat.0.jpg")
    last = index.last_scan(kaggle_folder)
    assert (last.excluded, len(last.usable)) == (1, 15)
    assert last.fingerprint() == index.scan(kaggle_folder).fingerprint()


def test_before_any_scan_there_is_no_last_one(kaggle_folder, empty_machine):
    assert index.last_scan(kaggle_folder) is None
    index.scan(kaggle_folder)
    (cached,) = (empty_machine / "cache" / "index").glob("*.parquet")
    cached.write_bytes(b"not a table")
    assert index.last_scan(kaggle_folder) is None


def test_a_table_of_an_earlier_version_is_no_last_scan(kaggle_folder, empty_machine):
    before = index.scan(kaggle_folder)
    (cached,) = (empty_machine / "cache" / "index").glob("*.parquet")
    before.records[["path", "label", "digest"]].to_parquet(cached)
    assert index.last_scan(kaggle_folder) is None
    assert index.scan(kaggle_folder).fingerprint() == before.fingerprint()


def test_a_record_says_what_the_name_says_and_what_holds(kaggle_folder, photo):
    photo(kaggle_folder / "somebody.jpg", seed=50)
    decide(kaggle_folder, EXCLUDE, "cat.0.jpg")
    decide(kaggle_folder, RELABEL, "cat.1.jpg", label=DOG)
    columns = ["named_label", "label", "excluded", "reviewed"]
    records = index.scan(kaggle_folder).records.set_index("path")[columns]
    assert {path: tuple(row) for path, row in records.T.items()} == {
        **{f"cat.{number}.jpg": (CAT, CAT, False, False) for number in range(2, 8)},
        **{f"dog.{number}.jpg": (DOG, DOG, False, False) for number in range(8)},
        "cat.0.jpg": (CAT, CAT, True, True),
        "cat.1.jpg": (CAT, DOG, False, True),
        "somebody.jpg": (UNLABELLED, UNLABELLED, False, False),
    }


def test_copies_are_one_picture_and_so_are_near_duplicates_once_found(kaggle_folder):
    (kaggle_folder / "cat.9.jpg").write_bytes((kaggle_folder / "cat.0.jpg").read_bytes())

    def groups():
        records = index.scan(kaggle_folder).records
        return set(records.groupby("group")["path"].agg(frozenset))

    alone = {frozenset([f"dog.{number}.jpg"]) for number in range(2, 8)}
    assert groups() > {frozenset(["cat.0.jpg", "cat.9.jpg"]), *alone}
    assert len(groups()) == 16
    digests = index.scan(kaggle_folder).records.set_index("path")["digest"]
    near = [["cat.0.jpg", "cat.1.jpg"], ["dog.0.jpg", "dog.1.jpg"]]
    duplicates.save(kaggle_folder, [digests[names].tolist() for names in near])
    together = {frozenset(["cat.0.jpg", "cat.9.jpg", "cat.1.jpg"]), frozenset(near[1])}
    assert groups() > {*together, *alone}
    assert len(groups()) == 14


def test_every_file_is_counted_once_whatever_was_decided(kaggle_folder, photo):
    for number, name in enumerate(["one.jpg", "two.jpg", "three.jpg", "test/4.jpg"]):
        photo(kaggle_folder / name, seed=60 + number)
    (kaggle_folder / "cat.50.jpg").write_bytes(b"")
    (kaggle_folder / "labels.json").write_bytes(b"x")
    decide(kaggle_folder, EXCLUDE, "cat.0.jpg", "one.jpg")
    decide(kaggle_folder, RELABEL, "dog.0.jpg", "two.jpg", label=CAT)
    found = summary.document(index.scan(kaggle_folder))
    counts = ("images", "cats", "dogs", "unlabelled", "excluded", "relabelled", "other_files")
    assert {name: found[name] for name in counts} == {
        **{"images": 16, "cats": 9, "dogs": 7},
        **{"unlabelled": 2, "excluded": 2, "relabelled": 2, "other_files": 1},
    }
    files = sum(path.is_file() for path in kaggle_folder.rglob("*"))
    rest = found["unlabelled"] + found["excluded"] + found["other_files"]
    assert found["images"] + rest + len(found["unreadable"]) == files
