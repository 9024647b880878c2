"""The pace of a run, from its events: images per second, and the time left."""

from collections.abc import Mapping
from dataclasses import dataclass

from catsdogs.background.pace import Pace, Sample, between
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import Batch, phases_of
from catsdogs.runs.view import PhaseView, RunView, position

# The speed of a fit is that of its latest batch events: it follows a change, but does not jump.
_RECENT = 20
# Validating a photo takes a forward pass; training on it takes about two more (Kaplan et al.,
# "Scaling Laws for Neural Language Models", 2020, section 2.1, counts the backward pass as two).
_VALIDATING_COST = 1 / 3
# An expectation from before the run counts like this share of the work.
_EXPECTED_WEIGHT = 0.1
# Without one, the first batches say little: nothing is predicted before so much is done.
_ENOUGH_SHARE, _ENOUGH_S = 0.02, 10.0


def pace(view: RunView, *, batch_size: int) -> Pace:
    """Return the images per second and the seconds left of the phase that ``view`` is in."""
    phase = view.phases.get(view.phase or "")
    if phase is None:
        return Pace()
    if view.phase == "fit":
        return Pace(
            _images_per_s(_fitted(view, phase), batch_size), _fit_left(view, phase, batch_size)
        )
    first = Sample(phase.begun_at, phase.begun_done)
    return between(first, Sample(phase.t, phase.done, phase.total))


def time_left(
    view: RunView, config: RunConfig, *, expected: Mapping[str, float] | None = None
) -> float | None:
    """Return the seconds left of the whole run, at the time of its latest event; None if unknown.

    ``expected`` holds the seconds of each phase as estimated before the run, and as "start" those
    before the first phase: see ``Estimate.phases``. Without it the time is known only during the
    fit, and leaves out the phases after it.

    Any speed it uses is a mean over half the work so far, or more. So if the machine's load doubles
    or halves, the time at which the run seems to end shifts by less than the load.
    """
    expected = expected or {}
    names = phases_of(config.info)
    phase = view.phases.get(view.phase or "")
    if view.phase not in names or phase is None:
        return sum(expected.values()) if expected else None
    later = sum(expected.get(name, 0.0) for name in names[names.index(view.phase) + 1 :])
    if view.phase != "fit":
        now = _phase_left(phase, expected.get(view.phase))
        return now + later if now is not None and expected else None
    if config.fine_tune and phase.total <= config.epochs:
        # The head learns in seconds; the time goes into fine-tuning, whose speed is unknown.
        head = _fit_left(view, phase, config.batch_size) or 0.0
        return head + expected["fit"] + later if expected else None
    epochs = config.fine_tune or config.epochs
    an_epoch_s = expected["fit"] / epochs if expected else None
    left = _fit_left(view, phase, config.batch_size, expected_s=an_epoch_s)
    return None if left is None else left + later


def _phase_left(phase: PhaseView, expected_s: float | None) -> float | None:
    """Return the seconds left of a phase that reports ``done`` of ``total``."""
    if not phase.total:
        return expected_s
    work = (phase.done - phase.begun_done) / phase.total
    share_s = _seconds_per_work(work, phase.t - phase.begun_at, expected_s, 1.0)
    return None if share_s is None else (1 - phase.done / phase.total) * share_s


def _seconds_per_work(
    work: float, elapsed_s: float, expected_s: float | None, whole: float
) -> float | None:
    """Return the seconds that one unit of work takes, by measurement and by expectation.

    ``work`` took ``elapsed_s``; one unit was expected to take ``expected_s``, which counts like a
    tenth of the ``whole``.
    """
    if expected_s is None:
        is_enough = work >= _ENOUGH_SHARE * whole or elapsed_s >= _ENOUGH_S
        return elapsed_s / work if work > 0 and elapsed_s > 0 and is_enough else None
    weight = _EXPECTED_WEIGHT * whole
    total = weight + work
    return (weight * expected_s + elapsed_s) / total if total > 0 else expected_s


def _fitted(view: RunView, phase: PhaseView) -> list[Batch]:
    return [batch for batch in view.batches if batch.t >= phase.begun_at]


def _images_per_s(batches: list[Batch], batch_size: int) -> float | None:
    if not batches:
        return None
    last = batches[-1]
    recent = next(b for b in batches[-_RECENT:] if b.epoch == last.epoch)
    return between(
        Sample(recent.t, recent.step * batch_size), Sample(last.t, last.step * batch_size)
    ).per_s


@dataclass(frozen=True)
class _Mark:
    """At the time ``at``, the fit had done this much work; 1 is an epoch with its validation."""

    at: float
    work: float


def _fit_left(
    view: RunView, phase: PhaseView, batch_size: int, *, expected_s: float | None = None
) -> float | None:
    """Return the seconds left of the fit; ``expected_s`` is the expectation for an epoch."""
    marks = _marks(view, phase, batch_size)
    if not marks:
        return None if expected_s is None else (phase.total - phase.done) * expected_s
    last, first = marks[-1], _half_way(marks)
    per_epoch_s = _seconds_per_work(
        last.work - first.work, last.at - first.at, expected_s, phase.total - marks[0].work
    )
    return None if per_epoch_s is None else (phase.total - last.work) * per_epoch_s


def _marks(view: RunView, phase: PhaseView, batch_size: int) -> list[_Mark]:
    """Return the progress of the fit since the phase began, oldest first."""
    batches = _fitted(view, phase)
    images = batches[-1].steps * batch_size if batches else 1
    validating = _VALIDATING_COST * (view.split.validation if view.split else 0)
    learning = images / (images + validating)
    within = [
        _Mark(batch.t, batch.epoch - 1 + learning * batch.step / batch.steps) for batch in batches
    ]
    ends = [_Mark(epoch.t, position(epoch)) for epoch in view.epochs if epoch.t >= phase.begun_at]
    return sorted([*within, *ends], key=lambda mark: mark.at)


def _half_way(marks: list[_Mark]) -> _Mark:
    """Return the last mark within the first half of the work so far.

    The mean since then forgets a slow start, and still averages over as much as possible.
    """
    middle = (marks[0].work + marks[-1].work) / 2
    return [mark for mark in marks if mark.work <= middle][-1]
