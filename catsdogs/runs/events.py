"""The events that a run's worker reports, one class for each kind.

An event is a JSON object in ``events.jsonl``. ``event`` is its kind, ``t`` the Unix time in
seconds; its class lists the other fields. Unknown kinds and damaged events are skipped.
"""

from collections.abc import Mapping
from enum import StrEnum
from math import nan
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from catsdogs.dataset.balance import Balance
from catsdogs.labels import PETS, Classes
from catsdogs.runs.models import DECODE, EMBED, ModelInfo
from catsdogs.runs.result import LARGEST, Count, RunResult, Share
from catsdogs.system.processes import Identity

PHASES = (DECODE, EMBED, "fit", "evaluate", "export")
_LATEST = 2**37  # seconds: the year 6325
Whole = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
Label = Annotated[int, Meta(ge=0, le=1)]
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
        """Whether a worker is running or will be started."""
        return self in (State.QUEUED, State.RUNNING, State.STOPPING)


class _Event(
    Struct, frozen=True, kw_only=True, tag_field="event", tag=str.lower, omit_defaults=True
):
    t: float = nan


class Queued(_Event, frozen=True, kw_only=True):
    """Written when a run is queued. ``extend`` more epochs follow the first ``at``.

    ``cluster`` is the address of the Ray cluster that it trains on; None for this machine.
    """

    extend: Whole | None = None
    at: Whole | None = None
    cluster: str | None = None

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
    """How many photos are on each side of the split, and hashes of the last two sides.

    ``hash`` is that of the validation side. ``left_out`` counts the photos with a copy on another
    side of the dataset's own split. Older versions did not count the dogs. ``classes`` are those
    of a run on two of its own.
    """

    train: Whole
    validation: Whole
    hash: str
    test: Whole = 0
    test_hash: str = ""
    left_out: Whole = 0
    train_dogs: Whole | None = None
    validation_dogs: Whole | None = None
    classes: Classes | UnsetType = UNSET

    @property
    def balance(self) -> Balance | None:
        """The classes of the validation side, where they are known."""
        classes = PETS if isinstance(self.classes, UnsetType) else self.classes
        return Balance.of(self.validation, self.validation_dogs, classes)


class Resolved(_Event, frozen=True, kw_only=True):
    """The value that the setting ``name`` has in this run where "auto" was asked for."""

    name: str
    value: str


class Resumed(_Event, frozen=True, kw_only=True):
    """The fit continues here: later batches and epochs are void."""

    epoch: Whole
    step: Whole


class WatchedPhoto(Struct, frozen=True, kw_only=True):
    """A validation photo: its path in the dataset, its content's digest, its label."""

    path: str
    digest: Digest
    label: Label


class Watched(_Event, frozen=True, kw_only=True):
    """The photos whose P(dog) each epoch reports, in this order."""

    photos: tuple[WatchedPhoto, ...]


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
    """The metrics of an epoch. ``step`` below ``steps``: a stop request cut it short.

    ``watched`` holds the P(dog) of each watched photo, nothing in runs of older versions.
    ``val_balanced_accuracy`` is None in those too, and for photos of one class.
    """

    epoch: Whole
    step: Whole | None = None
    steps: Steps | None = None
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    val_balanced_accuracy: float | None = None
    watched: tuple[Share, ...] = ()

    @property
    def is_cut_short(self) -> bool:
        """Whether a stop request ended it early."""
        return (self.step or 0) < (self.steps or 0)


class Checkpoint(_Event, frozen=True, kw_only=True):
    """The weights of this epoch are the best so far."""

    epoch: Whole


class Usage(_Event, frozen=True, kw_only=True):
    """The worker's use of the machine: processor cores since the last report, memory now.

    ``gpu`` is the mean share of the NVIDIA GPUs that computes, and ``gpu_memory_bytes`` the memory
    that all programs take on them; None where there are none.
    """

    cores: Annotated[float, Meta(ge=0)]
    memory_bytes: Count
    gpu: Share | None = None
    gpu_memory_bytes: Count | None = None


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
    | Watched
    | Phase
    | Skipped
    | Batch
    | Epoch
    | Checkpoint
    | Usage
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


def phases_of(model: ModelInfo) -> tuple[str, ...]:
    """Return the phases that a run of ``model`` goes through, in order."""
    return tuple(name for name in PHASES if name not in (DECODE, EMBED) or name == model.preparing)
