import shutil

import pandas as pd
import pytest

from catsdogs.cli import parser
from catsdogs.dataset import duplicates, index, table_sides
from catsdogs.dataset.given_splits import given_split, side_of_path
from catsdogs.dataset.summary import document
from catsdogs.labels import CAT


@pytest.mark.parametrize(
    ("path", "side"),
    [
        ("train/cats/1.jpg", "train"),
        ("data/TRAINING/cat.1.jpg", "train"),
        ("training_set/training_set/cats/cat.1.jpg", "train"),
        ("Train Images/cats/1.jpg", "train"),
        ("train_cats/1.jpg", "train"),
        ("val/cats/1.jpg", "validation"),
        ("Valid/cats/1.jpg", "validation"),
        ("cats_and_dogs/validation/cats/1.jpg", "validation"),
        ("cats/dev/1.jpg", "validation"),
        ("test/cats/1.jpg", "test"),
        ("test1/1.jpg", "test"),
        ("TestSet/dogs/1.jpg", "test"),
        ("testing/dogs/1.jpg", "test"),
        ("data/test-00000-of-00001.parquet/cat/1.jpg", "test"),
        ("data/train-00003-of-00012.parquet/12.jpg", "train"),
        ("default/validation/0000.parquet/12.jpg", "validation"),
        ("validation.parquet/12.jpg", "validation"),
        ("train/test/cats/1.jpg", "test"),
        ("cats/1.jpg", ""),
        ("test.jpg", ""),
        ("train_test_split/cats/1.jpg", ""),
        ("latest/cats/1.jpg", ""),
        ("trains/cats/1.jpg", ""),
        ("contest/dogs/1.jpg", ""),
        ("test results/dogs/1.jpg", ""),
        ("test-00000-of-00001.parquet.jpg", ""),
    ],
)
def test_a_folder_or_a_parquet_file_names_the_side(path, side):
    assert side_of_path(path) == side


def records(*photos: tuple[str, str]) -> pd.DataFrame:
    """A photo of a cat per (path, content)."""
    table = pd.DataFrame(photos, columns=["path", "group"]).assign(label=CAT)
    return table.assign(given=[side_of_path(path) for path in table["path"]])


def test_the_sides_are_described_by_their_folders():
    found = given_split(records(("Train/1.jpg", "a"), ("Train/2.jpg", "b"), ("a/TEST/1.jpg", "c")))
    assert found.described == "2 in Train/, 1 in TEST/"
    assert found.counts == {"train": 2, "validation": 0, "test": 1}
    found = given_split(
        records(("1.jpg", "a"), ("val/1.jpg", "b"), ("test1/1.jpg", "c"), ("test2/1.jpg", "d"))
    )
    assert found.described == "1 in val/, 2 for test, 1 elsewhere"


def test_a_dataset_with_one_side_has_no_split_of_its_own():
    assert given_split(records(("train/1.jpg", "a"), ("train/2.jpg", "a"))) is None


def test_pictures_on_two_sides_are_leaks():
    found = given_split(
        records(
            *(("train/1.jpg", "a"), ("train/2.jpg", "a"), ("train/3.jpg", "b")),
            *(("val/5.jpg", "c"), ("test/6.jpg", "a"), ("test/7.jpg", "c"), ("8.jpg", "b")),
        )
    )
    assert found.leaks == [
        ["train/1.jpg", "train/2.jpg", "test/6.jpg"],
        ["val/5.jpg", "test/7.jpg"],
    ]
    assert found.left_out == 3


def test_a_scan_describes_the_split_and_its_leaks(tmp_path, photo):
    for side, count in (("train", 3), ("Test", 2)):
        for number in range(count):
            photo(tmp_path / side / "cats" / f"{number}.jpg", seed=10 * count + number)
    shutil.copy(tmp_path / "Test/cats/0.jpg", tmp_path / "train/cats/copy.jpg")
    found = document(index.scan(tmp_path))["given_split"]
    assert found["described"] == "4 in train/, 2 in Test/"
    assert found["counts"] == {"train": 4, "validation": 0, "test": 2}
    assert found["leaks"] == [["Test/cats/0.jpg", "train/cats/copy.jpg"]]
    assert found["left_out"] == 1


def test_a_scan_has_the_balance_of_each_side(tmp_path, photo, capsys):
    for side, label, count in (("train", "cat", 9), ("train", "dog", 1), ("test", "dog", 2)):
        for number in range(count):
            name = tmp_path / side / f"{label}.{number}.jpg"
            photo(name, seed=len(f"{side}{label}") * 100 + number)
    parser.main(["data", "scan", str(tmp_path)])
    assert "train: 90 % cats (9 of 10); test: 100 % dogs (2 of 2)" in capsys.readouterr().out
    found = document(index.scan(tmp_path))["given_split"]
    assert found["dogs"] == {"train": 1, "validation": 0, "test": 2}


def test_near_duplicates_are_leaks_once_a_check_has_found_them(tmp_path, photo):
    for number, side in enumerate(("train", "train", "test")):
        photo(tmp_path / side / "dogs" / f"{number}.jpg", seed=number)
    digests = index.scan(tmp_path).usable["digest"].tolist()
    duplicates.save(tmp_path, [[digests[0], digests[1]]])
    found = document(index.scan(tmp_path))["given_split"]
    assert found["leaks"] == [["test/dogs/2.jpg", "train/dogs/0.jpg"]]


def test_a_table_gives_sides_too_and_comes_before_folders(tmp_path, photo):
    for number in range(3):
        photo(tmp_path / "cats" / f"{number}.jpg", seed=number)
    photo(tmp_path / "train" / "cats" / "3.jpg", seed=3)
    assert document(index.scan(tmp_path))["given_split"] is None
    table_sides.save(tmp_path, {"cats/1.jpg": "validation", "train/cats/3.jpg": "test"})
    found = document(index.scan(tmp_path))["given_split"]
    assert found["counts"] == {"train": 2, "validation": 1, "test": 1}
    assert found["described"] == "1 for validation, 1 for test, 2 elsewhere"
