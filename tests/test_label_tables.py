"""Labels from tables as programs and spreadsheets write them."""

import json
from pathlib import PurePosixPath

import pytest

from catsdogs.cli.parser import main
from catsdogs.dataset import (
    annotations,
    index,
    label_tables,
    nearby_tables,
    table_sides,
    table_text,
)
from catsdogs.dataset.image_names import ImageNames
from catsdogs.errors import DatasetError
from catsdogs.labels import CAT, DOG, UNLABELLED


@pytest.fixture
def numbered(tmp_path, photo):
    """Eight photos without labels, 1.jpg to 8.jpg, in the folder images of a dataset."""
    for number in range(1, 9):
        photo(tmp_path / "set" / "images" / f"{number}.jpg", seed=number)
    return tmp_path / "set"


def take_over(folder, content, **options):
    return label_tables.take_over(folder, index.scan(folder).records, content, **options)


def labels(folder):
    records = index.scan(folder).records
    return {
        path.rpartition("/")[2]: label
        for path, label in zip(records["path"], records["label"], strict=True)
    }


TWO = {"1.jpg": CAT, "2.jpg": DOG}


@pytest.mark.parametrize(
    "text",
    [
        "filename,label\n1.jpg,cat\n2.jpg,dog\n",
        "file;class\r\n1.jpg;Cats\r\n2.jpg;DOG\r\n",
        "image\tcategory\n1.jpg\tcat\n2.jpg\tdog\n",
        "Path,Target\nimages/1.jpg,0\nimages/2.jpg,1\n",
        "path,label\nimages\\1.jpg,cat\nC:\\set\\images\\2.jpg,dog\n",
        "id,label\n1,0\n2,1\n",
        "id,filename,label\n7,1.jpg,cat\n8,2.jpg,dog\n",
        "filename, cat, dog\n1.jpg, 1, 0\n2.jpg, 0, 1\n",
        '"File name";"Label"\n"1.jpg";"cat"\n"2.jpg";"dog"\n',
        "sep=;\nfilename;label\n1.jpg;cat\n2.jpg;dog\n",
        "filename,label,,\n1.jpg,cat,,\n,,,\n2.jpg,dog,,\n,,,\n",
        " filename , label \n 1.jpg , cat \n 2.jpg , dog \n",
        "filename,label\r1.jpg,cat\r2.jpg,dog\r",
        "\n\nfilename,label\n\n1.jpg,cat\n2.jpg,dog",
        "image,label\n1.JPG,tabby_cat\n2.jpg,the dog\n",
        "label,name\ncat,1.jpg\ndog,2.jpg\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_table_labels_images_however_it_was_written(numbered, text, encoding):
    assert take_over(numbered, text.encode(encoding)).photos == 2
    found = labels(numbered)
    assert {name: found[name] for name in TWO} == TWO
    assert set(found.values()) == {CAT, DOG, UNLABELLED}


def test_names_in_the_encoding_of_western_windows_are_read(tmp_path, photo):
    photo(tmp_path / "set" / "Kätzchen.jpg")
    table = "filename;label\r\nKätzchen.jpg;cat\r\n".encode("cp1252")
    assert take_over(tmp_path / "set", table).photos == 1


def test_an_empty_action_beside_a_label_relabels(numbered):
    assert take_over(numbered, "path,action,label\nimages/1.jpg,,cat\n").photos == 1
    assert labels(numbered)["1.jpg"] == CAT


def test_a_spreadsheet_is_refused_with_what_to_do(numbered):
    with pytest.raises(DatasetError, match="Save the sheet as CSV"):
        take_over(numbered, b"PK\x03\x04" + bytes(100))


def test_numbers_are_said_to_be_cats_and_dogs(numbered):
    assert take_over(numbered, b"id,label\n1,0\n").has_numbers
    assert not take_over(numbered, b"id,label\n1,cat\n").has_numbers


@pytest.mark.parametrize(
    ("rows", "line", "received"),
    [
        ("1.jpg,cat\n9.jpg,cat\n", 3, "'9.jpg', which is not in this dataset"),
        ("1.jpg,horse\n", 2, "the label 'horse'"),
        ("1.jpg,\n", 2, "the label ''"),
        ("1.jpg,2\n", 2, "the label '2'"),
        ("1.jpg,0.97\n", 2, "the label '0.97'"),
        ("1.jpg,cat and dog\n", 2, "the label 'cat and dog'"),
        ("../images/1.jpg,cat\n", 2, "not in this dataset"),
        ("/etc/passwd,cat\n", 2, "not in this dataset"),
        ("other/1.jpg,cat\n", 2, "not in this dataset"),
        ("1\0.jpg,cat\n", 2, "not in this dataset"),
        (",cat\n", 2, "not in this dataset"),
        ("1.jpg\n", 2, "the label ''"),
    ],
)
def test_a_row_that_is_wrong_is_named_and_nothing_is_imported(numbered, rows, line, received):
    with pytest.raises(DatasetError) as error:
        take_over(numbered, f"filename,label\n{rows}2.jpg,dog\n")
    assert f"line {line} " in str(error.value)
    assert received in str(error.value)
    assert set(labels(numbered).values()) == {UNLABELLED}


def test_all_wrong_lines_are_named_up_to_a_few(numbered):
    rows = "".join(f"{number},cat\n" for number in range(20, 30))
    with pytest.raises(DatasetError, match=r"line 2 .* Wrong as well: line 3, 4, 5, …"):
        take_over(numbered, f"filename,label\n{rows}")


@pytest.mark.parametrize(
    ("rows", "received"),
    [("1.jpg,1,1\n", "cat '1' and dog '1'"), ("1.jpg,0,0\n", "cat '0'"), ("1.jpg,a,1\n", "'a'")],
)
def test_a_column_for_each_class_must_name_one_class(numbered, rows, received):
    with pytest.raises(DatasetError, match=received):
        take_over(numbered, f"filename,cat,dog\n{rows}")


@pytest.mark.parametrize(
    ("text", "received"),
    [
        ("a,b\n1,2\n", "the columns 'a', 'b'"),
        ("filename,breed\n1.jpg,pug\n", "the columns 'filename', 'breed'"),
        ("filename,cat\n1.jpg,1\n", "the columns 'filename', 'cat'"),
        ("label\ncat\n", "the columns 'label'"),
        ("", "no rows"),
        ("filename,label\n", "no rows"),
    ],
)
def test_columns_that_are_not_understood_are_named_with_those_that_are_needed(
    numbered, text, received
):
    with pytest.raises(DatasetError, match="the name of each image") as error:
        take_over(numbered, text)
    assert received in str(error.value)


def test_a_name_of_several_images_is_wrong_unless_the_table_lies_beside_one(numbered, photo):
    photo(numbered / "more" / "1.jpg", seed=50)
    table = b"filename,label\n1.jpg,cat\n"
    with pytest.raises(DatasetError, match=r"any of images/1\.jpg, more/1\.jpg"):
        take_over(numbered, table)
    take_over(numbered, table, source=numbered / "more" / "_classes.csv")
    take_over(numbered, table, source=numbered / "images.csv")
    records = index.scan(numbered).usable
    assert list(records["path"]) == ["images/1.jpg", "more/1.jpg"]


def test_rows_about_unreadable_images_are_passed_over(numbered):
    (numbered / "images" / "3.jpg").write_bytes(b"damaged")
    found = take_over(numbered, "id,label\n1,0\n3,0\n")
    assert (found.photos, found.unreadable) == (1, 1)


def test_an_import_of_labels_is_one_step_that_can_be_undone(numbered):
    take_over(numbered, "id,label\n1,0\n2,1\n")
    annotations.undo(numbered)
    assert set(labels(numbered).values()) == {UNLABELLED}


def test_the_column_split_says_the_side_of_images(numbered):
    table = "id,label,split\n1,0,train\n2,1,Val\n3,1,TEST\n4,0,\n"
    assert take_over(numbered, table).sides == 3
    sides = {"images/1.jpg": "train", "images/2.jpg": "validation", "images/3.jpg": "test"}
    assert table_sides.load(numbered) == sides
    take_over(numbered, "id,split\n4,test\n")
    assert table_sides.load(numbered) == {**sides, "images/4.jpg": "test"}
    with pytest.raises(DatasetError, match="the split 'maybe'"):
        take_over(numbered, "id,split\n1,maybe\n")


def test_damaged_sides_are_an_error_because_the_split_would_differ(numbered):
    take_over(numbered, "id,split\n4,test\n")
    table_sides.file(numbered).write_bytes(b"[")
    with pytest.raises(DatasetError, match="import the table again"):
        table_sides.load(numbered)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("a/Cat.1.jpg", ["a/Cat.1.jpg"]),
        ("cat.1", ["a/Cat.1.jpg"]),
        ("./b/2.png", ["b/2.png"]),
        ("/data/b/2.png", ["b/2.png"]),
        ("set/b/2", ["b/2.png"]),
        ("2", ["b/2.png"]),
        ("c/2.png", []),
        ("b/../b/2.png", []),
        ("1.jpg", []),
        ("", []),
        (".", []),
        ("/", []),
        ("3.jpg", ["c/3.jpg", "d/c/3.jpg"]),
    ],
)
def test_a_name_in_a_table_means_the_image_whose_path_ends_like_it(given, found):
    names = ImageNames(["a/Cat.1.jpg", "b/2.png", "c/3.jpg", "d/c/3.jpg"])
    assert names.find(given) == found


def test_the_folder_of_the_table_decides_between_images_of_one_name():
    paths = ["test/1.jpg", "train/1.jpg"]
    assert ImageNames(paths, table=PurePosixPath("train.csv")).find("1") == ["train/1.jpg"]
    assert ImageNames(paths, table=PurePosixPath("test/a.csv")).find("1") == ["test/1.jpg"]


def test_a_table_larger_than_its_limit_is_refused(numbered, monkeypatch):
    monkeypatch.setattr(table_text, "MAX_BYTES", 20)
    with pytest.raises(DatasetError, match="at most"):
        take_over(numbered, "filename,label\n1.jpg,cat\n")


def test_formulas_and_quotes_in_cells_are_only_text(numbered):
    for cell in ("=1+1", "'=cmd|' /C calc'!A0", '"@SUM(A1)"', "=HYPERLINK(1)"):
        with pytest.raises(DatasetError, match="not in this dataset"):
            take_over(numbered, f"filename,label\n{cell},cat\n")


def test_a_table_of_a_million_wrong_rows_is_not_read_to_its_end(numbered):
    table = b"filename,label\n" + b"gone.jpg,cat\n" * 1_000_000
    with pytest.raises(DatasetError, match="line 2 "):
        take_over(numbered, table)


def test_tables_in_a_dataset_and_beside_it_are_noticed(numbered):
    (numbered / "train.csv").write_text("id,label\n1,0\n")
    (numbered / "images" / "_classes.csv").write_text("filename, cat, dog\n1.jpg, 1, 0\n")
    (numbered / "prices.csv").write_text("item;price\n")
    (numbered.parent / "labels.csv").write_text("filename,label\n")
    (numbered.parent / "holidays.csv").write_text("filename,label\n")
    found = nearby_tables.found(numbered, index.scan(numbered).records["path"])
    assert {one.path: one.says_labels for one in found} == {
        "train.csv": True,
        "images/_classes.csv": True,
        "prices.csv": False,
        "../labels.csv": True,
    }


def test_the_command_line_says_how_to_use_a_table_and_uses_it(numbered, capsys):
    table = numbered / "train.csv"
    table.write_text("id,label\n" + "".join(f"{n},{n % 2}\n" for n in range(1, 9)))
    assert main(["train", "--model", "custom_cnn", "--data", str(numbered), "--json"]) == 1
    assert f"--import {table}" in json.loads(capsys.readouterr().out)["error"]
    main(["data", "scan", str(numbered)])
    assert "train.csv (id, label)" in capsys.readouterr().out
    assert main(["data", "annotations", str(numbered), "--import", str(table), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["imported"], found["numbers"]) == (8, "0 = cat, 1 = dog")
    main(["data", "scan", str(numbered), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert (found["cats"], found["dogs"]) == (4, 4)
    assert found["tables"] == [
        {"path": "train.csv", "columns": ["id", "label"], "says_labels": True}
    ]
