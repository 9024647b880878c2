"""The rows of a CSV as programs and spreadsheets write it: any encoding and separator."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from catsdogs.errors import DatasetError

MAX_BYTES = 128 << 20
_SEPARATORS = ",;\t|"
# UTF-16 begins with one of these, or has a zero in every other byte of plain text.
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SAMPLE_BYTES = 400
_FEW_ZEROS = 0.3


@dataclass(frozen=True)
class Row:
    """A row with something in it, and the number of its last line in the file, from 1."""

    line: int
    cells: tuple[str, ...]

    def cell(self, column: int | None) -> str:
        """Return the text of a column without blanks around it; "" if the row is too short."""
        return self.cells[column].strip() if column is not None and column < len(self.cells) else ""


@dataclass(frozen=True)
class Table:
    """The names of the columns, "" for one without a name, and an iterator over the rows."""

    columns: tuple[str, ...]
    rows: Iterator[Row]


def read(content: bytes | str) -> Table:
    """Return the table in a file's content. Rows are parsed while they are iterated over.

    The separator is a comma, a semicolon, a tab or "|", whichever is most frequent in the first
    line, or the one in Excel's line ``sep=;``. Empty rows are left out.

    Raises:
        DatasetError: here or from ``rows``, if the file is too large or is not a CSV.
    """
    if len(content) > MAX_BYTES:
        raise DatasetError(
            f"Expected a table of at most {MAX_BYTES >> 20} MB. Received: {len(content):,} bytes. "
            "Divide it."
        )
    if content[:2] in (b"PK", "PK"):
        raise DatasetError(
            "Expected a table as text (CSV). Received: a spreadsheet or an archive. Save the sheet "
            "as CSV in the spreadsheet program first."
        )
    text = content if isinstance(content, str) else decoded(content)
    text = text.removeprefix("\ufeff").lstrip("\r\n")
    offset, separator = 0, None
    first = text.partition("\n")[0]
    if first.lower().startswith("sep=") and len(first.rstrip("\r")) == len("sep=") + 1:
        offset, separator = 1, first[len("sep=")]
        text = text[len(first) + 1 :]
    rows = _rows(text, separator or _separator(first), offset)
    header = next(rows, None)
    return Table(tuple(map(str.strip, header.cells)) if header else (), rows)


def decoded(content: bytes) -> str:
    """Return the text of a file in UTF-8 or UTF-16, with or without a mark, or in Windows-1252."""
    begin = content[:_SAMPLE_BYTES]
    if content.startswith(_UTF16_MARKS):
        return content.decode("utf-16", errors="replace")
    for encoding, zeros in (("utf-16-le", begin[1::2]), ("utf-16-be", begin[::2])):
        if zeros.count(0) > _FEW_ZEROS * len(begin):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _separator(first: str) -> str:
    return max(_SEPARATORS, key=first.count)


def _rows(text: str, separator: str, offset: int) -> Iterator[Row]:
    # Some programs write a blank after each separator; elsewhere it begins a file's name.
    is_spaced = f"{separator} " in text.partition("\n")[0]
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=is_spaced)
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield Row(reader.line_num + offset, tuple(cells))
    except csv.Error as error:
        raise DatasetError(
            f"Expected a CSV. Received: a file that cannot be read as one ({error}). "
            "Export decisions to see what one looks like."
        ) from None
