"""Pictures kept because they were answered wrongly."""

import pytest

from catsdogs import paths
from catsdogs.dataset import corrections, index
from catsdogs.images import picture


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
