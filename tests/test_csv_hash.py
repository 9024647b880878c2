import hashlib

import pandas as pd
import pytest

from catsdogs.dataset import csv_hash


def table(paths):
    paths = pd.Series(paths, dtype="str")
    labels = pd.Series(range(len(paths)), dtype="int64")
    return pd.DataFrame({"path": paths, "label": labels, "digest": paths.str.upper()})


@pytest.mark.parametrize(
    "paths",
    [
        [],
        ["cat.0.jpg"],
        ["cat.0.jpg", "é/dog.1.jpg", "", " a b "],
        *(["cat.0.jpg", f"a{odd}b.jpg", "dog.1.jpg"] for odd in '",\n\r;'),
        [f"cat.{number}.jpg" for number in range(60_000)],
    ],
)
@pytest.mark.parametrize("before", ["", "('crab', 'crayfish')"])
def test_the_hash_is_that_of_the_csv(paths, before):
    expected = hashlib.sha256((before + table(paths).to_csv(index=False)).encode()).hexdigest()
    assert csv_hash.of(table(paths), before=before) == expected[:16]


def test_any_part_of_the_table_changes_the_hash():
    hashes = {csv_hash.of(table(paths)) for paths in (["ab"], ["ba"], ["a", "b"], ["b", "a"], [])}
    assert len(hashes) == 5


def test_rows_taken_from_a_table_have_the_hash_of_their_own_csv():
    rows = table([f"cat.{number}.jpg" for number in range(100)])[7:90:3]
    expected = hashlib.sha256(rows.to_csv(index=False).encode()).hexdigest()
    assert csv_hash.of(rows) == expected[:16]
