"""Names, messages and times, made fit to show anywhere: on a page, in a terminal, in a report."""

import re
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# All punctuation but the few that never begin anything: files with names are read as they are, too.
_MARKDOWN = re.compile(r"([!-&(-+\--/:<-@\[-`{-~])")
# What a spreadsheet would compute (OWASP, "CSV Injection"), and what ``cell`` made of that.
_FORMULA = re.compile(r"'*\s*[=+@\t\r-]")


def printable(text: str) -> str:
    """Return ``text`` with control characters and bytes that were no UTF-8 as U+FFFD."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def literal(text: str) -> str:
    """Return Markdown that shows ``text`` as it is: no formatting, links, images or icons."""
    return _MARKDOWN.sub(r"\\\1", printable(text))


def unmarked(text: str) -> str:
    """Return what Plotly shows as ``text``: it takes some HTML in names for markup."""
    return escape(printable(text), quote=False)


def cell(value: Any) -> Any:
    """Return a value of a CSV so that no spreadsheet takes it for a formula: texts, with a "'"."""
    begins = isinstance(value, str) and _FORMULA.match(value)
    return f"'{value}" if begins else value


def from_cell(text: str) -> str:
    """Return what ``cell`` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def csv(table: "pd.DataFrame") -> str:
    """Return a table as CSV (RFC 4180: a line break of either kind inside a cell is quoted)."""
    texts = table.select_dtypes(exclude=["number", "bool"]).columns
    table = table.assign(**{name: table[name].map(cell) for name in texts})
    return table.rename(columns=cell).to_csv(index=False, lineterminator="\r\n")


def counted(number: float, noun: str) -> str:
    """Return "1 image", "2,000 images", "0.5 points"."""
    return f"{number:,g} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return a time as people say it: 42 s, 3 min, 2 h 5 min; "nan s" where it is not known."""
    if not seconds >= 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
