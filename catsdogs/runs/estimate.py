"""How long a run will take and how much disk it will need, learned from earlier runs.

No run is like another in everything, so what each part of it took is scaled by what that part grows
with: preparing by photos, the fit by training photos and epochs, evaluating by validation photos.
What is left (TensorFlow's start, the export) stays as it was.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catsdogs.runs.config import MODELS, RunConfig
from catsdogs.runs.events import PHASES, State
from catsdogs.runs.store import Run

# What a model's photos are prepared by, and the bytes that the cache keeps of each.
_PREPARING = {"custom_cnn": "decode", "mobilenet_v2": "embed"}
_ROW_BYTES = {"custom_cnn": MODELS["custom_cnn"].side ** 2 * 3, "mobilenet_v2": 1280 * 4}


@dataclass(frozen=True)
class Estimate:
    """What a run will need. ``disk_bytes`` are the run's folder and what the cache grows by.

    ``is_complete`` is false when the photos have to be decoded or embedded first, and no earlier
    run says how long that takes: ``seconds`` leaves it out.
    """

    seconds: float
    disk_bytes: int
    learned_from: Run
    is_complete: bool


def estimate(
    config: RunConfig, *, images: int, fingerprint: str, runs: Sequence[Run]
) -> Estimate | None:
    """Estimate a run on the dataset of ``images`` usable photos with this fingerprint.

    ``runs`` are the earlier ones, newest first; those that did not finish, or whose figures make no
    sense, are passed over. None when there is nothing to learn from.
    """
    earlier = _measured(run for run in runs if run.config.model == config.model)
    if not earlier or images < 1:
        return None
    nearest = min(earlier, key=lambda measured: _distance(measured.run.config, config))
    validation = images * config.validation
    epochs, training = config.epochs, images - validation
    was = nearest.seconds
    seconds = (
        was["start"]
        + was["fit"] * (epochs * training) / (nearest.epochs * nearest.train_images)
        + was["evaluate"] * validation / nearest.val_images
        + was["export"]
    )
    is_cached = any(m.run.about["dataset"]["fingerprint"] == fingerprint for m in earlier)
    a_photo = 0.0 if is_cached else _seconds_a_photo(earlier)
    new_rows = 0 if is_cached else images
    return Estimate(
        seconds + images * (a_photo or 0.0),
        _folder_bytes(nearest.run.folder) + new_rows * _ROW_BYTES[config.model],
        nearest.run,
        is_complete=a_photo is not None,
    )


@dataclass(frozen=True)
class _Measured:
    """A finished run with figures that make sense: counts above 0, seconds of 0 or more."""

    run: Run
    seconds: dict[str, float]  # of each phase, and of the "start" before the first
    train_images: int
    val_images: int
    epochs: int


def _measured(runs: Iterable[Run]) -> list[_Measured]:
    found = []
    for run in runs:
        try:
            given = run.result["seconds"]
            seconds = {name: float(given[name]) for name in PHASES}
            seconds["start"] = float(given["total"]) - sum(seconds.values())
            counts = [int(run.result[name]) for name in ("train_images", "val_images")]
            counts.append(run.epochs_done)
        except (KeyError, TypeError, ValueError):
            continue
        sound = all(0 <= value < math.inf for value in seconds.values()) and min(counts) > 0
        if run.state is State.FINISHED and sound:
            found.append(_Measured(run, seconds, *counts))
    return found


def _distance(one: RunConfig, other: RunConfig) -> tuple[bool, bool, float]:
    """Return how little one run tells of another's speed; smaller is nearer."""
    batch_sizes = abs(math.log(one.batch_size / other.batch_size))
    return one.recipe != other.recipe, one.augments != other.augments, batch_sizes


def _seconds_a_photo(earlier: Sequence[_Measured]) -> float | None:
    """Return what decoding or embedding a photo took the latest run that did so; None for none.

    Counted from the first photo that was not in the cache, and so without the export of
    MobileNetV2's base, which is done once a machine.
    """
    # Later runs on a dataset found it in the cache: the oldest is the one to look at.
    for run in {m.run.about["dataset"]["fingerprint"]: m.run for m in earlier}.values():
        phase: dict[str, Any] = run.view.phases.get(_PREPARING[run.config.model], {})
        done = phase.get("done", 0) - phase.get("begun_done", 0)
        if done > 0:
            return (phase["t"] - phase["begun_at"]) / done
    return None


def _folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*") if path.is_file())
