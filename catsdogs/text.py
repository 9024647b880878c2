"""Names, messages and times, made safe to show on a page, in a terminal and in a report."""

import re
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# All punctuation except the few characters that never start Markdown: people also read the escaped
# names in files.
_MARKDOWN = re.compile(r"([!-&(-+\--/:<-@\[-`{-~])")
_LEAST_SHARE = 0.001  # what a page shows with one decimal
# A text that a spreadsheet would compute (OWASP, "CSV Injection"), with or without the "'" that
# ``cell`` puts before it.
_FORMULA = re.compile(r"'*\s*[=+@\t\r-]")


def printable(text: str) -> str:
    """Return ``text`` with U+FFFD for control characters and for bytes that are not UTF-8."""
    return "".join(char if _is_printable(char) else "\N{REPLACEMENT CHARACTER}" for char in text)


def _is_printable(char: str) -> bool:
    # Python counts only the ordinary space as printable; ``percent`` uses another.
    return char.isprintable() or char == "\N{NO-BREAK SPACE}"


def literal(text: str) -> str:
    """Return Markdown that shows ``text`` unchanged: no formatting, links, images or icons."""
    return _MARKDOWN.sub(r"\\\1", printable(text))


def unmarked(text: str) -> str:
    """Return ``text`` escaped for Plotly, which interprets some HTML in names as markup."""
    return escape(printable(text), quote=False)


def cell(value: Any) -> Any:
    """Return a CSV value that no spreadsheet computes: a text like a formula begins with "'"."""
    begins = isinstance(value, str) and _FORMULA.match(value)
    return f"'{value}" if begins else value


def from_cell(text: str) -> str:
    """Return the text that ``cell`` was called with."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def csv(table: "pd.DataFrame") -> str:
    """Return a table as CSV (RFC 4180). A cell with a line break, LF or CRLF, is quoted."""
    texts = table.select_dtypes(exclude=["number", "bool"]).columns
    table = table.assign(**{name: table[name].map(cell) for name in texts})
    return table.rename(columns=cell).to_csv(index=False, lineterminator="\r\n")


def capital(words: str) -> str:
    """Return a phrase with a capital letter in front; the others stay as they are."""
    return f"{words[:1].upper()}{words[1:]}"


def counted(number: float, noun: str) -> str:
    """Return "1 image", "2,000 images", "0.5 points"."""
    # "g" writes a million images as 1e+06.
    written = f"{number:,}" if isinstance(number, int) else f"{number:,g}"
    return f"{written} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return a duration in a readable form: 42 s, 3 min, 2 h 5 min; "nan s" if it is unknown."""
    if not seconds >= 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def percent(share: float) -> str:
    """Return a probability or a share of photos: 98.8 %; never 0.0 % or 100.0 % by rounding."""
    if 0 < share < _LEAST_SHARE:
        return f"< {_LEAST_SHARE:.1%}".replace("%", "\u00a0%")
    if 1 - _LEAST_SHARE < share < 1:
        return f"> {1 - _LEAST_SHARE:.1%}".replace("%", "\u00a0%")
    return f"{share:.1%}".replace("%", "\u00a0%")


def answer(label: str, probability: float, *, is_right: bool | None = None) -> str:
    """Return "cat 99.9 % ✓": a label, its probability and, where the truth is known, a mark."""
    mark = "" if is_right is None else " ✓" if is_right else " ✗"
    return f"{label} {percent(probability)}{mark}"
