"""How fast a run is, and how long its phase will still take, read from its events."""

from dataclasses import dataclass

from catsdogs.runs.events import Batch, RunView, position

# The latest batch events that the speed is taken from: it follows a change, but does not jump.
_RECENT = 20


@dataclass(frozen=True)
class Pace:
    """Images a second, and the seconds that are left of the phase; None where not known yet."""

    images_per_s: float | None = None
    seconds_left: float | None = None


def pace(view: RunView, *, batch_size: int) -> Pace:
    """Return the speed of the phase that ``view`` is in."""
    phase = view.phases.get(view.phase or "")
    if phase is None:
        return Pace()
    if view.phase == "fit":
        fitted = [batch for batch in view.batches if batch.t >= phase.begun_at]
        return _fit_pace(fitted, view.total, batch_size)
    done, elapsed_s = phase.done - phase.begun_done, phase.t - phase.begun_at
    if done <= 0 or elapsed_s <= 0:
        return Pace()
    return Pace(done / elapsed_s, (phase.total - phase.done) * elapsed_s / done)


def _fit_pace(batches: list[Batch], epochs: int, batch_size: int) -> Pace:
    if len(batches) < 2:
        return Pace()
    first, last = batches[0], batches[-1]
    recent = [batch for batch in batches[-_RECENT:] if batch.epoch == last.epoch]
    elapsed_s, gone = last.t - first.t, position(last) - position(first)
    left = (epochs - position(last)) * elapsed_s / gone if gone > 0 else None
    return Pace(_images_per_s(recent, batch_size), left)


def _images_per_s(batches: list[Batch], batch_size: int) -> float | None:
    elapsed_s = batches[-1].t - batches[0].t
    images = (batches[-1].step - batches[0].step) * batch_size
    return images / elapsed_s if elapsed_s > 0 else None
