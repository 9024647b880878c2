"""A folder's images at a glance, before it becomes the dataset."""

import pytest

from catsdogs.errors import DatasetError
from catsdogs.sources import preview as previews
from catsdogs.sources.preview import preview


def test_a_folder_is_counted_by_its_names(kaggle_folder):
    (kaggle_folder / "notes.txt").write_text("not an image")
    (kaggle_folder / "beach.jpg").write_bytes(b"not opened")
    found = preview(kaggle_folder)
    assert (found.cats, found.dogs, found.unlabelled, found.other_files) == (8, 8, 1, 1)
    assert (found.images, found.folders, found.in_class_folders) == (17, 1, 0)
    assert found.is_complete


def test_labels_from_folders_are_counted_apart_from_labels_in_names(tmp_path, photo):
    for path in ("mine/Cats/1.jpg", "mine/dogs/2.jpg", "mine/dog.3.jpg", "mine/dogs/dog.4.jpg"):
        photo(tmp_path / path)
    found = preview(tmp_path / "mine")
    assert (found.cats, found.dogs, found.in_class_folders) == (1, 3, 2)


def test_cats_and_dogs_take_turns_in_the_photos_and_a_damaged_one_is_left_out(kaggle_folder):
    (kaggle_folder / "cat.0.jpg").write_bytes(b"damaged")
    found = preview(kaggle_folder)
    names = [name for name, _ in found.photos]
    assert len(names) == 8
    assert "cat.0.jpg" not in names
    assert {name[:3] for name in names[:3]} == {"cat", "dog"}
    assert all(jpeg.startswith(b"\xff\xd8") for _, jpeg in found.photos)


def test_a_huge_folder_is_counted_only_in_part(kaggle_folder, monkeypatch):
    monkeypatch.setattr(previews, "MOST_FILES", 10)
    found = preview(kaggle_folder)
    assert found.images == 10
    assert not found.is_complete


def test_a_path_that_is_not_a_folder_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="cannot be read"):
        preview(tmp_path / "nowhere")
