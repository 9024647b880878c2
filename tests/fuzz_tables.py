"""Search for a table that breaks its reader, guided by coverage (libFuzzer).

Usage: ``python tests/fuzz_tables.py TARGET SEEDS [OPTION …]``, with libFuzzer's options. The
process exits with an error at the first table that is neither read nor refused with a reason.
"""

import contextlib
import itertools
import os
import sys
import tempfile
from pathlib import Path, PurePosixPath

import atheris

with atheris.instrument_imports(include=["catsdogs.images", "catsdogs.dataset"]):
    import pandas as pd

    from catsdogs.dataset import label_tables, table_text
    from catsdogs.errors import DatasetError, UnreadableImage
    from catsdogs.images import stored

RECORDS = pd.DataFrame(
    {"path": ["a/1.jpg", "a/cat.2.jpg", "b/1.jpg"], "digest": ["1", "2", "3"], "problem_detail": ""}
)
FILE = Path(tempfile.mkdtemp()) / "table.parquet"


def read_parquet(content: bytes) -> None:
    """Read the names in a Parquet table, and a few of its images."""
    FILE.write_bytes(content)
    # The clock of some file systems is too coarse to tell one table from the next.
    os.utime(FILE, ns=(next(NUMBERS), next(NUMBERS)))
    with contextlib.suppress(UnreadableImage):
        for name in stored.names(FILE)[:20:4]:
            stored.read(FILE / name)


def read_csv(content: bytes) -> None:
    """Read the rows of a CSV as labels, without keeping them."""
    table = table_text.read(content)
    columns = label_tables.understood(table.columns)
    if columns is not None:
        reader = label_tables.Reader(RECORDS, columns, PurePosixPath("a/labels.csv"))
        reader.read_all(table.rows)


NUMBERS = itertools.count()
TARGETS = {"parquet": read_parquet, "csv": read_csv}


def main(target: str, seeds: str, *options: str) -> None:
    def refused_at_worst(content: bytes) -> None:
        with contextlib.suppress(DatasetError):
            TARGETS[target](content)

    # A table that takes too much time or memory is an error too.
    bounds = ["-timeout=20", "-rss_limit_mb=2000", "-max_len=60000", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], seeds, *bounds, *options], refused_at_worst)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
