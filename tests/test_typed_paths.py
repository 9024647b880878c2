"""Paths as people type and paste them, in the app and on the command line."""

import os
from pathlib import Path

import pytest

from catsdogs.errors import DatasetError
from catsdogs.sources.typed import typed_path, typed_paths


@pytest.fixture
def photos(tmp_path, monkeypatch) -> Path:
    """A folder with a blank in its name, in the home folder."""
    folder = tmp_path / "home" / "my photos"
    folder.mkdir(parents=True)
    for name in ("cat.1.jpg", "cat.2.jpg", "dog.1.png", ".hidden.jpg", "Thumbs.db"):
        (folder / name).touch()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize(
    "text",
    [
        "{path}",
        "  {path}\n",
        "{path}/",
        "'{path}'",
        '"{path}"',
        ' "{path}/" ',
        "\u201c{path}\u201d",
        "<{path}>",
        "file://{path}",
        "file://{url}/",
        "file://localhost{url}",
        "FILE://{url}",
        "'file://{url}'",
        "~/my photos",
        "'~/my photos'",
        "$HOME/my photos",
        "${{HOME}}/my photos/",
        "~/my\\ photos",
        "home/my photos",
        "./home/../home/my photos",
        "file://home/my%20photos",
        "{parent}/my*",
    ],
)
def test_a_path_is_understood_however_it_is_written(text, photos):
    url = str(photos).replace(" ", "%20")
    typed = text.format(path=photos, url=url, parent=photos.parent)
    assert typed_path(typed).resolve() == photos


@pytest.mark.parametrize(
    "name",
    ["what?.jpg", "[1].jpg", "*.jpg", "50%20.jpg", "$HOME", "~", "it's.jpg", "'quoted'", "a\\b"],
)
def test_a_name_that_exists_means_itself(name, photos):
    (photos / name).touch()
    assert typed_paths(f"{photos}/{name}") == [photos / name]
    os.chdir(photos)
    assert typed_paths(name) == [photos / name]
    assert typed_paths(f"file://{photos}/{name}") == [photos / name]


def test_a_pattern_is_every_visible_file_that_fits(photos):
    assert [path.name for path in typed_paths(f"{photos}/*.jpg")] == ["cat.1.jpg", "cat.2.jpg"]
    assert [path.name for path in typed_paths("~/my photos/*")] == [
        *("cat.1.jpg", "cat.2.jpg", "dog.1.png"),
    ]
    assert [path.name for path in typed_paths(f"{photos}/[cd]*.1.*")] == ["cat.1.jpg", "dog.1.png"]
    assert len(typed_paths(f"{photos.parent}/**/*.jpg")) == 2
    odd = photos / "[old]"
    odd.mkdir()
    (odd / "cat.3.jpg").touch()
    assert typed_paths(f"{odd}/*.jpg") == [odd / "cat.3.jpg"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "Received: nothing"),
        ("  ''  ", "Received: nothing"),
        ("https://example.org/photos.zip?key=secret", "Download it first"),
        ("'http://example.org/a'", "Download it first"),
        ("ftp://host/photos", "ftp://host/photos, an address"),
        ("~nobody-of-that-name/x", "Check the path"),
        ("nul\0byte", "Check the path"),
        ("none/*.jpg", "fits no file"),
        ("C:\\Users\\me\\photos", "a path of Windows"),
        ("'D:/photos'", "a path of Windows"),
    ],
)
def test_anything_else_is_answered_with_what_to_type(text, answer, photos):
    with pytest.raises(DatasetError, match="Expected a path") as refused:
        typed_path(text)
    assert answer in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_pattern_of_several_files_is_not_one_dataset(photos):
    with pytest.raises(DatasetError, match=r"fits 2 files\. Type the path of their folder"):
        typed_path(f"{photos}/*.jpg")


def test_a_path_that_does_not_exist_is_returned_as_it_is(photos):
    assert typed_path("nowhere/at all") == Path("nowhere/at all").absolute()
