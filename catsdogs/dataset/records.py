"""One record per image file: what a scan reads from the file, as a row of the dataset's table."""

import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from catsdogs.errors import Unreachable, UnreadableImage
from catsdogs.images import picture, stored
from catsdogs.images.header import Header
from catsdogs.images.parallel import Progress
from catsdogs.labels import label_of_path
from catsdogs.storage import reading

# The dtypes of a table of records.
COLUMNS = {
    "path": "str",
    "label": "int8",
    "width_px": "int32",
    "height_px": "int32",
    "size_bytes": "int64",
    "mtime_ns": "int64",
    "digest": "str",
    "format": "str",
    "mode": "str",
    "orientation": "int8",
    "trailing_bytes": "int32",
    "problem": "str",
    "problem_detail": "str",
}
_DIGITS = re.compile(r"\d+")
# The answers of a distant server take longer than reading.
_READERS, _READERS_AT_ADDRESS = 4, 16
_PROGRESS_EVERY = 200
_BATCH = 10_000  # waiting for a reader takes a kilobyte


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as the file system lists it; ``path`` is relative to the root and may not be UTF-8."""

    path: str
    status: os.stat_result


class Record(NamedTuple):
    """The properties of one image file, in the order of ``COLUMNS``."""

    path: str  # relative to the root, "/" as the separator
    label: int  # CAT, DOG or UNLABELLED
    width_px: int  # upright, with the EXIF orientation applied; 0 if unreadable
    height_px: int
    size_bytes: int
    mtime_ns: int
    digest: str  # BLAKE2b-128 of the file's bytes
    format: str  # Pillow's name, "" if unreadable
    mode: str  # Pillow's colour mode: RGB, L, CMYK …
    orientation: int  # EXIF: 1 is upright, 2 to 8 are mirrored or turned
    trailing_bytes: int  # after the end of the picture
    problem: str  # UnreadableImage.code, or ""
    problem_detail: str


def read(
    root: Path, pictures: dict[str, Entry], *, progress: Progress | None = None
) -> Iterator[Record]:
    """Yield the record of each of ``pictures`` (by name), reading the files on a few threads.

    A file that cannot be read has a record too, with its ``problem``.

    Raises:
        Unreachable: if an address cannot be read now, or its object has changed.
    """
    readers = _READERS_AT_ADDRESS if reading.is_below(root) else _READERS
    with ThreadPoolExecutor(readers) as pool:
        remaining = iter(pictures.items())
        batches = iter(lambda: list(islice(remaining, _BATCH)), [])
        found = chain.from_iterable(
            pool.map(lambda item: _record(root, *item), batch) for batch in batches
        )
        try:
            for number, record in enumerate(found, start=1):
                yield record
                if progress and (number % _PROGRESS_EVERY == 0 or number == len(pictures)):
                    progress(number, len(pictures))
        finally:
            pool.shutdown(cancel_futures=True)


def _record(root: Path, name: str, entry: Entry) -> Record:
    digest = problem = detail = ""
    size = max(entry.status.st_size, 0)
    header = Header("", "", 0, 0, 1, 0)
    try:
        if name != entry.path:
            raise UnreadableImage("name_not_utf8", "The file name is not UTF-8. Rename the file.")
        content = picture.read_bytes(root / entry.path)
        size = size or len(content)
        digest = picture.digest(content)
        header = picture.read_header(content)
    except Unreachable:
        raise
    except UnreadableImage as error:
        problem, detail = error.code, str(error)
    return Record(
        path=name,
        label=label_of_path(name),
        width_px=header.width_px,
        height_px=header.height_px,
        size_bytes=size,
        mtime_ns=entry.status.st_mtime_ns,
        digest=digest,
        format=header.format,
        mode=header.mode,
        orientation=header.orientation,
        trailing_bytes=header.trailing_bytes,
        problem=problem,
        problem_detail=detail,
    )


def by_name(listed_paths: Iterable[str]) -> dict[str, str]:
    r"""Return paths by unique names that any text column can hold.

    A name shows bytes that are not UTF-8 as ``\\xff``. If another file has that name already, the
    name begins with a further backslash.
    """
    names, odd = {}, []
    for path in listed_paths:
        try:
            path.encode()
        except UnicodeEncodeError:
            odd.append(path)
        else:
            names[path] = path
    for path in odd:
        name = os.fsencode(path).decode("utf-8", errors="backslashreplace")
        while name in names:
            name = f"\\{name}"
        names[name] = path
    return names


def natural_order(name: str) -> str:
    """Return a sort key, a text, that puts ``cat.2.jpg`` before ``cat.10.jpg``.

    Rows of tables are in the order that they would have as files in the folders of their
    classes: ``a.parquet/cat/1.jpg``, ``b.parquet/cat/1.jpg``, ``a.parquet/dog/2.jpg``.
    """
    if end := stored.END.search(name):
        table, below = name[: end.start()], name[end.end() + 1 :]
        (folder, _, file), (kind, _, row) = table.rpartition("/"), below.rpartition("/")
        name = f"{folder}/{kind}/{file}/{row}"
    return _DIGITS.sub(_sortable, name)


def _sortable(number: re.Match[str]) -> str:
    """Return digits as text that sorts by their value, then by themselves."""
    value = str(int(number[0]))
    return f"\0{chr(len(value))}{value}{number[0]}\0"
