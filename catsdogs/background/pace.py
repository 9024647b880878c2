"""How fast work goes, and how long the rest of it will take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """At the time ``at`` (seconds of any one clock), ``done`` of ``total`` was done.

    Both count in one unit: images, bytes, epochs. A ``total`` of 0 is unknown.
    """

    at: float
    done: float
    total: float = 0


@dataclass(frozen=True)
class Pace:
    """How much is done per second, and the seconds left; None where unknown."""

    per_s: float | None = None
    left_s: float | None = None


def between(first: Sample, last: Sample) -> Pace:
    """Return the mean speed from ``first`` to ``last``, and the time left at that speed.

    A mean over all the time is robust: one slow or fast step moves it little, and it converges. It
    counts from the first sample, not from zero, because cached or downloaded parts took no time.
    Callers that want the current speed pass a recent ``first``.

    Both values are unknown until some time has passed and some work is done.
    """
    elapsed_s, done = last.at - first.at, last.done - first.done
    if elapsed_s <= 0 or done <= 0:
        return Pace()
    left_s = (last.total - last.done) * elapsed_s / done if last.total else None
    return Pace(done / elapsed_s, left_s)
