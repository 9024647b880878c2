"""A run as its events describe it: a pure fold over them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from catsdogs.runs.events import (
    PHASES,
    Batch,
    Checkpoint,
    Ended,
    Epoch,
    Event,
    Launched,
    Phase,
    Queued,
    Resolved,
    Resumed,
    Saved,
    Skipped,
    Split,
    Started,
    State,
    Usage,
    Watched,
    WatchedPhoto,
)
from catsdogs.runs.result import NO_RESULT, RunResult
from catsdogs.system.processes import Identity


@dataclass(frozen=True)
class PhaseView:
    """A phase as its latest event describes it.

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
    """A run as its events describe it. ``state`` does not know yet whether the process is alive."""

    state: State = State.QUEUED
    worker: Identity | None = None
    queued_at: float | None = None
    cluster: str | None = None  # the address of the Ray cluster that it trains on, if any
    is_begun: bool = False  # whether a worker has begun since the run was last queued
    started_at: float | None = None
    ended_at: float | None = None
    extensions: tuple[tuple[int, int], ...] = ()  # after how many epochs, how many more
    resumptions: tuple[Resumed, ...] = ()  # the fits that a second worker continued
    is_restarted: bool = False  # by such a worker, whose fit has not begun yet
    split: Split | None = None
    watched: tuple[WatchedPhoto, ...] = ()
    resolved: dict[str, str] = field(default_factory=dict)  # the values of "auto" settings
    phase: str | None = None
    done: int = 0
    total: int = 0
    phases: dict[str, PhaseView] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)  # since the worker was last started
    best_epoch: int | None = None
    saved: Saved | None = None
    result: RunResult = NO_RESULT
    message: str | None = None
    ending: Ended | None = None  # the last event of a run that has ended

    def epochs_planned(self, configured: int) -> int:
        """Return how many epochs are planned, for a run that was configured for so many."""
        return sum(self.extensions[-1]) if self.extensions else configured


def fold(events: Iterable[Event]) -> RunView:
    """Return the view that ``events``, in order, amount to."""
    folding = Folding()
    for event in events:
        folding.add(event)
    return folding.view()


class Folding:
    """A fold that continues as events arrive. It appends to the lists of a view of its own."""

    def __init__(self) -> None:
        self._view = RunView()

    def add(self, event: Event) -> None:
        """Take in one more event."""
        match event:
            case Batch():
                self._view.batches.append(event)
            case Epoch():
                self._view.epochs.append(event)
            case Skipped():
                self._view.skipped.append(event)
            case Usage():
                self._view.usages.append(event)
            case Resolved():
                self._view.resolved[event.name] = event.value
            case _:
                self._view = _changed(self._view, event)

    def view(self) -> RunView:
        """Return the view of the events so far; later ones do not change it."""
        now = self._view
        return replace(
            now,
            resolved=now.resolved.copy(),
            phases=now.phases.copy(),
            batches=now.batches.copy(),
            epochs=now.epochs.copy(),
            skipped=now.skipped.copy(),
            usages=now.usages.copy(),
        )


def position(event: Batch | Epoch) -> float:
    """Return the position of a batch or an epoch on the axis of epochs; 1.5 is half the second."""
    share = event.step / event.steps if event.step is not None and event.steps else 1.0
    return event.epoch - 1 + share


def _changed(view: RunView, event: Event) -> RunView:
    """Return ``view`` after an event that changes more than a list of it."""
    match event:
        case Queued():
            return _queued(view, event)
        case Started():
            return _started(view, event)
        case Launched():
            # It may come after the worker's own events, even its last; or name a second worker,
            # which found the first one running.
            is_news = view.state is State.QUEUED
            return replace(view, state=State.RUNNING, worker=event.worker) if is_news else view
        case Split():
            return replace(view, split=event)
        case Watched():
            return replace(view, watched=event.photos)
        case Resumed():
            return _resumed(view, event)
        case Phase():
            return _in_phase(view, event)
        case Checkpoint():
            return replace(view, best_epoch=event.epoch)
        case Saved():
            return replace(view, saved=event)
        case Ended():
            return _ended(view, event)
    return view


def _queued(view: RunView, event: Queued) -> RunView:
    extensions = view.extensions
    if event.extend is not None and event.at is not None:
        extensions = (*extensions, (event.at, event.extend))
    # The result stays: until the new worker reports its own, the run keeps the old model.
    return replace(
        view,
        state=State.QUEUED,
        worker=None,
        phase=None,
        ended_at=None,
        message=None,
        ending=None,
        queued_at=event.t,
        cluster=event.cluster,
        is_begun=False,
        extensions=extensions,
        done=0,
        total=0,
        phases={},
        skipped=[],
    )


def _started(view: RunView, event: Started) -> RunView:
    running = replace(view, state=State.RUNNING, worker=event.worker, is_begun=True)
    is_second = view.started_at is not None
    return replace(running, started_at=event.t, is_restarted=is_second, usages=[])


def _resumed(view: RunView, event: Resumed) -> RunView:
    here = event.epoch, event.step
    is_void = view.best_epoch is not None and view.best_epoch >= event.epoch
    return replace(
        view,
        resumptions=(*view.resumptions, event) if view.is_restarted else view.resumptions,
        is_restarted=False,
        batches=[batch for batch in view.batches if (batch.epoch, batch.step) <= here],
        epochs=[epoch for epoch in view.epochs if epoch.epoch < event.epoch],
        best_epoch=None if is_void else view.best_epoch,
    )


def _in_phase(view: RunView, event: Phase) -> RunView:
    if event.name not in PHASES:
        return view
    before = view.phases.get(event.name)
    begun_at, begun_done = event.t, event.done
    if before is not None and before.total == event.total:
        begun_at, begun_done = before.begun_at, before.begun_done
    now = PhaseView(event.done, event.total, event.t, begun_at, begun_done)
    return replace(
        view,
        phase=event.name,
        done=event.done,
        total=event.total,
        phases={**view.phases, event.name: now},
    )


def _ended(view: RunView, event: Ended) -> RunView:
    return replace(
        view,
        state=event.state,
        ended_at=event.t,
        ending=event,
        result=event.result or NO_RESULT,
        message=event.message,
    )
