"""The folders of the app: their places, the variables that move them, and their free disk."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from catsdogs import paths
from catsdogs.doctor.findings import Finding, problem, warning
from catsdogs.runs.models import MODELS

GROUP = "Folders"
_GIGABYTE = 1e9
_PROBE = os.urandom(4096)
_WHOLE_CACHE_BYTES = 2e9  # the pixels of 12,000 photos for both models, and some room


@dataclass(frozen=True)
class _Place:
    title: str
    variable: str
    folder: Callable[[], Path]
    needs_bytes: float


_PLACES = (
    _Place("Data", "CATSDOGS_DATA", paths.data_dir, 0.1e9),
    _Place(
        "Runs",
        "CATSDOGS_ARTIFACTS",
        paths.artifacts_dir,
        max(info.run_bytes for info in MODELS.values()),
    ),
    _Place("Cache", "CATSDOGS_CACHE", paths.cache_dir, _WHOLE_CACHE_BYTES),
)


def check() -> Iterator[Finding]:
    """Return each folder with its free disk, and whether it can be written to."""
    for place in _PLACES:
        yield _place(place)


def _place(place: _Place) -> Finding:
    folder = place.folder()
    origin = place.variable if os.environ.get(place.variable) else "default"
    value = f"{folder} ({origin})"
    advice = f"Free it, repair its permissions, or set {place.variable} to another folder."
    try:
        there = _nearest(folder)
        free_bytes = shutil.disk_usage(there).free
        _write(there)
    except OSError as error:
        reason = error.strerror or str(error)
        return problem(GROUP, place.title, f"{value}: cannot be written to, {reason}", advice)
    value = f"{value}, {free_bytes / _GIGABYTE:.1f} GB free"
    if free_bytes >= place.needs_bytes:
        return Finding(GROUP, place.title, value)
    expected = f"Expected {place.needs_bytes / _GIGABYTE:.1f} GB for a run on 12,000 photos."
    return warning(GROUP, place.title, value, f"{expected} {advice}")


def _nearest(folder: Path) -> Path:
    """Return the folder, or the one it would be created in.

    Raises:
        OSError: where a file is in the way.
    """
    there = next(one for one in (folder, *folder.parents) if os.path.lexists(one))
    if not there.is_dir():
        raise NotADirectoryError(f"{there} is not a folder")
    return there


def _write(folder: Path) -> None:
    """Write a few bytes to the disk of ``folder``; they vanish at once."""
    with tempfile.TemporaryFile(dir=folder) as stream:
        stream.write(_PROBE)
        stream.flush()
        os.fsync(stream.fileno())
