"""Names and messages that come from outside, made safe to show on a page."""

import re

from catsdogs.text import duration, printable

__all__ = ["duration", "literal", "printable"]
_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")


def literal(text: str) -> str:
    """Return Markdown that shows ``text`` as it is: no formatting, links, images or icons."""
    return _MARKDOWN.sub(r"\\\1", printable(text))
