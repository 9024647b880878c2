"""Minutes of fuzzing of CSV and Parquet tables: ``make torture``.

``CATSDOGS_FUZZ_S`` is how many seconds each target is fuzzed for.
"""

import os

import pytest
from fuzzing import fuzzed
from parquet_files import write_hub_table

_SECONDS = int(os.environ.get("CATSDOGS_FUZZ_S", "300"))
_CSV = (
    "filename,label\n1.jpg,cat\n",
    "id;split;label\r\n1;train;0\r\n",
    "path,digest,action,label\na/1.jpg,1,relabel,dog\n",
    "sep=;\nfilename;cat;dog\n1.jpg;1;0\n",
)


def _write_seeds(folder, target):
    folder.mkdir()
    if target == "csv":
        for number, text in enumerate(_CSV):
            (folder / f"{number}a").write_bytes(text.encode())
            (folder / f"{number}b").write_bytes(text.encode("utf-16"))
        return
    for number, codec in enumerate(("none", "snappy", "zstd", "gzip")):
        labels = [row % 2 for row in range(9)]
        options = {"compression": codec, "row_group_size": 4, "use_dictionary": bool(number % 2)}
        contents = [bytes([row]) * 30 for row in range(9)]
        write_hub_table(folder / str(number), contents, labels, paths=["a/b.jpg"] * 9, **options)


@pytest.mark.parametrize("target", ["csv", "parquet"])
def test_no_table_that_fuzzing_finds_breaks_its_reader(target, tmp_path):
    _write_seeds(tmp_path / "seeds", target)
    tried, _ = fuzzed("fuzz_tables.py", target, tmp_path / "seeds", seconds=_SECONDS)
    print(f"\n{target}, {_SECONDS} s: {tried:,} tables", end=" ")
