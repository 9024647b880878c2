"""What a worker reports, and the pure function that turns it into what a page shows.

An event is a JSON object with ``event`` (its kind), ``t`` (Unix seconds) and the fields below:

    queued                                                        by whoever starts the run
    started     pid, pid_started_at                               the worker's first words
    phase       name, done, total                                 decode embed fit evaluate export
    skipped     path, reason                                      a photo that did not decode
    batch       epoch, step, steps, loss, accuracy                training, this batch alone
    epoch       epoch, loss, accuracy, val_loss, val_accuracy
    checkpoint  epoch                                             the best weights so far
    finished | stopped | failed                                   exactly one, and the last
        finished and stopped carry ``result``, failed and an early stopped ``message``
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

PHASES = ("decode", "embed", "fit", "evaluate", "export")
Event = dict[str, Any]


class State(StrEnum):
    """Where a run is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"

    @property
    def is_active(self) -> bool:
        """Whether a worker is, or is about to be, at work."""
        return self in (State.QUEUED, State.RUNNING, State.STOPPING)


@dataclass(frozen=True)
class RunView:
    """A run as its events tell it. ``state`` does not know yet whether the process is alive."""

    state: State = State.QUEUED
    pid: int | None = None
    pid_started_at: float | None = None
    queued_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    phase: str | None = None
    done: int = 0
    total: int = 0
    batches: list[Event] = field(default_factory=list)
    epochs: list[Event] = field(default_factory=list)
    skipped: list[Event] = field(default_factory=list)
    best_epoch: int | None = None
    result: dict[str, Any] | None = None
    message: str | None = None


def fold(events: Iterable[Event]) -> RunView:
    """Return the view that ``events``, in order, amount to. Unknown kinds are passed over."""
    values: dict[str, Any] = {"batches": [], "epochs": [], "skipped": []}
    for event in events:
        handler = _HANDLERS.get(event.get("event", ""))
        if handler is not None:
            handler(values, event)
    return RunView(**values)


def _queued(values: dict[str, Any], event: Event) -> None:
    values.update(state=State.QUEUED, queued_at=event["t"])


def _started(values: dict[str, Any], event: Event) -> None:
    values.update(
        state=State.RUNNING,
        pid=event["pid"],
        pid_started_at=event["pid_started_at"],
        started_at=event["t"],
    )


def _phase(values: dict[str, Any], event: Event) -> None:
    values.update(phase=event["name"], done=event["done"], total=event["total"])


def _batch(values: dict[str, Any], event: Event) -> None:
    values["batches"].append(event)


def _epoch(values: dict[str, Any], event: Event) -> None:
    values["epochs"].append(event)


def _skipped(values: dict[str, Any], event: Event) -> None:
    values["skipped"].append(event)


def _checkpoint(values: dict[str, Any], event: Event) -> None:
    values["best_epoch"] = event["epoch"]


def _ended(values: dict[str, Any], event: Event) -> None:
    values.update(
        state=State(event["event"]),
        ended_at=event["t"],
        result=event.get("result"),
        message=event.get("message"),
    )


_HANDLERS = {
    "queued": _queued,
    "started": _started,
    "phase": _phase,
    "batch": _batch,
    "epoch": _epoch,
    "skipped": _skipped,
    "checkpoint": _checkpoint,
    "finished": _ended,
    "stopped": _ended,
    "failed": _ended,
}
