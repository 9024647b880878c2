"""The pace of a run, from its events."""

from catsdogs.background.pace import Pace, Sample, between
from catsdogs.runs.events import Batch
from catsdogs.runs.view import RunView, position

# The speed of a fit is that of its latest batch events: it follows a change, but does not jump.
_RECENT = 20


def pace(view: RunView, *, batch_size: int) -> Pace:
    """Return the images per second and the seconds left of the phase that ``view`` is in."""
    phase = view.phases.get(view.phase or "")
    if phase is None:
        return Pace()
    if view.phase == "fit":
        fitted = [batch for batch in view.batches if batch.t >= phase.begun_at]
        return _fit_pace(fitted, view.total, batch_size)
    first = Sample(phase.begun_at, phase.begun_done)
    return between(first, Sample(phase.t, phase.done, phase.total))


def _fit_pace(batches: list[Batch], epochs: int, batch_size: int) -> Pace:
    """Return the recent images per second, and the time left at the mean speed in epochs."""
    if not batches:
        return Pace()
    first, last = batches[0], batches[-1]
    recent = next(b for b in batches[-_RECENT:] if b.epoch == last.epoch)
    in_images = between(
        Sample(recent.t, recent.step * batch_size),
        Sample(last.t, last.step * batch_size),
    )
    in_epochs = between(Sample(first.t, position(first)), Sample(last.t, position(last), epochs))
    return Pace(in_images.per_s, in_epochs.left_s)
