"""The text that people read on stdout; programs ask for JSON instead.

A text is a list of parts, each fitted to the terminal. Names and messages from outside are shown
literally: they cannot format or colour anything.
"""

import io
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from catsdogs.cli.fitting import Grid, columns, command_lines, fitted, wrapped
from catsdogs.text import duration, printable


@dataclass(frozen=True)
class ShellCommand:
    """A command that people copy into a terminal."""

    text: str


# Facts, a table, a sentence, or a command.
Readable = list[Table | Grid | Text | ShellCommand]
# A pipe has no width, so nothing is wrapped or cut.
_NO_WIDTH = 100_000
_MOST_ROWS = 20


def show(parts: Readable) -> None:
    """Print a text on stdout."""
    width = columns(sys.stdout)
    console = Console(
        markup=False,
        emoji=False,
        highlight=False,
        force_terminal=sys.stdout.isatty(),
        width=width or _NO_WIDTH,
    )
    with console.capture() as captured:
        for number, part in enumerate(parts):
            if number and isinstance(part, Table | Grid):
                console.print()
            console.print(_drawn(part, width), soft_wrap=isinstance(part, Text | ShellCommand))
    # Tables are padded with spaces up to their width.
    write("".join(f"{line.rstrip()}\n" for line in captured.get().split("\n")[:-1]))


def write(text: str) -> None:
    """Write to stdout, whatever characters it lacks, and even if its reader has gone."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Some terminals, and older Windows pipes, lack some characters.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        # The reader closed the pipe. Python still flushes at exit, so give it somewhere to write.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _drawn(part: Table | Grid | Text | ShellCommand, width: int | None) -> Table | Text:
    if isinstance(part, Grid):
        return fitted(part, width)
    if isinstance(part, ShellCommand):
        return Text(command_lines(printable(part.text), width))
    return Text(wrapped(part.plain, width)) if isinstance(part, Text) else part


def facts(values: Mapping[str, object]) -> Table:
    """Return "name  value" lines; None values are left out."""
    grid = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in values.items():
        if value is not None:
            grid.add_row(name, cell(value))
    return grid


def percent(share: float, digits: int = 2) -> str:
    """Return a share of 1 as "98.84 %"."""
    return f"{share * 100:.{digits}f} %"


def plain(text: str) -> str:
    """Return ``text`` with the ordinary spaces of a terminal, where pages have others."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def listed(titles: Sequence[str], rows: Sequence[Sequence[str]], **fit: Sequence[str]) -> Readable:
    """Return a table of the first rows, and how many more there are."""
    more = len(rows) - _MOST_ROWS
    return [
        Grid(titles, rows[:_MOST_ROWS], **fit),
        *([Text(f"and {more:,} more; --json lists them all")] if more > 0 else []),
    ]


def unreadable_files(failed: list[dict[str, str]]) -> Readable:
    """Return a table of files with the reason for each."""
    rows = [(entry["path"], entry.get("detail") or entry["reason"]) for entry in failed]
    return with_reasons("Unreadable", rows)


def with_reasons(title: str, rows: Sequence[tuple[str, str]]) -> Readable:
    """Return a table of names with a reason each; nothing without rows."""
    return listed((title, "Why"), rows, shorten=(title,), wrap=("Why",)) if rows else []


def readable(seconds: float) -> str:
    """Return a duration: 3.2 s, 42 s, 3 min."""
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)


def cell(value: object) -> Text:
    """Return a value as printable text."""
    return Text(printable(str(value)))
