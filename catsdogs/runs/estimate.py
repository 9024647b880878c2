"""How long a run will take and how much disk it will need, as a range.

It is learned from an earlier run on this machine. Runs differ, so each part of the earlier run's
time is scaled by the quantity it grows with: preparing by photos, the fit by training photos and
epochs, evaluating by validation photos. The rest (TensorFlow's start, the export) is taken as it
was. Where no similar run has finished, ``first_estimate`` works it out from the machine's speed.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from catsdogs.runs import effective
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import PHASES, State
from catsdogs.runs.first_estimate import seconds_by_phase
from catsdogs.runs.machine_speed import MachineSpeed
from catsdogs.runs.run import Run

# The range: the time is likely to be at most this many times longer or shorter than estimated.
_SPREAD_OF_SIMILAR, _SPREAD_OF_FIRST = 1.25, 1.7


@dataclass(frozen=True)
class Estimate:
    """The needs of a run. ``disk_bytes`` counts the run's folder and the growth of the cache.

    ``phases`` holds the seconds of each phase, and as "start" those before the first; the page
    passes them to ``pace.time_left``. The whole takes ``low_s`` to ``high_s``. ``learned_from`` is
    the earlier run that it rests on; None if it rests on a measurement of the machine.

    ``is_complete`` is false when the photos must be decoded or embedded first and nothing shows how
    long that takes: the times then leave it out.
    """

    phases: Mapping[str, float]
    spread: float
    disk_bytes: int
    learned_from: Run | None = None
    is_complete: bool = True

    @property
    def seconds(self) -> float:
        """The most likely time of the whole run."""
        return sum(self.phases.values())

    @property
    def low_s(self) -> float:
        """The shortest time that is likely."""
        return self.seconds / self.spread

    @property
    def high_s(self) -> float:
        """The longest time that is likely."""
        return self.seconds * self.spread

    @property
    def basis(self) -> str:
        """The basis of the range, in words for a caption."""
        if self.learned_from is None:
            return "a short measurement of this machine"
        return self.learned_from.title


def estimate(
    config: RunConfig,
    *,
    images: int,
    fingerprint: str,
    runs: Sequence[Run],
    measure: Callable[[], MachineSpeed] | None = None,
) -> Estimate | None:
    """Estimate a run on the dataset of ``images`` usable photos with this fingerprint.

    ``runs`` are the earlier ones, newest first; runs that did not finish or have implausible
    numbers are skipped. ``measure`` returns the speed of the machine; it takes about a second and
    is called only if no earlier run helps, so pass one that remembers its result. Returns None when
    neither helps.
    """
    # Reference runs were trained on another machine, and their rows are not in this cache.
    runs = [run for run in runs if not run.is_reference]
    if images < 1:
        return None
    cached = {
        row
        for run in runs
        if run.is_usable and run.about.dataset.fingerprint == fingerprint
        for row in _rows(run.config)
    }
    new = {row: size for row, size in _rows(config).items() if row not in cached}
    earlier = _measured(run for run in runs if _kind(run.config) == _kind(config))
    if earlier:
        return _like_an_earlier_run(config, earlier, images, new)
    if measure is None:
        return None
    is_first = not any(run.config.info.backbone for run in runs)
    phases = seconds_by_phase(config, measure(), images=images, new_rows=new, is_first=is_first)
    disk_bytes = config.info.run_bytes + images * sum(new.values())
    return None if phases is None else Estimate(phases, _SPREAD_OF_FIRST, disk_bytes)


def _like_an_earlier_run(
    config: RunConfig, earlier: Sequence["_Measured"], images: int, new: Mapping[str, int]
) -> Estimate:
    """Return the time of the nearest run, scaled; ``new`` rows (their bytes) are prepared first."""
    nearest = min(earlier, key=lambda measured: _distance(measured.run.config, config))
    validation = images * config.validation
    epochs = _counting_epochs(config, config.all_epochs)
    training = (images - validation) * effective.repeats(config)
    was = nearest.seconds
    a_row = _seconds_a_row(earlier) if new else 0.0
    phases = {
        "start": was["start"],
        config.info.preparing: images * len(new) * (a_row or 0.0),
        "fit": was["fit"] * (epochs * training) / (nearest.epochs * nearest.seen_images),
        "evaluate": was["evaluate"] * validation / nearest.val_images,
        "export": was["export"],
    }
    disk_bytes = _folder_bytes(nearest.run.folder) + images * sum(new.values())
    return Estimate(phases, _SPREAD_OF_SIMILAR, disk_bytes, nearest.run, a_row is not None)


@dataclass(frozen=True)
class _Measured:
    """A finished run with plausible numbers: counts above 0, seconds of 0 or more."""

    run: Run
    seconds: dict[str, float]  # of each phase, and of the "start" before the first
    seen_images: int  # in an epoch
    val_images: int
    epochs: int


def _measured(runs: Iterable[Run]) -> list[_Measured]:
    found = []
    for run in runs:
        try:
            given = run.result.seconds
            seconds = {name: float(given[name]) for name in PHASES}
            seconds["start"] = float(given["total"]) - sum(seconds.values())
            counts = [int(run.result.train_images), run.result.val_images]
            counts.append(_counting_epochs(run.config, run.epochs_done))
        except (KeyError, TypeError, ValueError):
            continue
        sound = all(0 <= value < math.inf for value in seconds.values()) and min(counts) > 0
        if run.state is State.FINISHED and sound:
            seen, val_images, epochs = counts
            seen *= effective.repeats(run.config)
            found.append(_Measured(run, seconds, seen, val_images, epochs))
    return found


def _distance(one: RunConfig, other: RunConfig) -> tuple[bool, bool, float]:
    """Return how far apart two runs are in speed; smaller is nearer."""
    batch_sizes = abs(math.log(one.batch_size / other.batch_size))
    return (
        one.recipe != other.recipe,
        effective.augments(one) != effective.augments(other),
        batch_sizes,
    )


def _kind(config: RunConfig) -> tuple[str, str | None]:
    """Return the part of a config that must match before one run's time predicts another's."""
    return config.model, config.fine_tune_from if config.fine_tune else None


def _counting_epochs(config: RunConfig, epochs: int) -> int:
    """Return how many epochs take noticeable time: the head's take none beside fine-tuning's."""
    return epochs - config.epochs if config.fine_tune else epochs


def _rows(config: RunConfig) -> dict[str, int]:
    """Return the rows that the cache keeps per photo for such a run, with their bytes."""
    pixel_bytes, backbone = config.info.side**2 * 3, config.info.backbone
    if backbone is None:
        return {"pixels": pixel_bytes}
    engine = "litert" if config.engine == "auto" else config.engine
    rows = {f"vectors by {engine}": backbone.vector_size * 4}
    begin = config.fine_tune_from
    activation_bytes = backbone.blocks[begin].activation_bytes
    if config.fine_tune and activation_bytes:
        rows[begin] = activation_bytes
    if effective.augments(config):
        rows |= {f"{row}, mirrored": size for row, size in rows.items()}
    if config.fine_tune and not activation_bytes:
        rows["large pixels"] = pixel_bytes
    return rows


def _seconds_a_row(earlier: Sequence[_Measured]) -> float | None:
    """Return the seconds per row in the latest run that computed rows; None without such a run.

    Counted from the first photo that was not cached, so the export of the backbone, which happens
    once per machine, is not included.
    """
    # Later runs on a dataset found their rows in the cache, so the oldest run counts.
    for run in {m.run.about.dataset.fingerprint: m.run for m in earlier}.values():
        phase = run.view.phases.get(run.config.info.preparing)
        if phase is not None and phase.done > phase.begun_done:
            return (phase.t - phase.begun_at) / (phase.done - phase.begun_done)
    return None


def _folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*") if path.is_file())
