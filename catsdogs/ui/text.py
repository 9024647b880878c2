"""Names and messages that come from outside, made safe to show."""

import re

_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")


def printable(text: str) -> str:
    """Return ``text`` with control characters and bytes that were no UTF-8 as U+FFFD."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def literal(text: str) -> str:
    """Return Markdown that shows ``text`` as it is: no formatting, links, images or icons."""
    return _MARKDOWN.sub(r"\\\1", printable(text))
