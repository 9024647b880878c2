"""The looks at a run's locked test set, each counted and dated.

Somebody who looks often and then chooses the best run has chosen by the test set, and its metrics
become optimistic. So a look is on the disk before anybody sees its metrics, in the append-only log
``looks.jsonl`` of the run's folder, and nothing removes it.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from catsdogs.background import event_log
from catsdogs.runs import layout
from catsdogs.runs.result import Count, RunResult
from catsdogs.runs.run import Run
from catsdogs.text import counted


class Measured(Struct, frozen=True, kw_only=True):
    """A value with its 95 % confidence interval."""

    value: float
    low: float
    high: float


class LockedMetrics(Struct, frozen=True, kw_only=True):
    """The metrics on the test set. ``neither`` counts the ``images`` that were refused as neither.

    It is None for a run that cannot say "neither".
    """

    images: Count
    accuracy: Measured
    log_loss: Measured
    balanced_accuracy: Measured | None = None
    neither: Count | None = None


class Look(Struct, frozen=True, kw_only=True):
    """One look: when (ISO 8601), at how many test ``images``, and the command or page.

    ``model`` is the SHA-256 of the model that was measured. ``metrics`` is None for a look at some
    of the test images among others.
    """

    at: str
    images: Count
    by: str
    model: str = ""
    metrics: LockedMetrics | None = None


def append(run: Run, look: Look) -> list[Look]:
    """Keep a look, and return all looks at the run's test set so far.

    Raises:
        OSError: when it cannot be written. Then nobody may see the metrics.
    """
    event_log.append(_log(run), msgspec.to_builtins(look), durable=True)
    return read(run)


def read(run: Run) -> list[Look]:
    """Return the looks at the run's test set, oldest first."""
    if not run.result.test_images:
        return []
    try:
        return event_log.read(_log(run), _decoded)
    except OSError:
        return []


def latest(result: RunResult, looks: Sequence[Look]) -> LockedMetrics | None:
    """Return the metrics of the model of ``result``; None if nobody has looked at them yet."""
    model = result.sha256.get(layout.LITERT_MODEL, "")
    return next(
        (one.metrics for one in reversed(looks) if one.metrics and one.model == model), None
    )


def now() -> str:
    """Return the time of a look."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def said(looks: Sequence[Look]) -> str:
    """Return "looked at 2 times, last on 28 Nov 2026", or "not looked at yet"."""
    if not looks:
        return "not looked at yet"
    return f"looked at {counted(len(looks), 'time')}, last on {day(looks[-1])}"


def day(look: Look) -> str:
    """Return the date of a look, "28 Nov 2026"."""
    return f"{datetime.fromisoformat(look.at):%d %b %Y}"


def _log(run: Run) -> Path:
    return run.folder / layout.LOOKS


def _decoded(line: bytes) -> Look | None:
    try:
        look = msgspec.convert(json.loads(line), Look)
        datetime.fromisoformat(look.at)
    except (ValueError, msgspec.ValidationError, RecursionError):
        return None
    return look
