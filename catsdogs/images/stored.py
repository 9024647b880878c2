"""Images inside Parquet tables and WebDataset tars, read in place: a row or a sample is an image.

A table takes the place of a folder: ``train.parquet/cat/17.jpg`` is the image in row 17 of
``train.parquet``, and its label is "cat". So is ``train.tar/cat/17.jpg`` the one in sample 17 of a
tar. Nothing is unpacked.
"""

import os
import re
import threading
from collections import OrderedDict
from pathlib import Path, PurePosixPath

from catsdogs.errors import UnreadableImage
from catsdogs.images.parquet_tables import ParquetTable, UnusableTable
from catsdogs.images.webdataset import WebDataset, is_one
from catsdogs.storage import reading

_PARQUET, _TAR = ".parquet", ".tar"
SUFFIXES = (_PARQUET, _TAR)
# The end of a table's name in the path of an image in it.
END = re.compile(r"(?i)\.(?:parquet|tar)(?=/)")
_KEPT_FILES = 4
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:]+")
_LONGEST_PART = 100
_ROW = re.compile(r"(\d{1,7})(?:-.*)?\.[^.]*")


def is_table(name: str) -> bool:
    """Return whether a file may be a table by its name."""
    return name.lower().endswith(SUFFIXES)


def replaces_folder(path: Path) -> bool:
    """Return whether a file is a dataset by itself: a Parquet table, or a WebDataset tar."""
    if not is_table(path.name) or not path.is_file():
        return False
    return not path.name.lower().endswith(_TAR) or is_one(path)


def names(table: Path) -> list[str]:
    """Return the path of each image below its table, in the order of the rows.

    The folders are the image's label or, without one, those of its own path, so that the grammar of
    ``labels`` applies to them. Names are unique: they begin with the row's number.

    Raises:
        UnusableTable: if the table has no images, or cannot be read.
    """
    opened = _open(table)
    return [_name(row, *texts) for row, texts in enumerate(opened.texts())]


def split(path: Path) -> tuple[Path, str] | None:
    """Return the table and the rest of the path of an image in a table; None for any other path."""
    for parent in path.parents:
        if is_table(parent.name) and (parent.is_file() or reading.is_object(parent)):
            return parent, path.relative_to(parent).as_posix()
    return None


def read(path: Path) -> bytes:
    """Return the bytes of an image in a table, by its path.

    Raises:
        UnreadableImage: if there is no such image, or it cannot be read.
    """
    parts = split(path)
    if parts is None:
        raise UnreadableImage(
            "missing", "The file cannot be opened: a file is in place of a folder."
        )
    table, name = parts
    row = _ROW.fullmatch(PurePosixPath(name).name)
    if row is None:
        raise UnreadableImage("missing", "No row of its table has this name.")
    try:
        content = _open(table).cell(int(row[1]))
    except UnusableTable as error:
        raise UnreadableImage("damaged", f"Its table cannot be read: {error}") from None
    except IndexError:
        raise UnreadableImage("missing", "Its table has fewer rows.") from None
    if content is None:
        raise UnreadableImage("empty", "This row of its table has no image.")
    return content


_Table = ParquetTable | WebDataset
_OPEN: "OrderedDict[tuple[str, int, int], _Table]" = OrderedDict()
_OPENING = threading.Lock()


def _open(path: Path) -> _Table:
    """Return the open table; a few stay open, and a changed file is opened again."""
    try:
        status = reading.status(path)
    except OSError as error:
        raise UnusableTable(error.strerror or "unknown reason", is_damaged=True) from None
    version = os.fspath(path), status.st_size, status.st_mtime_ns
    with _OPENING:
        if version not in _OPEN:
            kind = WebDataset if path.name.lower().endswith(_TAR) else ParquetTable
            _OPEN[version] = kind(path)
        _OPEN.move_to_end(version)
        while len(_OPEN) > _KEPT_FILES:
            _OPEN.popitem(last=False)
        return _OPEN[version]


def _name(row: int, label: str, path: str) -> str:
    """Return the path of a row below its table; see ``names``."""
    if label:
        return f"{_safe(label)}/{row}.jpg"
    *folders, last = [_safe(part) for part in re.split(r"[/\\]", path)] or [""]
    stem = last.rpartition(".")[0] or last
    name = f"{row}-{stem}.jpg" if stem else f"{row}.jpg"
    return "/".join((*(one for one in folders if one), name))


def _safe(part: str) -> str:
    """Return a part of a path for use as the name of a folder or file, "" if nothing is left."""
    part = _UNSAFE.sub("_", part[:_LONGEST_PART].encode("utf-8", "replace").decode())
    return part.strip(". ")
