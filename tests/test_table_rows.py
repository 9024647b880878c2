"""Datasets whose images are in Parquet tables, as Hugging Face's hub has them."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from conftest import command_line
from parquet_files import write_hub_table

from catsdogs.cli.parser import main
from catsdogs.dataset import index, labelling, name_patterns
from catsdogs.dataset.labelling import LabelMap
from catsdogs.errors import DatasetError
from catsdogs.images import picture, stored
from catsdogs.images.thumbnails import thumbnails
from catsdogs.labels import CAT, DOG
from catsdogs.runs import model_files, store
from catsdogs.sources import opening
from catsdogs.sources.preview import preview


def contents(folder: Path, photo, count: int) -> tuple[list[bytes], list[int]]:
    """Return different photos and their labels, cats and dogs in turn."""
    made = [photo(folder / f"{n}.jpg", seed=n).read_bytes() for n in range(count)]
    return made, [n % 2 for n in range(count)]


@pytest.fixture
def hub(tmp_path, photo):
    """A dataset as the hub has it: two tables of ten photos each, and a page about them."""
    made, labels = contents(tmp_path / "made", photo, 20)
    for part in range(2):
        rows = slice(10 * part, 10 * part + 10)
        table = tmp_path / "hub" / "data" / f"train-{part:05}-of-00002.parquet"
        write_hub_table(table, made[rows], labels[rows], row_group_size=4)
    (tmp_path / "hub" / "README.md").write_text("# cats_vs_dogs")
    return tmp_path / "hub"


@pytest.fixture
def folders(hub, tmp_path):
    """The same photos as files in folders."""
    for name, row in rows_of(hub):
        path = tmp_path / "files" / ("cat" if "/cat/" in name else "dog") / f"{row:02}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture.read_bytes(hub / name))
    return tmp_path / "files"


def rows_of(hub):
    tables = sorted((hub / "data").glob("*.parquet"))
    names = [f"data/{table.name}/{name}" for table in tables for name in stored.names(table)]
    return [(name, row) for row, name in enumerate(names)]


def test_each_row_is_a_record_with_its_label_in_the_order_of_folders(hub, folders):
    found, expected = index.scan(hub), index.scan(folders)
    for column in ("label", "width_px", "height_px", "size_bytes", "digest", "format", "problem"):
        assert list(found.records[column]) == list(expected.records[column])
    assert (found.other_files, found.rest.closed_folders) == (1, {})
    assert found.records["path"].iloc[0] == "data/train-00000-of-00002.parquet/cat/0.jpg"


def test_one_table_is_a_dataset_too(hub):
    table = opening.open_source(hub / "data" / "train-00000-of-00002.parquet")
    assert opening.opened(table) == table
    assert index.scan(table).records["path"].iloc[0] == "cat/0.jpg"
    assert len(index.scan(table).usable) == 10
    assert (preview(table).cats, preview(table).dogs) == (5, 5)


def test_a_table_that_did_not_change_is_not_read_again(hub, monkeypatch):
    first = index.scan(hub)
    with monkeypatch.context() as patch:
        patch.setattr(stored, "names", lambda _: pytest.fail("read again"))
        patch.setattr(stored, "read", lambda _: pytest.fail("read again"))
        again = index.scan(hub)
    assert again.records.equals(first.records)
    os.utime(hub / "data" / "train-00001-of-00002.parquet", ns=(1, 1))
    assert index.scan(hub).fingerprint() == first.fingerprint()


def test_a_table_that_changed_is_read_again(hub, photo, tmp_path):
    index.scan(hub)
    made, labels = contents(tmp_path / "more", photo, 3)
    write_hub_table(hub / "data" / "train-00001-of-00002.parquet", made, labels)
    assert len(index.scan(hub).usable) == 13


def test_tables_and_files_may_be_mixed(hub, photo):
    photo(hub / "cats" / "1.jpg", seed=99)
    assert len(index.scan(hub).usable) == 21


def test_names_of_classes_in_other_languages_are_mapped_like_folders(tmp_path, photo):
    made, labels = contents(tmp_path / "made", photo, 6)
    write_hub_table(tmp_path / "hub" / "a.parquet", made, labels, names=["gatto", "cane"])
    unlabelled = index.scan(tmp_path / "hub").records["path"]
    assert [one.name for one in name_patterns.found(unlabelled)] == ["cane", "gatto"]
    labelling.save(tmp_path / "hub", LabelMap({"gatto": CAT, "cane": DOG}))
    assert list(index.scan(tmp_path / "hub").usable["label"]) == [DOG, DOG, DOG, CAT, CAT, CAT]


def test_a_row_without_a_readable_image_is_reported_and_the_others_are_used(tmp_path, photo):
    made, labels = contents(tmp_path / "made", photo, 4)
    rows = [*made, None, b"", b"no image"]
    write_hub_table(tmp_path / "hub" / "a.parquet", rows, [*labels, 0, 0, 0])
    found = index.scan(tmp_path / "hub")
    assert len(found.usable) == 4
    assert sorted(found.unreadable["problem"]) == ["empty", "empty", "not_an_image"]


def test_thumbnails_are_made_from_rows(hub):
    records = index.scan(hub).records
    photos = list(zip(records["path"], records["digest"], strict=True))
    assert all(jpeg.startswith(b"\xff\xd8") for jpeg in thumbnails(hub, photos))
    assert len(preview(hub).photos) == 8


def test_damaged_tables_are_named_with_a_way_to_get_the_images_out(tmp_path, capsys):
    for part in range(2):
        table = tmp_path / "hub" / "data" / f"train-{part:05}-of-00002.parquet"
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_bytes(b"PAR1" + bytes(400) + b"PAR1")
    (tmp_path / "hub" / "README.md").write_text("# cats_vs_dogs")
    for command in (("data", "scan"), ("train", "--model", "custom_cnn", "--data")):
        assert main([*command, str(tmp_path / "hub"), "--json"]) == 1
        error = json.loads(capsys.readouterr().out)["error"]
        assert "2 .parquet files, 1 .md file" in error
        assert "data/train-00000-of-00002.parquet: It is damaged" in error
        assert "datasets.load_dataset" in error
    with pytest.raises(DatasetError, match="Expected a table of images"):
        index.scan(table)


def test_a_damaged_table_beside_images_is_reported_and_the_images_are_used(hub, capsys):
    table = hub / "data" / "train-00001-of-00002.parquet"
    table.write_bytes(table.read_bytes()[:-100])
    assert main(["data", "scan", str(hub), "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert (found["images"], found["other_types"]) == (10, {".md": 1, ".parquet": 1})
    assert found["unreadable_folders"][0]["path"] == "data/train-00001-of-00002.parquet"


def trained(data: Path | str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return P(dog) of the validation photos of a run on ``data``, by their content."""
    words = ("--model", "custom_cnn", "--epochs", "1", "--batch-size", "32", "--repeats", "1")
    status, run = command_line("train", *words, "--data", data)
    assert status == 0
    predictions = model_files.read_predictions(store.find(run["run"]))
    return predictions.sort_values("digest")["p_dog"].to_numpy()


@pytest.mark.long
def test_a_run_on_tables_predicts_the_same_as_one_on_the_same_photos_in_folders(hub, folders):
    np.testing.assert_array_equal(trained(hub), trained(folders))


@pytest.mark.long
def test_two_thousand_photos_in_tables_predict_the_same_as_in_folders(tmp_path, photo):
    made, labels = contents(tmp_path / "made", photo, 2000)
    for part in range(2):
        rows = slice(1000 * part, 1000 * part + 1000)
        write_hub_table(
            tmp_path / "hub" / f"train-{part:05}-of-00002.parquet", made[rows], labels[rows]
        )
    for row, (content, label) in enumerate(zip(made, labels, strict=True)):
        path = tmp_path / "files" / ("cat", "dog")[label] / f"{row:04}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    np.testing.assert_array_equal(trained(tmp_path / "hub"), trained(tmp_path / "files"))
