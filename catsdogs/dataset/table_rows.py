"""The files below a folder, with the images of each table in place of the table."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from catsdogs.dataset.listing import Listing, listed, size_and_date
from catsdogs.errors import DatasetError
from catsdogs.images import stored
from catsdogs.images.parquet_tables import UnusableTable
from catsdogs.images.picture import SUFFIXES

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN_BYTES = -1  # the size of a row until it is read
_CONVERT = (
    'In Python, datasets.load_dataset("parquet", data_files=…) may read it: save its images as '
    "files, one folder for each class."
)
_UNPACK = "Unpack it, or open it by its own path."


@dataclass(frozen=True)
class Versions:
    """The tables that a scan knows, with their size and date, and their rows, by path."""

    tables: dict[str, str]
    records: "pd.DataFrame"


def found(
    root: Path, *, at_most: int | None = None, before: Versions | None = None
) -> tuple[Listing, dict[str, str]]:
    """Return the files below ``root``, a folder or a table, and the version of each table.

    A table with images is replaced by a path for each row (``stored``), with the date of the table.
    The size of a row is ``UNKNOWN_BYTES``, unless the table is the same as ``before``. A damaged
    table stays a file, and counts as a closed folder too. So does one without images, if there is
    nothing else.

    Raises:
        DatasetError: if ``root`` cannot be read.
    """
    if stored.is_table(root.name) and root.is_file():
        listing = Listing(files={"": root.stat()})
    else:
        listing = listed(root, at_most=at_most)
    tables = sorted(path for path in listing.files if stored.is_table(path or root.name))
    if not tables:
        return listing, {}
    files, versions, unusable = dict(listing.files), {}, {}
    known = _rows_by_table(before) if before else {}
    for path in tables:
        status = listing.files[path]
        version = f"{status.st_size}-{status.st_mtime_ns}"
        try:
            if before and before.tables.get(path) == version:
                rows = known.get(path, {})
            else:
                rows = dict.fromkeys(stored.names(root / path), UNKNOWN_BYTES)
        except UnusableTable as error:
            unusable[path] = error
            continue
        del files[path]
        versions[path] = version
        files |= {
            _below(path, row): size_and_date(size, status.st_mtime_ns) for row, size in rows.items()
        }
    closed = {**listing.closed, **_reasons(root, files, unusable)}
    return replace(listing, files=files, closed=closed), versions


def _reasons(
    root: Path, files: dict[str, os.stat_result], unusable: dict[str, UnusableTable]
) -> dict[str, str]:
    """Return why tables cannot be read, without those that are only about something else."""
    if "" in unusable:
        raise DatasetError(
            f"Expected a table of images at {root}. Received: {unusable['']} {_advice(root.name)}"
        )
    has_images = any(path.lower().endswith(tuple(SUFFIXES)) for path in files)
    return {
        path: f"{error} {_advice(path)}"
        for path, error in unusable.items()
        if error.is_damaged or not has_images
    }


def _advice(name: str) -> str:
    return _UNPACK if name.lower().endswith(".tar") else _CONVERT


def _rows_by_table(before: Versions) -> dict[str, dict[str, int]]:
    """Return the size of each row of the tables that were read before."""
    rows: dict[str, dict[str, int]] = {path: {} for path in before.tables}
    sizes = before.records[["path", "size_bytes"]]
    for path, size in sizes.itertuples(index=False, name=None):
        table, name = _divided(path, rows)
        if table is not None:
            rows[table][name] = size
    return rows


def _divided(path: str, tables: dict[str, dict[str, int]]) -> tuple[str | None, str]:
    """Return the table of a row and the rest of its path; None if it is not in a table."""
    if "" in tables:
        return "", path
    for end in stored.END.finditer(path):
        if (table := path[: end.end()]) in tables:
            return table, path[end.end() + 1 :]
    return None, ""


def _below(table: str, row: str) -> str:
    return f"{table}/{row}" if table else row
