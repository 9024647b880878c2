"""Images without a class word in their names: patterns, and the labels that users give them."""

import json

import pytest
from conftest import command_line

from catsdogs.cli.parser import main
from catsdogs.dataset import annotations, index, labelling, name_patterns, unlabelled
from catsdogs.dataset.labelling import LabelMap
from catsdogs.dataset.name_patterns import FIRST_LETTER, FOLDER, NAME
from catsdogs.errors import ConfigError, DatasetError
from catsdogs.labels import CAT, DOG, UNLABELLED
from catsdogs.runs import layout, store


@pytest.fixture
def breeds(tmp_path, photo):
    """Six cats and six dogs, named as in the Oxford-IIIT Pet dataset."""
    folder = tmp_path / "pets"
    for number in range(6):
        photo(folder / f"images/Abyssinian_{number}.jpg", seed=number)
        photo(folder / f"images/american_bulldog_{number}.jpg", seed=50 + number)
    return folder


@pytest.fixture
def italian(tmp_path, photo):
    """Three folders with Italian names, as in the dataset Animals-10."""
    folder = tmp_path / "animals"
    for number in range(6):
        for place, name in enumerate(("gatto", "cane", "cavallo")):
            photo(folder / f"raw-img/{name}/{number}.jpeg", seed=10 * place + number)
    return folder


def patterns(folder):
    return {(one.kind, one.name): one.images for one in unlabelled.patterns(index.scan(folder))}


def counts(folder):
    labels = index.scan(folder).records["label"].value_counts()
    return labels.get(CAT, 0), labels.get(DOG, 0), labels.get(UNLABELLED, 0)


def test_folders_that_hold_some_of_the_images_are_patterns(italian):
    assert patterns(italian) == {(FOLDER, name): 6 for name in ("gatto", "cane", "cavallo")}


def test_beginnings_of_names_and_their_first_letters_are_patterns(breeds):
    assert patterns(breeds) == {
        (NAME, "Abyssinian"): 6,
        (NAME, "american_bulldog"): 6,
        (FIRST_LETTER, "capital"): 6,
        (FIRST_LETTER, "small"): 6,
    }


def test_the_sides_of_a_split_are_no_patterns():
    paths = [f"{side}/{name}/{n}.jpg" for side in ("train", "Val") for name in "ab" for n in "12"]
    assert [(one.name, one.images) for one in name_patterns.found(paths)] == [("a", 4), ("b", 4)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("american_bulldog_3.jpg", "american_bulldog"),
        ("n02123045_17.JPEG", "n02123045"),
        ("IMG_20230101_123456.jpg", "IMG"),
        ("Siamese (12).png", "Siamese"),
        ("perro7", "perro"),
        ("a/b/17.jpg", ""),
    ],
)
def test_a_name_begins_with_everything_before_its_numbers(name, expected):
    assert name_patterns.beginning(name) == expected


def test_names_of_which_each_is_different_are_no_patterns():
    assert name_patterns.found([f"{chr(97 + n)}x.jpg" for n in range(20)]) == []


def test_only_what_a_mapping_mentions_gets_a_label(italian):
    labelling.save(italian, LabelMap({"gatto": CAT, "cane": DOG}))
    assert counts(italian) == (6, 6, 6)
    dataset = index.scan(italian)
    assert (dataset.unlabelled, dataset.relabelled) == (6, 0)
    assert set(dataset.usable["named_label"]) == {CAT, DOG}


def test_a_mapping_that_changes_or_is_forgotten_needs_no_new_scan(italian):
    scanned = index.scan(italian)
    labelling.save(italian, LabelMap({"gatto": DOG}))
    assert set(index.with_current_decisions(scanned).usable["label"]) == {DOG}
    labelling.save(italian, LabelMap())
    assert index.with_current_decisions(scanned).usable.empty
    assert index.last_scan(italian).usable.empty


@pytest.mark.parametrize(
    ("labels", "path", "expected"),
    [
        (LabelMap({"gatto": CAT}), "x/Gatto/1.jpg", CAT),
        (LabelMap({"x/gatto": CAT}), "x/Gatto/1.jpg", CAT),
        (LabelMap({"x/gatto": CAT}), "y/gatto/1.jpg", None),
        (LabelMap({"x": CAT, "y": DOG}), "x/y/1.jpg", DOG),
        (LabelMap({"x": CAT, "max": DOG}), "x/Max_1.jpg", CAT),
        (LabelMap({"max": UNLABELLED}, CAT), "Max_1.jpg", UNLABELLED),
        (LabelMap({}, CAT), "a/Max_1.jpg", CAT),
        (LabelMap({}, CAT), "A/max_1.jpg", DOG),
        (LabelMap({}, DOG), "a/Max_1.jpg", DOG),
        (LabelMap({}, CAT), "1.jpg", None),
        (LabelMap({"caf\u00e9": CAT}), "cafe\u0301/1.jpg", CAT),
    ],
)
def test_the_nearest_folder_decides_then_the_beginning_of_the_name_then_its_letter(
    labels, path, expected
):
    assert labels.label(path) == expected


def test_leaving_out_a_folder_removes_the_label_of_its_name(kaggle_folder, photo):
    photo(kaggle_folder / "toys" / "dog.77.jpg", seed=77)
    labelling.save(kaggle_folder, LabelMap({"toys": UNLABELLED}))
    assert counts(kaggle_folder) == (8, 8, 1)


def test_decisions_about_photos_come_after_the_mapping(italian):
    labelling.save(italian, LabelMap({"gatto": CAT, "cane": DOG}))
    one = index.scan(italian).usable.head(1)
    annotations.annotate(italian, one, annotations.RELABEL, label=1 - int(one["label"].iloc[0]))
    assert index.scan(italian).relabelled == 1


def test_both_options_are_read():
    assert labelling.parsed("Gatto/, cane") == LabelMap({"gatto": CAT, "cane": DOG})
    assert labelling.parsed(None, ["a=b=cat", "x=OUT"]) == LabelMap({"a=b": CAT, "x": UNLABELLED})
    assert labelling.parsed(None, ["capital=dog"]) == LabelMap({}, DOG)


@pytest.mark.parametrize(
    ("classes", "named"),
    [("gatto", ()), ("a,b,c", ()), ("a,A", ()), (",b", ()), (None, ["gatto"]), (None, ["=cat"])],
)
def test_an_option_that_says_something_else_is_refused(classes, named):
    with pytest.raises(ConfigError, match="Expected"):
        labelling.parsed(classes, named)


@pytest.mark.parametrize(
    "content", [b"", b"[1]", b'{"names": {"a": 7}}', b'{"names": {"a": "cat"}}']
)
def test_a_damaged_mapping_is_an_error_because_labels_would_differ(kaggle_folder, content):
    labelling.save(kaggle_folder, LabelMap({"a": CAT}))
    labelling.file(kaggle_folder).write_bytes(content)
    with pytest.raises(DatasetError, match="say them again"):
        index.scan(kaggle_folder)


def test_the_hash_of_a_mapping_changes_with_it_and_not_with_its_order(tmp_path):
    hashes = []
    for names in ({}, {"a": CAT, "b": DOG}, {"b": DOG, "a": CAT}, {"a": DOG, "b": DOG}):
        labelling.save(tmp_path, LabelMap(names))
        hashes.append(labelling.content_hash(tmp_path))
    assert hashes[0] == ""
    assert hashes[1] == hashes[2] != hashes[3]


def printed(capsys, *words):
    status = main([*map(str, words), "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_a_scan_lists_the_patterns_and_remembers_what_is_said_about_them(italian, capsys):
    status, found = printed(capsys, "data", "scan", italian)
    assert (status, found["unlabelled"]) == (0, 18)
    assert {"kind": "folder", "name": "gatto", "images": 6} in found["patterns"]
    _, found = printed(capsys, "data", "scan", italian, "--classes", "gatto,cane")
    assert (found["cats"], found["dogs"], found["unlabelled"]) == (6, 6, 6)
    _, found = printed(capsys, "data", "scan", italian, "--map", "cavallo=out")
    assert (found["cats"], found["dogs"], found["unlabelled"]) == (6, 6, 6)
    _, found = printed(capsys, "data", "scan", italian, "--classes", "none")
    assert (found["cats"], found["dogs"], found["unlabelled"]) == (0, 0, 18)


def test_the_capital_letter_rule_is_one_option(breeds, capsys):
    _, found = printed(capsys, "data", "scan", breeds, "--map", "capital=cat")
    assert (found["cats"], found["dogs"], found["unlabelled"]) == (6, 6, 0)


def test_a_name_that_is_not_there_is_refused_with_those_that_are(italian, capsys):
    status, found = printed(capsys, "data", "scan", italian, "--classes", "gato,cane")
    assert status == 1
    assert "'gato'" in found["error"]
    assert "gatto (6)" in found["error"]
    assert not labelling.load(italian)


@pytest.mark.parametrize(
    "command", [("train", "--model", "custom_cnn", "--data"), ("data", "health")]
)
def test_without_labels_a_command_says_what_was_found_and_how_to_label_it(
    italian, breeds, capsys, command
):
    for folder, names, images in (
        (italian, ("gatto (6)", "cavallo (6)"), "18 images"),
        (breeds, ("american_bulldog (6)", "capital=cat"), "12 images"),
    ):
        status, found = printed(capsys, *command, folder)
        assert status == 1
        assert f"{images}, none of them labelled by name or folder" in found["error"]
        assert all(name in found["error"] for name in (*names, "--classes", "--map"))
        assert "larger dataset" not in found["error"]


def test_a_class_that_is_missing_is_named_with_the_folders_that_may_hold_it(
    tmp_path, photo, capsys
):
    for number in range(6):
        photo(tmp_path / "mine" / "cats" / f"{number}.jpg", seed=number)
    _, found = printed(capsys, "train", "--model", "custom_cnn", "--data", tmp_path / "mine")
    assert "Received: 6 cats, 0 dogs. Add photos of dogs." in found["error"]
    for number in range(6):
        photo(tmp_path / "mine" / "perros" / f"{number}.jpg", seed=10 + number)
    _, found = printed(capsys, "train", "--model", "custom_cnn", "--data", tmp_path / "mine")
    assert "6 images without a label" in found["error"]
    assert "perros (6)" in found["error"]


def test_numbers_alone_cannot_be_told_apart_so_other_ways_are_named(tmp_path, photo):
    for number in range(4):
        photo(tmp_path / "mine" / f"{number}.jpg", seed=number)
    error = unlabelled.error(index.scan(tmp_path / "mine"))
    assert "cats/ and dogs/" in str(error)
    assert "table" in str(error)


@pytest.mark.long
def test_a_run_records_the_hash_of_the_mapping(italian):
    data = ("--data", italian, "--classes", "gatto,cane")
    status, run = command_line("train", "--model", "custom_cnn", "--epochs", "1", *data)
    assert status == 0
    _, shown = command_line("runs", "show", run["run"])
    assert shown["dataset"]["cats"] == 6
    label_map = shown["annotations"]["label_map"]
    assert label_map == labelling.content_hash(italian)
    card = store.find(run["run"]).folder / layout.MODEL_CARD
    assert f"`{label_map}`" in card.read_text("utf-8")
