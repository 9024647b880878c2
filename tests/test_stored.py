"""Images inside Parquet tables."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parquet_files import write_hub_table

from catsdogs.errors import UnreadableImage
from catsdogs.images import parquet_tables, picture, stored
from catsdogs.images.parquet_tables import UnusableTable


def blobs(count, size=1000, seed=0):
    chance = np.random.default_rng(seed)
    return [chance.bytes(size + int(n)) for n in range(count)]


def test_a_row_is_read_by_its_number_below_the_table(tmp_path):
    contents = blobs(250)
    table = write_hub_table(tmp_path / "train.parquet", contents, [n % 2 for n in range(250)])
    found = stored.names(table)
    assert found[:3] == ["cat/0.jpg", "dog/1.jpg", "cat/2.jpg"]
    assert [picture.read_bytes(table / name) for name in found] == contents
    order = random.Random(1).sample(range(250), 250)
    assert all(picture.read_bytes(table / found[row]) == contents[row] for row in order)


def test_several_threads_read_the_rows_of_one_table(tmp_path):
    contents = blobs(300)
    table = write_hub_table(tmp_path / "train.parquet", contents, [0] * 300)
    rows = [row for row in range(300) for _ in range(3)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda row: stored.read(table / f"cat/{row}.jpg"), rows))
    assert found == [contents[row] for row in rows]
    assert threading.active_count() < 50


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "snappy"},
        {"compression": "zstd", "row_group_size": 7},
        {"compression": "none", "use_dictionary": False},
        {"data_page_size": 2000, "data_page_version": "2.0"},
        {"write_page_index": True, "write_page_checksum": True},
        {"store_schema": False},
    ],
)
def test_tables_are_read_however_they_were_written(tmp_path, options):
    contents = [*blobs(40), blobs(1)[0], blobs(1)[0]]
    table = write_hub_table(tmp_path / "a.parquet", contents, [1] * 42, **options)
    assert [stored.read(table / name) for name in stored.names(table)] == contents


def test_a_label_is_the_folder_of_an_image_and_otherwise_its_own_path_is(tmp_path):
    def names(name, labels, paths, **options):
        table = write_hub_table(
            tmp_path / name, [b"x"] * len(labels), labels, paths=paths, **options
        )
        return stored.names(table)

    assert names("a.parquet", [0, 1, -1, None], None, names=["gatto", "un/cane"]) == [
        "gatto/0.jpg", "un_cane/1.jpg", "2.jpg", "3.jpg",
    ]  # fmt: skip
    assert names("b.parquet", [0, 1], None, names=None) == ["0/0.jpg", "1/1.jpg"]
    paths = ["cats/cat.1.jpg", "../../x.png", "/etc/a\0b.jpg", "", None, "C:\\dogs\\7"]
    assert names("c.parquet", [None] * 6, paths) == [
        "cats/0-cat.1.jpg", "1-x.jpg", "etc/2-a_b.jpg", "3.jpg", "4.jpg", "C_/dogs/5-7.jpg",
    ]  # fmt: skip


def test_a_file_in_place_of_a_folder_is_not_taken_for_a_table(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"x")
    with pytest.raises(UnreadableImage, match="in place of a folder"):
        picture.read_bytes(tmp_path / "a.jpg" / "1.jpg")


def test_a_label_that_looks_like_a_table_is_only_a_label(tmp_path):
    table = write_hub_table(tmp_path / "a.parquet", [b"x"], [0], names=["b.parquet"])
    assert stored.names(table) == ["b.parquet/0.jpg"]
    assert stored.read(table / "b.parquet" / "0.jpg") == b"x"


def test_a_column_of_plain_bytes_and_labels_in_words_are_read(tmp_path):
    table = pa.table({"img": [b"1", b"2"], "label": ["cat", "dog"]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert stored.names(tmp_path / "a.parquet") == ["cat/0.jpg", "dog/1.jpg"]
    assert stored.read(tmp_path / "a.parquet" / "dog/1.jpg") == b"2"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *(
            (name, "missing")
            for name in ("cat/3.jpg", "cat/x.jpg", "cat/-1.jpg", "cat", "12345678.jpg")
        ),
        ("cat/1.jpg", "empty"),
    ],
)
def test_a_row_that_does_not_exist_is_missing_and_one_without_an_image_is_empty(
    tmp_path, name, code
):
    table = write_hub_table(tmp_path / "a.parquet", [b"x", None, b"y"], [0, 0, 0])
    with pytest.raises(UnreadableImage) as error:
        picture.read_bytes(table / name)
    assert error.value.code == code


def test_a_table_that_changes_is_read_again(tmp_path):
    table = write_hub_table(tmp_path / "a.parquet", [b"old"], [0])
    assert stored.read(table / "cat/0.jpg") == b"old"
    write_hub_table(table, [b"newer"], [0])
    assert stored.read(table / "cat/0.jpg") == b"newer"


def test_other_columns_are_named(tmp_path):
    pq.write_table(pa.table({"age": [1], "name": ["a"]}), tmp_path / "a.parquet")
    with pytest.raises(UnusableTable, match=r"age \(int64\), name \(string\)") as error:
        stored.names(tmp_path / "a.parquet")
    assert not error.value.is_damaged


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(400) + b"PAR1", b"x" * 1000])
def test_a_damaged_table_is_refused(tmp_path, content):
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(UnusableTable) as error:
        stored.names(tmp_path / "a.parquet")
    assert error.value.is_damaged
    with pytest.raises(UnreadableImage, match="Its table cannot be read"):
        picture.read_bytes(tmp_path / "a.parquet" / "0.jpg")


def test_a_table_that_was_cut_off_is_refused(tmp_path):
    table = write_hub_table(tmp_path / "a.parquet", blobs(50), [0] * 50)
    whole = table.read_bytes()
    for kept in range(0, len(whole), len(whole) // 40):
        table.write_bytes(whole[:kept])
        with pytest.raises(UnusableTable):
            stored.names(table)


def test_a_table_with_damaged_bytes_gives_other_bytes_or_an_error(tmp_path):
    table = write_hub_table(tmp_path / "a.parquet", blobs(30, 200), [0] * 30)
    whole, chance = table.read_bytes(), random.Random(7)
    for _ in range(60):
        broken = bytearray(whole)
        for _ in range(4):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        table.write_bytes(broken)
        try:
            for name in stored.names(table):
                stored.read(table / name)
        except (UnusableTable, UnreadableImage):
            pass


@pytest.mark.parametrize("column", ["bytes", "path"])
def test_a_cell_that_expands_to_a_gigabyte_is_refused_before_it_does(tmp_path, column, monkeypatch):
    monkeypatch.setattr(parquet_tables, "_FREE_BYTES", 1 << 20)
    huge = "0" * (4 << 20)
    contents, paths = [b"x"] * 3, ["a"] * 3
    if column == "bytes":
        contents[1] = huge.encode()
    else:
        paths[1] = huge
    table = tmp_path / "a.parquet"
    write_hub_table(table, contents, [0] * 3, paths=paths, compression="zstd")
    read = {"bytes": lambda: stored.read(table / "cat/0.jpg"), "path": lambda: stored.names(table)}
    with pytest.raises((UnusableTable, UnreadableImage), match="expands"):
        read[column]()


def test_a_cell_that_declares_a_gigabyte_is_refused(tmp_path):
    table = write_hub_table(
        tmp_path / "a.parquet", [b"x" * 100], [0], compression="none", use_dictionary=False
    )
    whole = table.read_bytes()
    length = (100).to_bytes(4, "little")
    assert whole.count(length + b"xxxx") == 1
    table.write_bytes(whole.replace(length + b"xxxx", (1 << 30).to_bytes(4, "little") + b"xxxx"))
    with pytest.raises(UnreadableImage, match="damaged"):
        stored.read(table / "cat/0.jpg")


def test_a_value_that_a_dictionary_repeats_is_read_a_few_rows_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_tables, "_BATCH_BYTES", 50_000)
    value = blobs(1, 20_000)[0]
    table = write_hub_table(tmp_path / "a.parquet", [value] * 500, [0] * 500, row_group_size=500)
    assert all(stored.read(table / f"cat/{row}.jpg") == value for row in range(0, 500, 50))


def test_more_rows_than_the_limit_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_tables, "MOST_ROWS", 10)
    table = write_hub_table(tmp_path / "a.parquet", [b"x"] * 11, [0] * 11)
    with pytest.raises(UnusableTable, match="at most 10 rows"):
        stored.names(table)
