"""Text from outside, such as errors, paths and names, made safe to show as Markdown."""

from catsdogs.paths import shortened
from catsdogs.text import literal


def verbatim(what: object) -> str:
    """Return Markdown that shows ``what`` as it is, without the folders of this machine."""
    return literal(shortened(str(what)))
