"""What a worker reports, and the pure function that turns it into what a page shows.

An event is a JSON object with ``event`` (its kind), ``t`` (Unix seconds) and the fields below:

    queued      extend, at                          by whoever queues it; ``extend``: so many
                                                    epochs more than the ``at`` it has
    launched    pid, pid_started_at, boot_id,       by whoever takes it from the queue; the last
                pid_started_ticks                   two, ``processes.Identity``, where Linux says so
    started     the same                            the worker's first words
    split       train, validation, hash             how many photos on each side, and which
    resolved    name, value                         what the setting "auto" stands for in this run
    resumed     epoch, step                         the fit goes on here: what is beyond is void
    phase       name, done, total                   decode embed fit evaluate export
    skipped     path, reason                        a photo that did not decode
    batch       epoch, step, steps, loss, accuracy  training, the batches since the last report
    epoch       epoch, step, steps, loss, accuracy, val_loss, val_accuracy
                                                    ``step`` < ``steps``: a stop cut it short
    checkpoint  epoch                               the best weights so far
    saved       epoch, step                         all that a resume needs is on disk
    finished | stopped | failed                     the last, unless the run is queued again
        finished and stopped carry ``result``, failed and an early stopped ``message``
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from catsdogs.runs.models import DECODE, EMBED, ModelInfo

PHASES = (DECODE, EMBED, "fit", "evaluate", "export")
Event = dict[str, Any]
# What the fold, and a page that shows its view, take for granted.
_NUMBER = int | float
_PROCESS = {"pid": int, "pid_started_at": _NUMBER}
_WORKER = (*_PROCESS, "boot_id", "pid_started_ticks")
_PLACE = {"epoch": int, "step": int}
_FIGURES = {"loss": _NUMBER, "accuracy": _NUMBER}
_REQUIRED: dict[str, dict[str, Any]] = {
    "launched": _PROCESS,
    "started": _PROCESS,
    "split": {"train": int, "validation": int, "hash": str},
    "resolved": {"name": str, "value": str},
    "resumed": _PLACE,
    "phase": {"name": str, "done": int, "total": int},
    "skipped": {"path": str, "reason": str},
    "batch": {**_PLACE, "steps": int, **_FIGURES},
    "epoch": {"epoch": int, **_FIGURES, "val_loss": _NUMBER, "val_accuracy": _NUMBER},
    "checkpoint": {"epoch": int},
    "saved": _PLACE,
}
_LARGEST, _LATEST = 2**63, 2**37  # seconds: the year 6325
_COUNTS, _TIMES = ("train_images", "val_images", "parameters", "model_bytes"), ("latency_ms",)
_SIZES = (*_COUNTS, *_TIMES)
_RESULT: dict[str, Any] = {
    **dict.fromkeys(_COUNTS, int),
    **dict.fromkeys(("val_accuracy", "val_loss", *_TIMES), _NUMBER),
    **dict.fromkeys(("seconds", "sha256", "calibration"), dict),
    "weights": str,
}
_OPTIONAL = {
    **dict.fromkeys(("step", "steps", "extend", "at", "epochs", "planned"), int),
    "result": dict | None,
    "message": str | None,
    "boot_id": str,
    "pid_started_ticks": int,
}


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


@dataclass(frozen=True)
class RunView:
    """A run as its events tell it. ``state`` does not know yet whether the process is alive."""

    state: State = State.QUEUED
    pid: int | None = None
    pid_started_at: float | None = None
    boot_id: str | None = None
    pid_started_ticks: int | None = None
    queued_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    extensions: tuple[tuple[int, int], ...] = ()  # after how many epochs, how many more
    split: Event | None = None
    resolved: dict[str, str] = field(default_factory=dict)  # what "auto" settings stand for
    phase: str | None = None
    done: int = 0
    total: int = 0
    phases: dict[str, Event] = field(default_factory=dict)  # the latest event of each phase
    batches: list[Event] = field(default_factory=list)
    epochs: list[Event] = field(default_factory=list)
    skipped: list[Event] = field(default_factory=list)
    best_epoch: int | None = None
    saved: Event | None = None
    result: dict[str, Any] | None = None
    message: str | None = None
    ending: Event | None = None  # the last event of a run that has ended

    def epochs_planned(self, configured: int) -> int:
        """Return how many epochs the run is to have, if it was configured for so many."""
        return sum(self.extensions[-1]) if self.extensions else configured


def fold(events: Iterable[Event]) -> RunView:
    """Return the view that ``events``, in order, amount to. Unknown kinds are passed over."""
    folding = Folding()
    for event in events:
        folding.add(event)
    return folding.view()


class Folding:
    """A fold that goes on as events arrive."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {
            **{"batches": [], "epochs": [], "skipped": []},
            **{"resolved": {}, "phases": {}},
        }

    def add(self, event: Event) -> None:
        """Take one more event in; one of another version, or a damaged one, is passed over."""
        if is_sound(event):
            _HANDLERS[event["event"]](self._values, event)

    def view(self) -> RunView:
        """Return what the events so far amount to; later ones do not change it."""
        copies = {n: v.copy() for n, v in self._values.items() if isinstance(v, list | dict)}
        return RunView(**{**self._values, **copies})


def is_sound(event: Event) -> bool:
    """Tell whether an event is of a known kind and has its fields, each of its type."""
    kind = event.get("event")
    if not isinstance(kind, str) or kind not in _HANDLERS:
        return False
    required = {"t": _NUMBER, **_REQUIRED.get(kind, {})}
    if "extend" in event:
        required["at"] = int
    optional = {name: kinds for name, kinds in _OPTIONAL.items() if name in event}
    if not all(_is_a(event.get(n), kinds) for n, kinds in (required | optional).items()):
        return False
    is_timed = 0 <= event["t"] <= _LATEST
    return is_timed and event.get("steps", 1) >= 1 and _is_sound_result(event.get("result"))


def _is_sound_result(result: dict[str, Any] | None) -> bool:
    """Tell whether the figures of a run are such that pages can compute with them."""
    if not result:
        return True
    known = {name: kinds for name, kinds in _RESULT.items() if name in result}
    if not all(_is_a(result[name], kinds) for name, kinds in known.items()):
        return False
    took, calibration = result.get("seconds", {}), result.get("calibration", {})
    sizes = [*took.values(), *(result[name] for name in _SIZES if name in result)]
    return (
        all(_is_a(number, _NUMBER) for number in (*sizes, *calibration.values()))
        and all(0 <= size <= _LARGEST for size in sizes)
        and calibration.get("temperature", 1) > 0
        and all(isinstance(value, str) for value in result.get("sha256", {}).values())
        and 0 <= result.get("val_accuracy", 0) <= 1
        and result.get("val_images", 1) >= 1
    )


def _is_a(value: Any, kinds: Any) -> bool:
    if isinstance(value, bool):  # Which Python counts among the whole numbers.
        return False
    # A larger whole number is none of a run's, and no chart can draw it.
    return isinstance(value, kinds) and not (isinstance(value, int) and abs(value) > _LARGEST)


def phases_of(model: ModelInfo) -> tuple[str, ...]:
    """Return the phases that a run of ``model`` goes through, in order."""
    return tuple(name for name in PHASES if name not in (DECODE, EMBED) or name == model.preparing)


def position(event: Event) -> float:
    """Return where a batch or an epoch stands on the axis of epochs; 1.5 is half the second."""
    share = event["step"] / event["steps"] if "step" in event else 1.0
    return event["epoch"] - 1 + share


def _queued(values: dict[str, Any], event: Event) -> None:
    if "extend" in event:
        extension = event["at"], event["extend"]
        values["extensions"] = (*values.get("extensions", ()), extension)
    values.update(state=State.QUEUED, queued_at=event["t"], done=0, total=0, phases={}, skipped=[])
    # The result stays: until the new worker tells of its own, the old model is kept.
    ended = ("ended_at", "message", "ending")
    values.update(dict.fromkeys((*_WORKER, "phase", *ended)))


def _launched(values: dict[str, Any], event: Event) -> None:
    # It may come after the worker's own words, even its last, or tell of a second worker that found
    # the first at work.
    if values.get("state", State.QUEUED) is State.QUEUED:
        _take(values, event)


def _started(values: dict[str, Any], event: Event) -> None:
    _take(values, event)
    values.update(started_at=event["t"])


def _take(values: dict[str, Any], event: Event) -> None:
    values.update(state=State.RUNNING, **{name: event.get(name) for name in _WORKER})


def _split(values: dict[str, Any], event: Event) -> None:
    values.update(split=event)


def _resolved(values: dict[str, Any], event: Event) -> None:
    values["resolved"][event["name"]] = event["value"]


def _resumed(values: dict[str, Any], event: Event) -> None:
    here = event["epoch"], event["step"]
    values["batches"] = [e for e in values["batches"] if (e["epoch"], e["step"]) <= here]
    values["epochs"] = [e for e in values["epochs"] if e["epoch"] < event["epoch"]]
    best = values.get("best_epoch")
    if best is not None and best >= event["epoch"]:
        values["best_epoch"] = None


def _phase(values: dict[str, Any], event: Event) -> None:
    if event["name"] not in PHASES:
        return
    values.update(phase=event["name"], done=event["done"], total=event["total"])
    before = values["phases"].get(event["name"])
    # A phase counts from its first report with a total: what a cache held before took no time.
    goes_on = before is not None and before["total"] == event["total"]
    begun = before if goes_on else {"begun_at": event["t"], "begun_done": event["done"]}
    kept = {name: begun[name] for name in ("begun_at", "begun_done")}
    values["phases"][event["name"]] = {**event, **kept}


def _batch(values: dict[str, Any], event: Event) -> None:
    values["batches"].append(event)


def _epoch(values: dict[str, Any], event: Event) -> None:
    values["epochs"].append(event)


def _skipped(values: dict[str, Any], event: Event) -> None:
    values["skipped"].append(event)


def _checkpoint(values: dict[str, Any], event: Event) -> None:
    values["best_epoch"] = event["epoch"]


def _saved(values: dict[str, Any], event: Event) -> None:
    values["saved"] = event


def _ended(values: dict[str, Any], event: Event) -> None:
    values.update(
        state=State(event["event"]),
        ended_at=event["t"],
        ending=event,
        result=event.get("result"),
        message=event.get("message"),
    )


_HANDLERS = {
    "queued": _queued,
    "launched": _launched,
    "started": _started,
    "split": _split,
    "resolved": _resolved,
    "resumed": _resumed,
    "phase": _phase,
    "batch": _batch,
    "epoch": _epoch,
    "skipped": _skipped,
    "checkpoint": _checkpoint,
    "saved": _saved,
    "finished": _ended,
    "stopped": _ended,
    "failed": _ended,
}
