"""A dataset from nothing: photos of two classes, dropped or taken in the app."""

import pytest
from streamlit.testing.v1 import AppTest

from catsdogs.dataset import index
from catsdogs.errors import ConfigError, DatasetError, UnreadableImage
from catsdogs.labels import CAT, DOG, PETS, Classes
from catsdogs.sources import collecting


@pytest.fixture
def contents(photo, tmp_path):
    return [photo(tmp_path / f"{seed}.jpg", seed=seed).read_bytes() for seed in range(4)]


@pytest.mark.parametrize("names", [("ripe", "unripe"), ("*", "?"), ("a/b", "../c"), ("猫", "🐕 x")])
def test_photos_of_any_two_classes_are_a_dataset(names, contents):
    root = collecting.begin(*names)
    for number, content in enumerate(contents):
        collecting.add(root, number % 2, content, f"{number}.JPG")
    dataset = index.scan(root)
    assert dataset.classes == Classes(*names)
    assert sorted(dataset.usable["label"]) == [CAT, CAT, DOG, DOG]
    assert collecting.is_collected(root)
    assert root.parent.name == "collected"


def test_the_usual_classes_are_the_usual_ones(contents):
    root = collecting.begin("cat", "dog")
    collecting.add(root, DOG, contents[0], "a.png")
    assert (index.scan(root).classes, len(index.scan(root).usable)) == (PETS, 1)
    assert collecting.begin("cat", "dog") != root


def test_a_photo_is_kept_once_and_in_one_class(contents):
    root = collecting.begin("a", "b")
    path = collecting.add(root, CAT, contents[0], "x.jpg")
    assert collecting.add(root, CAT, contents[0], "other.jpeg") == path
    with pytest.raises(DatasetError, match="in the other class already"):
        collecting.add(root, DOG, contents[0], "x.jpg")


def test_other_files_and_names_are_refused(contents):
    with pytest.raises(ConfigError):
        collecting.begin("a", "A")
    root = collecting.begin("a", "b")
    with pytest.raises(UnreadableImage):
        collecting.add(root, CAT, b"text", "a.jpg")
    assert index.scan(root).records.empty


def draw():
    from pathlib import Path

    import streamlit as st

    from catsdogs.ui.dataset import collect

    collect.show(on_made=lambda path: st.session_state.update(made=Path(path)))


@pytest.mark.page
@pytest.mark.slow
def test_the_form_makes_a_dataset_and_names_the_files_that_it_left_out(contents):
    app = AppTest.from_function(draw, default_timeout=60).run()
    app.text_input(key="collect_name_0").set_value("ripe")
    app.text_input(key="collect_name_1").set_value("unripe")
    app.button(key="collect_create").click().run()
    assert "at least one photo of each class" in app.warning[0].value
    first, second = app.get("file_uploader")
    first.set_value([("a.jpg", contents[0], "image/jpeg"), ("b.txt", b"text", "text/plain")])
    second.set_value([("c.jpg", contents[1], "image/jpeg")])
    app.run()
    app.button(key="collect_create").click().run()
    assert not app.exception
    dataset = index.scan(app.session_state["made"])
    assert dataset.classes == Classes("ripe", "unripe")
    assert sorted(dataset.usable["label"]) == [CAT, DOG]
    assert "b.txt" in app.session_state["collect_left_out"][0].replace("\\", "")


def test_the_images_of_a_folder_are_found_in_order(photo, tmp_path):
    with pytest.raises(DatasetError, match="which has none"):
        collecting.images_in(tmp_path)
    with pytest.raises(DatasetError, match="cannot be read"):
        collecting.images_in(tmp_path / "nowhere")
    found = [photo(tmp_path / name) for name in ("a/2.JPG", "a/b/1.jpg", "c.jpeg")]
    (tmp_path / "notes.txt").write_text("")
    assert collecting.images_in(tmp_path) == found


@pytest.mark.page
@pytest.mark.slow
def test_a_folder_is_copied_into_a_class(photo, contents, tmp_path):
    before = photo(tmp_path / "shells" / "round.jpg", seed=9).read_bytes()
    app = AppTest.from_function(draw, default_timeout=60).run()
    app.text_input(key="collect_name_0").set_value("round")
    app.text_input(key="collect_name_1").set_value("long")
    app.text_input(key="collect_folder_0_0").set_value(str(tmp_path / "nowhere")).run()
    assert "nowhere" in app.error[0].value
    app.text_input(key="collect_folder_0_0").set_value(f'"{tmp_path / "shells"}"')
    app.get("file_uploader")[1].set_value([("c.jpg", contents[1], "image/jpeg")])
    app.run()
    app.button(key="collect_create").click().run()
    assert not app.exception
    assert sorted(index.scan(app.session_state["made"]).usable["label"]) == [CAT, DOG]
    assert (tmp_path / "shells" / "round.jpg").read_bytes() == before
