"""What a worker reports, and the pure function that turns it into what a page shows.

An event is a JSON object in ``events.jsonl``. ``event`` is its kind, ``t`` the Unix time in
seconds; its class lists the other fields. Unknown kinds and damaged events are passed over.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import nan
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from catsdogs.runs.models import DECODE, EMBED, ModelInfo
from catsdogs.runs.result import LARGEST, NO_RESULT, RunResult
from catsdogs.system.processes import Identity

PHASES = (DECODE, EMBED, "fit", "evaluate", "export")
_LATEST = 2**37  # seconds: the year 6325
Whole = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
Steps = Annotated[int, Meta(ge=1, le=LARGEST)]


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


ENDS = (State.FINISHED, State.STOPPED, State.FAILED)


class _Event(
    Struct, frozen=True, kw_only=True, tag_field="event", tag=str.lower, omit_defaults=True
):
    t: float = nan


class Queued(_Event, frozen=True, kw_only=True):
    """Written when a run is queued. ``extend``: for so many epochs more than the ``at`` it has."""

    extend: Whole | None = None
    at: Whole | None = None

    def __post_init__(self) -> None:
        """Refuse an extension that does not say where it begins.

        Raises:
            ValueError: when ``at`` is missing.
        """
        if self.extend is not None and self.at is None:
            raise ValueError("Expected the epoch that an extension begins at. Received: none.")


class Launched(_Event, frozen=True, kw_only=True):
    """Written by the process that takes a run from the queue; names the worker's process."""

    pid: Whole
    pid_started_at: float
    boot_id: str | None = None
    pid_started_ticks: Whole | None = None

    @property
    def worker(self) -> Identity:
        """The worker's process."""
        known = self.boot_id is not None and self.pid_started_ticks is not None
        more = (self.boot_id, self.pid_started_ticks) if known else ()
        return Identity(self.pid, self.pid_started_at, *more)


class Started(Launched, frozen=True, kw_only=True):
    """The worker's first event."""


class Split(_Event, frozen=True, kw_only=True):
    """How many photos are on each side of the split, and which: a hash of the validation side."""

    train: Whole
    validation: Whole
    hash: str


class Resolved(_Event, frozen=True, kw_only=True):
    """The value that the setting ``name`` has in this run where "auto" was asked for."""

    name: str
    value: str


class Resumed(_Event, frozen=True, kw_only=True):
    """The fit continues here: later batches and epochs are void."""

    epoch: Whole
    step: Whole


class Phase(_Event, frozen=True, kw_only=True):
    """The progress of a phase, one of ``PHASES``: ``done`` of ``total``, 0 where unknown."""

    name: str
    done: Whole
    total: Whole


class Skipped(_Event, frozen=True, kw_only=True):
    """A photo that did not decode."""

    path: str
    reason: str


class Batch(_Event, frozen=True, kw_only=True):
    """Training metrics of the batches since the last report, up to ``step`` of ``steps``."""

    epoch: Whole
    step: Whole
    steps: Steps
    loss: float
    accuracy: float


class Epoch(_Event, frozen=True, kw_only=True):
    """The metrics of an epoch. ``step`` below ``steps``: a stop request cut it short."""

    epoch: Whole
    step: Whole | None = None
    steps: Steps | None = None
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float

    @property
    def is_cut_short(self) -> bool:
        """Whether a stop request ended it early."""
        return (self.step or 0) < (self.steps or 0)


class Checkpoint(_Event, frozen=True, kw_only=True):
    """The weights of this epoch are the best so far."""

    epoch: Whole


class Saved(_Event, frozen=True, kw_only=True):
    """Everything that a resume needs is on disk."""

    epoch: Whole
    step: Whole


class Ended(_Event, frozen=True, kw_only=True):
    """The last event, unless the run is queued again.

    ``epochs`` of ``planned`` are done. ``message`` says why it ended where there is a reason.
    """

    result: RunResult | None = None
    message: str | None = None
    epochs: Whole | None = None
    planned: Whole | None = None

    @property
    def state(self) -> State:
        """The state that the run is in from now on."""
        return State(str(self.__struct_config__.tag))


class Finished(Ended, frozen=True, kw_only=True):
    """All epochs are done."""


class Stopped(Ended, frozen=True, kw_only=True):
    """A stop request ended the run."""


class Failed(Ended, frozen=True, kw_only=True):
    """An error ended the run."""


Event = (
    Queued
    | Launched
    | Started
    | Split
    | Resolved
    | Resumed
    | Phase
    | Skipped
    | Batch
    | Epoch
    | Checkpoint
    | Saved
    | Finished
    | Stopped
    | Failed
)


def parsed(values: Mapping[str, Any]) -> Event | None:
    """Return the event that a JSON object stands for; None for an unknown or a damaged one."""
    try:
        event: Event = msgspec.convert(values, Event)
    except (msgspec.ValidationError, OverflowError):
        return None
    return event if 0 <= event.t <= _LATEST else None


def to_json(event: Event) -> dict[str, Any]:
    """Return an event as the JSON object that ``parsed`` reads."""
    values: dict[str, Any] = msgspec.to_builtins(event)
    return values


@dataclass(frozen=True)
class PhaseView:
    """A phase as its latest event tells it.

    It counts from ``begun_at`` and ``begun_done``, its first report with this total: rows that a
    cache already held took no time.
    """

    done: int
    total: int
    t: float
    begun_at: float
    begun_done: int


@dataclass(frozen=True)
class RunView:
    """A run as its events tell it. ``state`` does not know yet whether the process is alive."""

    state: State = State.QUEUED
    worker: Identity | None = None
    queued_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    extensions: tuple[tuple[int, int], ...] = ()  # after how many epochs, how many more
    split: Split | None = None
    resolved: dict[str, str] = field(default_factory=dict)  # the values of "auto" settings
    phase: str | None = None
    done: int = 0
    total: int = 0
    phases: dict[str, PhaseView] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    best_epoch: int | None = None
    saved: Saved | None = None
    result: RunResult = NO_RESULT
    message: str | None = None
    ending: Ended | None = None  # the last event of a run that has ended

    def epochs_planned(self, configured: int) -> int:
        """Return how many epochs the run is to have, if it was configured for so many."""
        return sum(self.extensions[-1]) if self.extensions else configured


def fold(events: Iterable[Event]) -> RunView:
    """Return the view that ``events``, in order, amount to."""
    folding = Folding()
    for event in events:
        folding.add(event)
    return folding.view()


class Folding:
    """A fold that continues as events arrive."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {
            **{"batches": [], "epochs": [], "skipped": []},
            **{"resolved": {}, "phases": {}},
        }

    def add(self, event: Event) -> None:
        """Take in one more event."""
        _fold(self._values, event)

    def view(self) -> RunView:
        """Return what the events so far amount to; later ones do not change it."""
        copies = {n: v.copy() for n, v in self._values.items() if isinstance(v, list | dict)}
        return RunView(**{**self._values, **copies})


def phases_of(model: ModelInfo) -> tuple[str, ...]:
    """Return the phases that a run of ``model`` goes through, in order."""
    return tuple(name for name in PHASES if name not in (DECODE, EMBED) or name == model.preparing)


def position(event: Batch | Epoch) -> float:
    """Return where a batch or an epoch stands on the axis of epochs; 1.5 is half the second."""
    share = event.step / event.steps if event.step is not None and event.steps else 1.0
    return event.epoch - 1 + share


def _fold(values: dict[str, Any], event: Event) -> None:
    match event:
        case Queued():
            _queued(values, event)
        case Started():
            values.update(state=State.RUNNING, worker=event.worker, started_at=event.t)
        case Launched():
            # It may come after the worker's own events, even its last; or name a second worker,
            # which found the first one running.
            if values.get("state", State.QUEUED) is State.QUEUED:
                values.update(state=State.RUNNING, worker=event.worker)
        case Split():
            values["split"] = event
        case Resolved():
            values["resolved"][event.name] = event.value
        case Resumed():
            _resumed(values, event)
        case Phase():
            _phase(values, event)
        case Batch():
            values["batches"].append(event)
        case Epoch():
            values["epochs"].append(event)
        case Skipped():
            values["skipped"].append(event)
        case Checkpoint():
            values["best_epoch"] = event.epoch
        case Saved():
            values["saved"] = event
        case _:
            _ended(values, event)


def _queued(values: dict[str, Any], event: Queued) -> None:
    if event.extend is not None:
        extension = event.at, event.extend
        values["extensions"] = (*values.get("extensions", ()), extension)
    values.update(state=State.QUEUED, queued_at=event.t, done=0, total=0, phases={}, skipped=[])
    # The result stays: until the new worker reports its own, the run keeps the old model.
    values.update(dict.fromkeys(("worker", "phase", "ended_at", "message", "ending")))


def _resumed(values: dict[str, Any], event: Resumed) -> None:
    here = event.epoch, event.step
    values["batches"] = [e for e in values["batches"] if (e.epoch, e.step) <= here]
    values["epochs"] = [e for e in values["epochs"] if e.epoch < event.epoch]
    best = values.get("best_epoch")
    if best is not None and best >= event.epoch:
        values["best_epoch"] = None


def _phase(values: dict[str, Any], event: Phase) -> None:
    if event.name not in PHASES:
        return
    values.update(phase=event.name, done=event.done, total=event.total)
    before: PhaseView | None = values["phases"].get(event.name)
    begun_at, begun_done = event.t, event.done
    if before is not None and before.total == event.total:
        begun_at, begun_done = before.begun_at, before.begun_done
    values["phases"][event.name] = PhaseView(event.done, event.total, event.t, begun_at, begun_done)


def _ended(values: dict[str, Any], event: Ended) -> None:
    values.update(
        state=event.state,
        ended_at=event.t,
        ending=event,
        result=event.result or NO_RESULT,
        message=event.message,
    )
