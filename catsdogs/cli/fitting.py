"""Tables and lines that fit the width of the terminal."""

import os
import shlex
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TextIO

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from catsdogs.text import printable

_GAP = 2
# A shortened column gets this much before others wrap, and this much in any case.
_READABLE, _LEAST = 28, 12
_ELLIPSIS = "…"
_CONTINUED = " \\"
Cell = str | Text


@dataclass(frozen=True)
class Grid:
    """A table that can be made narrower.

    A title that ends in ">" is aligned to the right. Where the table is too wide, the columns in
    ``drop`` are left out, the first one first. Then the texts in ``shorten`` lose their middle,
    and those in ``wrap`` take several lines.
    """

    titles: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    drop: Sequence[str] = ()
    shorten: Sequence[str] = ()
    wrap: Sequence[str] = ()


def columns(stream: TextIO) -> int | None:
    """Return how many columns a line on ``stream`` may have; None where nothing limits it."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isdecimal() and int(stated) > 0:
        return int(stated)
    return os.get_terminal_size(stream.fileno()).columns if stream.isatty() else None


def fitted(grid: Grid, width: int | None) -> Table:
    """Return a table of at most ``width`` columns, if the texts that stay whole allow it."""
    if width is None:
        return _drawn(grid, _widths(grid))
    droppable = list(grid.drop)
    while droppable and _total(_narrowest(grid)) > width:
        grid = _without(grid, droppable.pop(0))
    widths = _widths(grid)
    for names, least in ((grid.shorten, _READABLE), (grid.wrap, _LEAST), (grid.shorten, _LEAST)):
        for position in _places(grid, names):
            excess = max(_total(widths) - width, 0)
            widths[position] = max(widths[position] - excess, min(widths[position], least))
    return _drawn(grid, widths)


def shortened(text: str, width: int) -> str:
    """Return ``text`` in at most ``width`` columns, with an ellipsis for its middle."""
    if cell_len(text) <= width:
        return text
    head, tail = text[: (len(text) + 1) // 2], text[(len(text) + 1) // 2 :]
    while cell_len(head) + cell_len(tail) >= width:
        head, tail = (head[:-1], tail) if cell_len(head) > cell_len(tail) else (head, tail[1:])
    return f"{head}{_ELLIPSIS}{tail}"


def wrapped(text: str, width: int | None, *, indent: str = "") -> str:
    """Return ``text`` in lines of at most ``width`` columns.

    Words stay whole, also long paths. Lines after the first begin with ``indent``.
    """
    if width is None:
        return text
    return textwrap.fill(
        text,
        max(width, 1),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def command_lines(command: str, width: int | None) -> str:
    """Return a shell command in lines that can be copied as one; each option stays whole."""
    if width is None or len(command) <= width:
        return command
    lines = [""]
    for option in _options(command):
        longer = f"{lines[-1]} {option}".lstrip()
        if lines[-1] and len(longer) > width - len("  " + _CONTINUED):
            lines.append(option)
        else:
            lines[-1] = longer
    return f"{_CONTINUED}\n  ".join(lines)


def _options(command: str) -> list[str]:
    """Return the words of a shell command, each option in one piece with its value."""
    pieces: list[str] = []
    for word in shlex.split(command):
        if pieces and pieces[-1].startswith("--") and not word.startswith("--"):
            pieces[-1] += f" {shlex.quote(word)}"
        else:
            pieces.append(shlex.quote(word))
    return pieces


def _widths(grid: Grid) -> list[int]:
    return [
        max(_text(cell).cell_len for cell in (title.removesuffix(">"), *cells))
        for title, *cells in zip(grid.titles, *grid.rows, strict=True)
    ]


def _narrowest(grid: Grid) -> list[int]:
    narrow = _places(grid, [*grid.shorten, *grid.wrap])
    return [
        min(width, _LEAST) if position in narrow else width
        for position, width in enumerate(_widths(grid))
    ]


def _text(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(printable(cell))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _places(grid: Grid, names: Sequence[str]) -> list[int]:
    titles = [title.removesuffix(">") for title in grid.titles]
    return [titles.index(name) for name in names if name in titles]


def _without(grid: Grid, name: str) -> Grid:
    [place] = _places(grid, [name])
    rows = [[*row[:place], *row[place + 1 :]] for row in grid.rows]
    return replace(grid, titles=[*grid.titles[:place], *grid.titles[place + 1 :]], rows=rows)


def _drawn(grid: Grid, widths: Sequence[int]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for title, width in zip(grid.titles, widths, strict=True):
        name = title.removesuffix(">")
        table.add_column(
            name,
            justify="left" if title == name else "right",
            overflow="fold",
            width=width,
        )
    short = _places(grid, grid.shorten)
    for row in grid.rows:
        table.add_row(
            *(
                _shown(cell, widths[place] if place in short else None)
                for place, cell in enumerate(row)
            )
        )
    return table


def _shown(cell: Cell, width: int | None) -> Text:
    text = _text(cell)
    if width is None or text.cell_len <= width:
        return text
    return Text(shortened(text.plain, width), style=text.style)
