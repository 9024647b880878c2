"""Progress of a command on stderr: live bars on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TextColumn
from rich.table import Column, Table

from catsdogs.background.pace import Pace, Sample, between
from catsdogs.cli.fitting import columns, wrapped
from catsdogs.images.parallel import Progress as Report
from catsdogs.text import printable

_BAR_WIDTH = 28
_REDRAWS_PER_S = 4


@dataclass(frozen=True)
class Line:
    """One piece of work on a terminal: ``done`` of ``total`` (None: unknown), and its texts."""

    title: str
    done: float
    total: float | None
    count: str = ""
    speed: str = ""
    elapsed: str = ""
    left: str = ""


def say(text: str) -> None:
    """Print a message on stderr, whatever characters it holds; a terminal breaks it at words."""
    print(wrapped(one_line(text), columns(sys.stderr), indent="  "), file=sys.stderr)


def one_line(text: str) -> str:
    """Return ``text`` without line breaks and without control characters of a terminal."""
    return printable(" ".join(text.splitlines()))


def is_live() -> bool:
    """Whether stderr is a terminal that can redraw lines."""
    # With FORCE_COLOR, Rich draws live even into a log file.
    return sys.stderr.isatty() and not console().is_dumb_terminal


def console() -> Console:
    """Return a console on stderr, which takes nothing in a text for markup."""
    return Console(stderr=True, markup=False, emoji=False, highlight=False)


@contextmanager
def progress(title: str) -> Iterator[Report]:
    """Yield a ``progress(done, total)``, in images; only a terminal shows it, until it is done."""
    with _bars({title: title}, announced=False) as report:
        yield lambda done, total: report(title, done, total)


@contextmanager
def phases(
    titles: Mapping[str, str], *, in_bytes: bool = False
) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a ``report(phase, done, total)`` that shows each phase, in images or in bytes."""
    with _bars(titles, announced=True, in_bytes=in_bytes) as report:
        yield report


def table(lines: list[Line]) -> Table:
    """Return pieces of work as aligned lines: title, bar, count, speed, time so far, time left."""
    bars = Progress(*_columns(), auto_refresh=False)
    for line in lines:
        bar = bars.add_task(line.title, total=line.total, line=line)
        bars.update(bar, completed=line.done)
    return bars.make_tasks_table(bars.tasks)


def clock(seconds: float) -> str:
    """Return a duration as 3:07, or 1:03:07."""
    minutes, rest = divmod(round(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def time_left(seconds: float | None) -> str:
    """Return the time left as a line shows it; empty while unknown."""
    return "" if seconds is None else f"ETA {clock(seconds)}"


@dataclass
class _Phase:
    """A phase that is drawn live: its texts are those of a ``Line`` at the time of drawing.

    Its speed counts from its first report with a total: what a cache held took no time.
    """

    began: float
    in_bytes: bool
    first: Sample | None = None
    done: int = 0
    total: int = 0
    ended: float | None = None

    def advance(self, done: int, total: int, now: float) -> None:
        self.done, self.total = done, total
        if total and self.first is None:
            self.first = Sample(now, done)

    @property
    def count(self) -> str:
        return f"{self._amount(self.done)}/{self._amount(self.total)}" if self.total else ""

    @property
    def speed(self) -> str:
        per_s = self._pace().per_s
        if per_s is None:
            return ""
        return f"{decimal(int(per_s))}/s" if self.in_bytes else f"{per_s:,.0f} images/s"

    @property
    def elapsed(self) -> str:
        return clock(self._now() - self.began)

    @property
    def left(self) -> str:
        return time_left(self._pace().left_s) if self.ended is None else ""

    def _now(self) -> float:
        return self.ended or time.monotonic()

    def _pace(self) -> Pace:
        if self.first is None:
            return Pace()
        return between(self.first, Sample(self._now(), self.done, self.total))

    def _amount(self, count: int) -> str:
        return decimal(count) if self.in_bytes else f"{count:,}"


@contextmanager
def _bars(
    titles: Mapping[str, str], *, announced: bool, in_bytes: bool = False
) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a ``report(phase, done, total)``.

    ``announced`` phases stay on the terminal, and are named once where there is none.
    """
    if not is_live():
        yield _named(titles if announced else {})
        return
    bars = Progress(
        *_columns(),
        console=console(),
        transient=not announced,
        refresh_per_second=_REDRAWS_PER_S,
    )
    drawn: dict[str, TaskID] = {}

    def report(name: str, done: int, total: int) -> None:
        now = time.monotonic()
        if name not in drawn:
            _end(bars, now)
            phase = _Phase(now, in_bytes)
            drawn[name] = bars.add_task(titles[name], total=None, line=phase)
        bars.tasks[drawn[name]].fields["line"].advance(done, total, now)
        bars.update(drawn[name], completed=done, total=total or None)

    with bars:
        yield report
        _end(bars, time.monotonic())


def _named(titles: Mapping[str, str]) -> Callable[[str, int, int], None]:
    """Return a ``report(phase, done, total)`` that prints the title of each phase once."""
    waiting = dict(titles)

    def report(name: str, done: int, total: int) -> None:
        if name in waiting:
            say(f"{waiting.pop(name)} …")

    return report


def _end(bars: Progress, now: float) -> None:
    """End the phases that are drawn; their clocks stop, and a bar without a total is filled."""
    for bar in bars.tasks:
        phase: _Phase = bar.fields["line"]
        if phase.ended is None:
            phase.ended = now
            if not phase.total:
                bars.update(bar.id, completed=1, total=1)


def _columns() -> list[ProgressColumn]:
    """Return the columns of a line; all but its title and its bar are in the field ``line``."""
    texts = ("count", "speed", "elapsed", "left")
    return [
        # A long title takes two lines where the numbers need the width.
        TextColumn("{task.description}", markup=False, table_column=Column()),
        BarColumn(None, table_column=Column(min_width=8, max_width=_BAR_WIDTH)),
        *(
            TextColumn(f"{{task.fields[line].{text}}}", justify="right", markup=False)
            for text in texts
        ),
    ]
