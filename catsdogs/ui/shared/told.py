"""What a page tells of errors, paths and names that come from outside."""

from catsdogs.paths import shortened
from catsdogs.text import literal


def told(what: object) -> str:
    """Return Markdown that shows ``what`` as it is, without where this machine keeps its files."""
    return literal(shortened(str(what)))
