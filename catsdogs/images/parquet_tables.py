"""A Parquet table with images, read a few megabytes at a time, however large it is."""

import json
import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar

from catsdogs.errors import DatasetError
from catsdogs.images.parquet_layout import pages, row_groups
from catsdogs.storage import reading

T = TypeVar("T")
MOST_ROWS = 1_000_000
# A page holds at least one image, and usually a megabyte. Images hardly shrink in a table.
_MOST_PAGE_BYTES = 512 << 20
_FREE_BYTES, _MOST_TIMES_LARGER = 256 << 20, 100
# With a dictionary, each row of a batch may repeat its largest value.
_BATCH_ROWS, _NAME_ROWS, _BATCH_BYTES = 64, 8192, 128 << 20
_KEPT_BYTES, _KEPT_CURSORS = 32 << 20, 6
_IMAGE_COLUMNS = ("image", "img", "picture", "photo", "image_bytes", "bytes", "content", "jpg")
LABEL_COLUMNS = ("labels", "label", "class", "category", "target")


# Exceptions for a damaged file: Arrow's own are of many types.
_ERRORS = (
    *(OSError, ValueError, ArithmeticError, LookupError, TypeError),
    *(RuntimeError, MemoryError, StopIteration),
)


class UnusableTable(DatasetError):
    """A table without readable images. The message says why; ``is_damaged`` if the file is."""

    def __init__(self, message: str, *, is_damaged: bool) -> None:
        super().__init__(message)
        self.is_damaged = is_damaged


class ParquetTable:
    """An open table. Its methods raise ``UnusableTable``, and any thread may call them."""

    def __init__(self, path: Path) -> None:
        self._table: _Table = _guarded(lambda: _Table(path))

    def texts(self) -> list[tuple[str, str]]:
        """Return the label and the own path of each row, "" where there is none."""
        return _guarded(lambda: list(self._table.texts()))

    def cell(self, row: int) -> bytes | None:
        """Return the bytes in a row; None if it has none.

        Raises:
            IndexError: if there is no such row.
        """
        if row >= self._table.rows:
            raise IndexError(row)
        return _guarded(lambda: self._table.cell(row))


@dataclass(frozen=True)
class _Columns:
    """The columns to read: ``image`` holds bytes, ``path`` and ``label`` texts, if they exist."""

    image: str
    path: str | None
    label: str | None
    label_names: list[str]


@dataclass
class _Cursor:
    """A position in a row group: the next batch, and the last batches that were read."""

    group: int
    batches: Iterator[Any]
    begin: int  # the row of the first value that is kept
    end: int = 0  # the row after the last value that was read
    kept: "deque[Any]" = field(default_factory=deque)


class _Table:
    """An open table. Several threads may read from it; they wait for each other."""

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq  # Half a second that only users of tables pay.

        self._path, self._lock = path, threading.Lock()
        with reading.opened(path) as stream:
            self._groups = row_groups(stream)
        self._begins = [0, *accumulate(group.rows for group in self._groups)]
        if self._begins[-1] > MOST_ROWS:
            raise UnusableTable(
                f"Expected at most {MOST_ROWS:,} rows. Received: {self._begins[-1]:,}. Divide "
                "the table.",
                is_damaged=False,
            )
        # Without buffering ahead, only the pages that are needed are in memory.
        source = reading.opened(path) if reading.is_object(path) else path
        self._file = pq.ParquetFile(source, pre_buffer=False, buffer_size=1 << 20)
        self._columns = _columns(self._file.schema_arrow)
        self._cursors: deque[_Cursor] = deque(maxlen=_KEPT_CURSORS)
        self._dictionary_bytes: dict[tuple[int, str], int] = {}

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self._begins[-1]

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield the label and the own path of each row, "" where there is none."""
        names = [one for one in (self._columns.label, self._columns.path) if one]
        for number, group in enumerate(self._groups):
            if names:
                yield from self._texts(number, names)
            else:
                yield from (("", "") for _ in range(group.rows))

    def _texts(self, group: int, names: list[str]) -> Iterator[tuple[str, str]]:
        for batch in self._batches(group, names, most_rows=_NAME_ROWS):
            empty = [None] * batch.num_rows
            labels = _values(batch, self._columns.label) if self._columns.label else empty
            paths = _values(batch, self._columns.path) if self._columns.path else empty
            for label, path in zip(labels, paths, strict=True):
                yield self._label(label), str(path or "")

    def cell(self, row: int) -> bytes | None:
        """Return the bytes in a row, which exists; None if it has none."""
        with self._lock:
            group = bisect_right(self._begins, row) - 1
            return self._cell(group, row - self._begins[group])

    def _cell(self, group: int, row: int) -> bytes | None:
        cursor = self._cursor(group, row)
        while cursor.end <= row:
            batch = _column(next(cursor.batches), self._columns.image)
            cursor.kept.append(batch)
            cursor.end += len(batch)
            while len(cursor.kept) > 1 and sum(one.nbytes for one in cursor.kept) > _KEPT_BYTES:
                cursor.begin += len(cursor.kept.popleft())
        place = row - cursor.begin
        for batch in cursor.kept:
            if place < len(batch):
                value: bytes | None = batch[place].as_py()
                return value
            place -= len(batch)
        raise ValueError("a batch of rows is missing")

    def _cursor(self, group: int, row: int) -> _Cursor:
        """Return the cursor with the least to read up to ``row``, a new one if all are past it."""
        usable = [one for one in self._cursors if one.group == group and one.begin <= row]
        if usable:
            best = max(usable, key=lambda one: one.end)
            self._cursors.remove(best)
        else:
            batches = self._batches(group, [self._columns.image], most_rows=_BATCH_ROWS)
            best = _Cursor(group, batches, 0)
        self._cursors.append(best)  # The one that was used longest ago falls out.
        return best

    def _batches(self, group: int, names: list[str], *, most_rows: int) -> Iterator[Any]:
        """Return columns of a row group in batches that need a limited amount of memory."""
        dictionaries = [self._checked(group, name) for name in names]
        rows = min(most_rows, _BATCH_BYTES // max(1, *dictionaries))
        batches: Iterator[Any] = self._file.iter_batches(
            max(1, rows), row_groups=[group], columns=names, use_threads=False
        )
        return batches

    def _checked(self, group: int, name: str) -> int:
        """Return the size of a column's dictionary in bytes, 0 without one.

        Raises:
            UnusableTable: if reading the column needs more memory than images do.
        """
        if (group, name) in self._dictionary_bytes:
            return self._dictionary_bytes[group, name]
        chunk = self._groups[group].chunks[name]
        with reading.opened(self._path) as stream:
            sizes = [page.uncompressed for page in pages(stream, chunk)]
        most = max(_FREE_BYTES, _MOST_TIMES_LARGER * chunk.compressed)
        unpacked = max(chunk.uncompressed, sum(sizes))
        if unpacked > most or max(sizes, default=0) > _MOST_PAGE_BYTES:
            raise UnusableTable(
                f"Expected images, which hardly shrink in a table. Received: a column that expands "
                f"from {chunk.compressed:,} to {unpacked:,} bytes.",
                is_damaged=True,
            )
        dictionary = sizes[0] if chunk.has_dictionary and sizes else 0
        self._dictionary_bytes[group, name] = dictionary
        return dictionary

    def _label(self, value: object) -> str:
        if isinstance(value, int) and self._columns.label_names:
            known = 0 <= value < len(self._columns.label_names)
            return self._columns.label_names[value] if known else ""
        return "" if value is None else str(value)


def _guarded(read: Callable[[], T]) -> T:
    import pyarrow as pa

    try:
        return read()
    except (pa.ArrowException, *_ERRORS) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnusableTable(f"It is damaged ({reason}).", is_damaged=True) from None


def _columns(schema: Any) -> _Columns:
    """Return the columns with images, their own paths and their labels.

    Raises:
        UnusableTable: if no column has images.
    """
    import pyarrow.types as types

    def is_bytes(kind: Any) -> bool:
        return types.is_binary(kind) or types.is_large_binary(kind)

    structs = [
        one
        for one in schema
        if types.is_struct(one.type)
        and one.type.get_field_index("bytes") >= 0
        and is_bytes(one.type.field("bytes").type)
    ]
    plain = [one for one in schema if is_bytes(one.type) and one.name.lower() in _IMAGE_COLUMNS]
    if not structs and not plain:
        received = ", ".join(f"{one.name} ({one.type})" for one in schema)
        raise UnusableTable(
            "Expected a column image with the fields bytes and path, as Hugging Face's hub has it. "
            f"Received: {received or 'no columns'}.",
            is_damaged=False,
        )
    image = f"{structs[0].name}.bytes" if structs else plain[0].name
    has_path = structs and structs[0].type.get_field_index("path") >= 0
    label = next((name for name in LABEL_COLUMNS if schema.get_field_index(name) >= 0), None)
    path = f"{structs[0].name}.path" if has_path else None
    return _Columns(image, path, label, _label_names(schema, label))


def _label_names(schema: Any, label: str | None) -> list[str]:
    """Return the names of a ClassLabel, which ``datasets`` stores in the schema's metadata."""
    try:
        info = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        names = info[label]["names"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return []
    return [str(name) for name in names] if isinstance(names, list) else []


def _column(batch: Any, name: str) -> Any:
    """Return a column of a batch, or a field of its struct: "image.bytes"."""
    outer, _, inner = name.partition(".")
    column = batch.column(outer)
    return column.field(inner) if inner else column


def _values(batch: Any, name: str) -> list[Any]:
    values: list[Any] = _column(batch, name).to_pylist()
    return values
