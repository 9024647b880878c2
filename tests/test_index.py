import os
import shutil

import pytest
from PIL import Image

from catsdogs.data import index
from catsdogs.errors import DatasetError, UnreadableImage
from catsdogs.labels import CAT, DOG


def test_counts_and_sizes_are_those_of_the_files(kaggle_folder, photo):
    photo(kaggle_folder / "cat.99.jpg", size=(300, 20))
    found = index.summary(index.scan(kaggle_folder))
    assert (found["images"], found["cats"], found["dogs"]) == (17, 9, 8)
    assert found["width"] == {"min": 64, "median": 64, "max": 300}
    assert found["height"] == {"min": 20, "median": 48, "max": 48}


def test_every_file_found_is_counted_once(kaggle_folder, photo):
    photo(kaggle_folder / "test1" / "1.jpg")
    (kaggle_folder / "cat.50.jpg").write_bytes(b"")
    (kaggle_folder / "Thumbs.db").write_bytes(b"x")
    whole = photo(kaggle_folder / "dog.51.jpg", size=(400, 300), seed=9).read_bytes()
    (kaggle_folder / "dog.51.jpg").write_bytes(whole[: len(whole) // 2])
    found = index.summary(index.scan(kaggle_folder))
    assert found["images"] == 16
    assert found["unlabelled"] == 1
    assert found["other_files"] == 1
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


def test_names_are_in_natural_order(kaggle_folder, photo):
    photo(kaggle_folder / "cat.10.jpg")
    names = list(index.scan(kaggle_folder).records["path"])
    assert names.index("cat.2.jpg") < names.index("cat.10.jpg")


def test_a_second_scan_reads_only_what_changed(kaggle_folder, photo, monkeypatch):
    first = index.scan(kaggle_folder).fingerprint()
    photo(kaggle_folder / "cat.3.jpg", seed=77, size=(90, 90))
    read = []
    real = index.images.read_bytes
    monkeypatch.setattr(
        index.images, "read_bytes", lambda path: read.append(path.name) or real(path)
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


def test_links_and_special_files_are_passed_over(kaggle_folder):
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
    real = index.images.read_bytes

    def refuse(path):
        if path.name == "cat.0.jpg":
            raise UnreadableImage("missing", "The file cannot be opened: Permission denied.")
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(index.images, "read_bytes", refuse)
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
    found = index.summary(index.scan(tmp_path / "cwd"))
    assert (found["images"], found["width"]) == (0, None)
