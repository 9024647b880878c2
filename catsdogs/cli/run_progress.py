"""A run that a command follows: its phases, epochs and metrics, as the Train page shows them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import takewhile
from typing import Any

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table

from catsdogs.cli import progress
from catsdogs.cli.progress import Line
from catsdogs.cli.tables import percent, plain
from catsdogs.dataset.balance import Balance
from catsdogs.runs import store
from catsdogs.runs.events import PHASES, Epoch, State
from catsdogs.runs.pace import pace
from catsdogs.runs.queue import in_queue
from catsdogs.runs.range_test import smoothed
from catsdogs.runs.run import Run
from catsdogs.runs.view import PhaseView, RunView, position
from catsdogs.text import counted

_STARTING = "starting: TensorFlow takes a few seconds to load"
_STOPPING = "stopping …"
_HOW_TO_KILL = "the best weights are kept; press Ctrl-C again to end it at once"
_COUNT_QUEUE_EVERY_S = 1.0
Report = Callable[[Run], None]


@contextmanager
def watching() -> Iterator[Report]:
    """Yield a ``report(run)`` for ``queue.follow``: live on a terminal, plain lines elsewhere."""
    if not progress.is_live():
        yield _printer(progress.say, lambda run: [*_lasting_lines(run), *_passing_lines(run)])
        return
    stderr = progress.console()
    followed: list[Run] = []
    queue = _Queue()

    def draw() -> RenderableType:
        return picture(followed[-1], time.time(), queue.before) if followed else ""

    with Live(get_renderable=draw, console=stderr, redirect_stdout=False):
        lasting = _printer(lambda text: stderr.print(progress.one_line(text)), _lasting_lines)

        def report(run: Run) -> None:
            lasting(run)
            followed[:] = [run]

        yield report


def picture(run: Run, now: float, before: Callable[[Run], int]) -> RenderableType:
    """Return the run at the Unix time ``now``: a line per phase, its metrics, its turn.

    ``before(run)`` returns how many runs come before one that is queued.
    """
    view = run.view
    parts: list[RenderableType] = [progress.table(phase_lines(run, view, now))]
    if view.phase == "fit" and run.state.is_active:
        parts.append(_metrics(run, view))
    if run.state is State.QUEUED:
        parts.append(queue_line(before(run)))
    elif run.state is State.STOPPING:
        parts.append(f"{_STOPPING} {_HOW_TO_KILL}")
    elif run.state is State.RUNNING and view.phase is None:
        parts.append(_STARTING)
    return Group(*parts)


def phase_lines(run: Run, view: RunView, now: float) -> list[Line]:
    """Return a line for each phase that has begun."""
    names = [name for name in PHASES if name in view.phases]
    return [_phase_line(name, run, view, now) for name in names]


def queue_line(before: int) -> str:
    """Return the line of a queued run, with ``before`` runs before it."""
    return f"queued: {counted(before, 'run')} before it"


def runs_before(run: Run) -> int:
    """Return how many runs are running, or queued before this one."""
    runs, _ = store.list_runs()
    queued = in_queue(runs)
    running = sum(other.state.is_active for other in runs) - len(queued)
    return running + len(list(takewhile(lambda other: other.run_id != run.run_id, queued)))


class _Queue:
    """Counts the runs before one, but not at every redraw: there may be a thousand."""

    def __init__(self) -> None:
        self._count, self._counted_at = 0, float("-inf")

    def before(self, run: Run) -> int:
        now = time.monotonic()
        if now - self._counted_at >= _COUNT_QUEUE_EVERY_S:
            self._count, self._counted_at = runs_before(run), now
        return self._count


def _printer(out: Callable[[str], None], lines: Callable[[Run], list[tuple[Any, str]]]) -> Report:
    """Return a reporter that passes each of a run's ``lines`` (key, text) to ``out`` once."""
    seen: set[Any] = set()

    def report(run: Run) -> None:
        for key, text in lines(run):
            if key not in seen:
                seen.add(key)
                out(text)

    return report


def _lasting_lines(run: Run) -> list[tuple[Any, str]]:
    """The run's name, the photos it left out, and the epochs since it was queued last."""
    view, since = run.view, run.view.queued_at or 0
    lines: list[tuple[Any, str]] = [("run", f"run {run.run_id}")]
    if view.split and (balance := view.split.balance):
        lines += [("balance", _balance_line(balance))] if balance.is_uneven else []
    lines += [
        (("skipped", event.path), f"left out {event.path}: {event.reason}")
        for event in view.skipped
    ]
    for number, epoch in enumerate(view.epochs):
        if epoch.t >= since:
            is_best = run.config.recipe != "plain" and all(
                epoch.val_loss < earlier.val_loss for earlier in view.epochs[:number]
            )
            # Printed again when a resume has finished an epoch that a stop cut short.
            lines.append((("epoch", epoch.t), _epoch_line(run, view, epoch, is_best=is_best)))
    return lines


def _balance_line(balance: Balance) -> str:
    return plain(f"validation photos: {balance.words}; {balance.baseline_words}")


def _passing_lines(run: Run) -> list[tuple[Any, str]]:
    """The lines that a terminal shows below the lasting ones, and a log file once each."""
    view = run.view
    if run.state is State.QUEUED:
        return [("queued", queue_line(runs_before(run)))]
    lines: list[tuple[Any, str]] = []
    if view.phase:
        lines.append((("phase", view.phase), f"{view.phase} …"))
    if run.state is State.STOPPING:
        lines.append(("stopping", f"{_STOPPING} {_HOW_TO_KILL}"))
    return lines


def _epoch_line(run: Run, view: RunView, epoch: Epoch, *, is_best: bool) -> str:
    return (
        f"epoch {epoch.epoch}/{run.epochs_planned}  "
        f"{_loss_and_accuracy(epoch.loss, epoch.accuracy)}  val {_validation(epoch, view)}"
        f"{'  ★' * is_best}{'  cut short' * epoch.is_cut_short}"
    )


def _validation(epoch: Epoch, view: RunView) -> str:
    found = _loss_and_accuracy(epoch.val_loss, epoch.val_accuracy)
    balance, balanced = view.split and view.split.balance, epoch.val_balanced_accuracy
    if not balance or not balance.is_uneven or balanced is None:
        return found
    return f"{found}  balanced {percent(balanced)}"


def _loss_and_accuracy(loss: float, accuracy: float) -> str:
    return f"loss {loss:.4f}  accuracy {percent(accuracy)}"


def _phase_line(name: str, run: Run, view: RunView, now: float) -> Line:
    phase = view.phases[name]
    is_running = run.state.is_active and name == view.phase
    until = now if is_running else _phase_end(phase, view)
    speed = pace(replace(view, phase=name), batch_size=run.config.batch_size)
    # The estimate is as old as the latest event that it rests on.
    latest = view.batches[-1] if name == "fit" and view.batches else phase
    left_s = None if speed.left_s is None else speed.left_s - (now - latest.t)
    is_over = name != view.phase or run.is_usable
    done, total, count = _counted(name, phase, view)
    return Line(
        name,
        done if total else float(is_over),
        total or (None if is_running else 1),
        count,
        speed=f"{speed.per_s:,.0f} images/s" if speed.per_s else "",
        elapsed=progress.clock(until - phase.begun_at),
        left=progress.time_left(left_s if is_running else None),
    )


def _phase_end(phase: PhaseView, view: RunView) -> float:
    """Return when a phase ended: when the next one began, or when the run ended."""
    begins = [other.begun_at for other in view.phases.values()]
    later = [begin for begin in begins if begin > phase.begun_at]
    return min(later, default=view.ended_at or phase.t)


def _counted(name: str, phase: PhaseView, view: RunView) -> tuple[float, int, str]:
    done, total = phase.done, phase.total
    if name != "fit":
        return done, total, f"{done:,}/{total:,}" if total else ""
    if view.batches and view.batches[-1].epoch > done:
        return position(view.batches[-1]), total, f"epoch {done + 1}/{total}"
    return done, total, f"epoch {min(done + 1, total)}/{total}"


def _metrics(run: Run, view: RunView) -> Table:
    """Return the smoothed training metrics beside the last and the best validation metrics."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    if view.batches:
        last = view.batches[-1]
        loss = smoothed([batch.loss for batch in view.batches])[-1]
        accuracy = smoothed([batch.accuracy for batch in view.batches])[-1]
        where = f"epoch {last.epoch}, batch {last.step}/{last.steps}"
        grid.add_row("training", where, _loss_and_accuracy(loss, accuracy))
    for epoch in view.epochs[-1:]:
        grid.add_row("validation", f"epoch {epoch.epoch}", _validation(epoch, view))
    for epoch in view.epochs:
        if epoch.epoch == view.best_epoch:
            grid.add_row("★ best", f"epoch {epoch.epoch}", _validation(epoch, view))
    return grid
