"""What a command says on stderr while it works: live bars on a terminal, else plain lines."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.filesize import decimal
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from catsdogs.images.parallel import Progress
from catsdogs.text import printable

_BAR_WIDTH = 28


@dataclass(frozen=True)
class Line:
    """One piece of work on a terminal: ``done`` of ``total``, None: nobody knows."""

    title: str
    done: float
    total: float | None
    count: str = ""
    speed: str = ""
    elapsed_s: float = 0.0
    left_s: float | None = None
    at_work: bool = True


def say(text: str) -> None:
    """Print one line on stderr, whatever characters the text holds."""
    print(one_line(text), file=sys.stderr)


def one_line(text: str) -> str:
    """Return ``text`` without line breaks and without anything that a terminal would obey."""
    return printable(" ".join(text.splitlines()))


def is_live() -> bool:
    """Whether stderr is a terminal on which lines can be drawn anew."""
    # Rich takes FORCE_COLOR for a terminal; a log file is none.
    return sys.stderr.isatty() and not console().is_dumb_terminal


def console() -> Console:
    """Return stderr as Rich draws on it; nothing in a text is taken for markup."""
    return Console(stderr=True, markup=False, emoji=False, highlight=False)


@contextmanager
def progress(title: str) -> Iterator[Progress]:
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
    """Return work as aligned lines: title, bar, count, speed, time so far, time left."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(min_width=8, max_width=_BAR_WIDTH)
    for _ in range(4):
        grid.add_column(no_wrap=True, justify="right")
    for line in lines:
        left = f"ETA {clock(line.left_s)}" if line.at_work and line.left_s is not None else ""
        grid.add_row(line.title, _bar(line), line.count, line.speed, clock(line.elapsed_s), left)
    return grid


def clock(seconds: float) -> str:
    """Return a time as 3:07, or 1:03:07."""
    minutes, rest = divmod(round(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@dataclass
class _Count:
    """How far a phase is. Its speed counts from its first report: a cache took no time."""

    began: float
    first: tuple[float, int] | None = None
    done: int = 0
    total: int = 0
    ended: float | None = None

    def advance(self, done: int, total: int, now: float) -> None:
        self.done, self.total = done, total
        if total and self.first is None:
            self.first = now, done

    def line(self, title: str, *, in_bytes: bool) -> Line:
        now = self.ended or time.monotonic()
        since, begun = self.first or (now, self.done)
        speed = (self.done - begun) / (now - since) if now > since else 0.0
        amount = decimal if in_bytes else "{:,}".format
        over = self.ended is not None
        return Line(
            title,
            1 if over and not self.total else self.done,
            self.total or (1 if over else None),
            f"{amount(self.done)}/{amount(self.total)}" if self.total else "",
            (f"{decimal(int(speed))}/s" if in_bytes else f"{speed:,.0f} images/s") if speed else "",
            now - self.began,
            (self.total - self.done) / speed if speed else None,
            not over,
        )


@contextmanager
def _bars(
    titles: Mapping[str, str], *, announced: bool, in_bytes: bool = False
) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a reporter of phases; ``announced`` ones stay, and are named off a terminal, too."""
    counts: dict[str, _Count] = {}

    def report(name: str, done: int, total: int) -> None:
        now = time.monotonic()
        if name not in counts:
            _end(counts, now)
            counts[name] = _Count(now)
            if announced and not live:
                say(f"{titles[name]} …")
        counts[name].advance(done, total, now)

    def draw() -> Table:
        lines = [count.line(titles[name], in_bytes=in_bytes) for name, count in counts.items()]
        return table(lines)

    live = is_live()
    if not live:
        yield report
        return
    with Live(get_renderable=draw, console=console(), transient=not announced):
        yield report
        _end(counts, time.monotonic())


def _end(counts: dict[str, _Count], now: float) -> None:
    for count in counts.values():
        count.ended = count.ended or now


def _bar(line: Line) -> ProgressBar:
    pulses = line.total is None and line.at_work
    return ProgressBar(
        total=line.total or (None if pulses else 1), completed=line.done, pulse=pulses
    )
