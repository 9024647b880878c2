"""The sizes that a Parquet file declares, to be checked before a library reads the file.

Arrow reserves the memory that a page header declares, so a file of a few kilobytes could ask for
gigabytes. For some damaged footers it even ends the process. Both parts are structs in Thrift's
compact protocol, with the fields of parquet.thrift:
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

import struct
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

_MAGIC = b"PAR1"
_MOST_FOOTER_BYTES = 8 << 20
_HEADER_BYTES = 64 << 10  # with statistics of the page; headers usually have 20 to 100 bytes
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _STRUCT, _UUID = 1, 2, 3, 7, 8, 12, 13
_INTEGERS, _LISTS = (4, 5, 6), (9, 10)
_FIXED_BYTES = {_BYTE: 1, _DOUBLE: 8, _UUID: 16}
_DEEPEST = 16
# Field ids in parquet.thrift.
_FILE_ROW_GROUPS, _GROUP_COLUMNS, _GROUP_ROWS, _CHUNK_FILE, _CHUNK_META = 4, 1, 3, 1, 3
_META_PATH, _META_UNCOMPRESSED, _META_COMPRESSED = 3, 6, 7
_META_DATA_PAGE, _META_DICTIONARY_PAGE = 9, 11
_PAGE_UNCOMPRESSED, _PAGE_COMPRESSED = 2, 3

Fields = dict[int, Any]


class Page(NamedTuple):
    """The sizes of one page in bytes, without its header."""

    uncompressed: int
    compressed: int


@dataclass(frozen=True)
class Chunk:
    """A column of a row group: its place in the file and its sizes, in bytes."""

    start: int
    compressed: int
    uncompressed: int
    has_dictionary: bool


@dataclass(frozen=True)
class RowGroup:
    """The rows that are stored together, and their columns by path: "image.bytes"."""

    rows: int
    chunks: dict[str, Chunk]


def row_groups(stream: BinaryIO) -> list[RowGroup]:
    """Return the row groups of a Parquet file.

    Raises:
        ValueError: if the footer is missing, or not that of a Parquet file.
        OSError: if the file cannot be read.
    """
    size = stream.seek(0, 2)
    stream.seek(max(0, size - 8))
    end = stream.read(8)
    if size < 12 or end[4:] != _MAGIC:
        raise ValueError("its end is missing")
    (length,) = struct.unpack("<I", end[:4])
    if length > min(size - 12, _MOST_FOOTER_BYTES):
        raise ValueError(f"its footer has {length:,} bytes")
    stream.seek(size - 8 - length)
    footer = _Reader(stream.read(length)).fields()
    return [_row_group(one, size) for one in _structs(footer, _FILE_ROW_GROUPS)]


def pages(stream: BinaryIO, chunk: Chunk) -> list[Page]:
    """Return the pages of a column.

    Raises:
        ValueError: if the headers are not those of pages that fill the column.
        OSError: if the file cannot be read.
    """
    found, start, end = [], chunk.start, chunk.start + chunk.compressed
    while start < end:
        stream.seek(start)
        reader = _Reader(stream.read(min(_HEADER_BYTES, end - start)))
        header = reader.fields()
        page = Page(_number(header, _PAGE_UNCOMPRESSED), _number(header, _PAGE_COMPRESSED))
        start += reader.position + page.compressed
        if start > end:
            raise ValueError("a page is longer than its column")
        found.append(page)
    return found


def _row_group(fields: Fields, file_bytes: int) -> RowGroup:
    chunks = {}
    for one in _structs(fields, _GROUP_COLUMNS):
        meta = one.get(_CHUNK_META)
        if _CHUNK_FILE in one or not isinstance(meta, dict):
            raise ValueError("a column is in another file")
        path = b".".join(part for part in _list(meta, _META_PATH) if isinstance(part, bytes))
        chunks[path.decode("utf-8", "replace")] = _chunk(meta, file_bytes)
    return RowGroup(_number(fields, _GROUP_ROWS), chunks)


def _chunk(meta: Fields, file_bytes: int) -> Chunk:
    dictionary = meta.get(_META_DICTIONARY_PAGE)
    starts = [_number(meta, _META_DATA_PAGE)]
    if dictionary:
        starts.append(_number(meta, _META_DICTIONARY_PAGE))
    chunk = Chunk(
        start=min(starts),
        compressed=_number(meta, _META_COMPRESSED),
        uncompressed=_number(meta, _META_UNCOMPRESSED),
        has_dictionary=bool(dictionary),
    )
    if chunk.start + chunk.compressed > file_bytes:
        raise ValueError("a column reaches beyond the end of the file")
    return chunk


def _number(fields: Fields, field: int) -> int:
    value = fields.get(field)
    if not isinstance(value, int) or value < 0:
        raise ValueError("a size is missing or negative")
    return value


def _list(fields: Fields, field: int) -> list[Any]:
    value = fields.get(field, [])
    if not isinstance(value, list):
        raise ValueError("a list is missing")
    return value


def _structs(fields: Fields, field: int) -> list[Fields]:
    values = _list(fields, field)
    if not all(isinstance(value, dict) for value in values):
        raise ValueError("a list has values of another type")
    return values


class _Reader:
    """Reads Thrift's compact protocol; ``position`` is where it has arrived."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.position = 0

    def fields(self, depth: int = _DEEPEST) -> Fields:
        """Return the values of a struct by the ids of its fields."""
        values: Fields = {}
        field = 0
        while head := self._byte():
            field = field + (head >> 4) if head >> 4 else self._zigzag()
            values[field] = self._value(head & 15, depth)
        return values

    def _value(self, kind: int, depth: int, *, in_list: bool = False) -> Any:
        if depth == 0:
            raise ValueError("structs are nested too deeply")
        if kind in (_TRUE, _FALSE):
            return self._byte() == _TRUE if in_list else kind == _TRUE
        if kind in _INTEGERS:
            return self._zigzag()
        if kind in _FIXED_BYTES:
            return self._bytes(_FIXED_BYTES[kind])
        if kind == _BINARY:
            return self._bytes(self._varint())
        if kind in _LISTS:
            return self._values(depth - 1)
        if kind == _STRUCT:
            return self.fields(depth - 1)
        raise ValueError("a field has an unknown type")

    def _values(self, depth: int) -> list[Any]:
        head = self._byte()
        size = head >> 4 if head >> 4 != 15 else self._varint()
        return [self._value(head & 15, depth, in_list=True) for _ in range(size)]

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _bytes(self, length: int) -> bytes:
        self.position += length
        if self.position > len(self._content):
            raise ValueError("it is cut short")
        return self._content[self.position - length : self.position]

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("a number has no end")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
