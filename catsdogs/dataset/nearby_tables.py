"""Tables in a dataset or beside it that may say the labels of its images."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from catsdogs.dataset import label_tables, labelling, table_text
from catsdogs.errors import DatasetError

_SUFFIXES = (".csv", ".tsv")
# Beside the folder, other tables are more likely to be about something else.
_USUAL_NAMES = ("labels", "train", "train_labels", "annotations", "_classes")
_MOST_FOLDERS, _MOST_TABLES = 50, 20
_BEGIN_BYTES = 64 << 10


@dataclass(frozen=True)
class NearbyTable:
    """A table, by its path from the dataset's folder. ``says_labels``: it can be imported."""

    path: str
    columns: list[str]
    says_labels: bool


def found(root: Path, images: Iterable[str]) -> list[NearbyTable]:
    """Return the tables in the folders of ``images`` and beside ``root``; only begins are read."""
    tables = []
    for path in _candidates(root, images):
        if (table := _read(root, path)) is not None:
            tables.append(table)
        if len(tables) == _MOST_TABLES:
            break
    return tables


def advice(root: Path, tables: list[NearbyTable]) -> str:
    """Return which table says labels and how to import it; "" if none does."""
    table = next((one for one in tables if one.says_labels), None)
    if table is None:
        return ""
    columns = ", ".join(name for name in table.columns if name)
    return (
        f"The table {table.path} has the columns {columns}. To take its labels: "
        f"python -m catsdogs data annotations {root} --import {root / table.path}"
    )


def _candidates(root: Path, images: Iterable[str]) -> Iterator[Path]:
    folders = sorted({path.rpartition("/")[0] for path in images} | {""})
    for folder in folders[:_MOST_FOLDERS]:
        yield from _tables_in(root / folder)
    names = {*_USUAL_NAMES, root.name.lower()}
    yield from (path for path in _tables_in(root.parent) if path.stem.lower() in names)


def _tables_in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    except OSError:
        return []


def _read(root: Path, path: Path) -> NearbyTable | None:
    """Return a table by its first row; None if it cannot be read."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            names = table_text.read(stream.read(_BEGIN_BYTES)).columns
    except (OSError, DatasetError):
        return None
    columns = label_tables.understood(names, labelling.load(root).classes)
    says_labels = columns is not None and columns.are_useful
    inside = path.is_relative_to(root)
    shown = path.relative_to(root).as_posix() if inside else f"../{path.name}"
    return NearbyTable(shown, list(names), says_labels)
