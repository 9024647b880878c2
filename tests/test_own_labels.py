"""Two classes of a dataset's own: their names, their labels, and the decisions about them."""

import json

import pytest
from conftest import command_line
from streamlit.testing.v1 import AppTest

from catsdogs.cli.parser import main
from catsdogs.dataset import (
    annotations,
    corrections,
    decisions_csv,
    index,
    label_tables,
    labelling,
)
from catsdogs.dataset.labelling import LabelMap
from catsdogs.errors import ConfigError
from catsdogs.labels import CAT, DOG, PETS, UNLABELLED, Classes
from catsdogs.sources.preview import preview

SEA = Classes("crab", "Crayfish")


@pytest.fixture
def sea(tmp_path, photo):
    """Two folders of sea animals, one of other things, and one whose name is a usual class."""
    folder = tmp_path / "sea"
    for place, name in enumerate(("crab", "Crayfish", "shells", "wild_cat")):
        for number in range(4):
            photo(folder / name / f"{number}.jpg", seed=10 * place + number)
    return folder


@pytest.fixture
def named(sea):
    labelling.save(sea, labelling.of_own(*SEA.names))
    return sea


def counts(folder):
    labels = index.scan(folder).records["label"].value_counts()
    return labels.get(CAT, 0), labels.get(DOG, 0), labels.get(UNLABELLED, 0)


def test_folders_named_after_the_classes_give_labels_and_others_do_not(named):
    assert index.scan(named).classes == SEA
    assert counts(named) == (4, 4, 8)


def test_the_order_of_the_classes_decides_which_is_positive(named):
    before = index.scan(named).fingerprint()
    labelling.save(named, labelling.of_own(*reversed(SEA.names)))
    swapped = index.scan(named)
    assert (swapped.classes.positive, swapped.fingerprint() != before) == ("crab", True)
    labelling.save(named, LabelMap())
    assert index.scan(named).classes == PETS
    assert counts(named) == (4, 0, 12)


@pytest.mark.parametrize(
    ("negative", "positive"),
    [
        ("", "b"),
        ("neither", "b"),
        ("a", "out"),
        ("a", "A/"),
        ("a", "b\nc"),
        ("accuracy", "b"),
        ("a" * 61, "b"),
        ("a\u202e", "b"),
    ],
)
def test_a_name_that_means_something_else_is_refused(negative, positive):
    with pytest.raises(ConfigError, match=r"Expected .* Received"):
        labelling.of_own(negative, positive)


def test_the_usual_names_are_the_usual_classes():
    assert labelling.of_own("Cat", "dog").classes == PETS


def test_decisions_are_about_names_and_survive_a_swap(named):
    records = index.scan(named).records
    moved = records[records["path"] == "shells/0.jpg"]
    annotations.annotate(named, moved, annotations.RELABEL, label=DOG)
    assert annotations.last_step(named) == "relabel as Crayfish shells/0.jpg"
    assert "Crayfish" in decisions_csv.to_csv(named, records)
    assert counts(named) == (4, 5, 7)
    labelling.save(named, labelling.of_own(*reversed(SEA.names)))
    assert counts(named) == (5, 4, 7)
    labelling.save(named, LabelMap())
    assert counts(named) == (4, 0, 12)  # A crayfish is neither a cat nor a dog.


def test_a_table_labels_images_by_the_names_of_the_classes(named):
    records = index.scan(named).records
    rows = "image,label\nshells/0.jpg,CRAYFISH\nshells/1.jpg,crab\nshells/2.jpg,1\n"
    assert label_tables.take_over(named, records, rows).has_numbers
    assert counts(named) == (5, 6, 5)
    assert label_tables.numbers_mean(named) == "0 = crab, 1 = Crayfish"


def test_corrections_of_other_classes_are_a_dataset_of_their_own(photo, tmp_path):
    content = photo(tmp_path / "a.jpg").read_bytes()
    path = corrections.keep(content, "a.jpg", "Crayfish", classes=SEA)
    assert corrections.find(content) is None
    assert corrections.find(content, SEA) == path
    assert corrections.label_of(path, SEA) == "Crayfish"
    assert corrections.has_pets(SEA)
    dataset = index.scan(corrections.folder(SEA))
    assert (dataset.classes, dataset.usable["label"].tolist()) == (SEA, [DOG])
    corrections.undo(content, SEA)
    assert corrections.find(content, SEA) is None


def test_the_command_takes_names_and_maps_other_folders_to_them(sea, capsys):
    def said(*words):
        status = main(["data", "scan", str(sea), *words, "--json"])
        return status, json.loads(capsys.readouterr().out)

    status, found = said("--own-classes", "crustacean", "shells", "--map", "crab=crustacean")
    assert (status, found["classes"]) == (0, ["crustacean", "shells"])
    assert (found["negatives"], found["positives"], found["unlabelled"]) == (4, 4, 8)
    _, found = said("--map", "Crayfish=crustacean")
    assert found["negatives"] == 8
    status, found = said("--map", "wild_cat=dog")
    assert status == 1
    assert "with crustacean, shells, out as the label" in found["error"]
    status, found = said("--own-classes", "crab", "lobster")
    assert status == 1
    assert "lobster" in found["error"]
    assert said("--own-classes", "crab", "shells", "--classes", "crab,shells")[0] == 1
    _, found = said("--classes", "none")
    assert (found["cats"], found["unlabelled"]) == (4, 12)


def test_the_error_without_labels_names_the_option(sea):
    status, found = command_line("train", "--model", "custom_cnn", "--data", sea)
    assert status == 1
    assert "--own-classes Crayfish crab" in found["error"]


def draw(folder):
    """Run the preview of a folder as a page."""
    from pathlib import Path

    from catsdogs.ui.dataset import preview as page

    if page.chosen() is None:
        page.look(Path(folder))
    page.show(page.chosen(), on_use=lambda path: None)


@pytest.mark.page
@pytest.mark.slow
def test_the_preview_offers_two_classes_and_shows_their_counts(sea):
    app = AppTest.from_function(draw, args=(str(sea),), default_timeout=60).run()
    first, second = app.selectbox(key="own_class_0"), app.selectbox(key="own_class_1")
    first.set_value("crab")
    second.set_value("Crayfish")
    next(one for one in app.button if one.label == "Use these classes").click()
    app.run()
    assert not app.exception
    assert preview(sea).classes == SEA
    assert any("4 crab, 4 Crayfish" in one.value for one in app.markdown)
