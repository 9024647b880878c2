"""The end of a run's log, safe to show."""

from catsdogs.paths import shortened
from catsdogs.runs import layout
from catsdogs.runs.run import Run
from catsdogs.text import printable

_LINES = 30


def tail(run: Run) -> str:
    """Return the last lines of a run's log; "" when there are none."""
    try:
        lines = (run.folder / layout.LOG).read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(printable(shortened(line)) for line in lines[-_LINES:])
