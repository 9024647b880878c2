"""A run's model as files to download, and one table about them, as a task has prepared them.

    <cache>/exports/<run>-<key>/   the key is the model's: a continued run gets another folder
        table.json                 the figures of each format
        <run>-<format>.zip         the package of each format that could be made

The folder appears whole or not at all. Pages read the table only.
"""

import hashlib
import shutil
from dataclasses import dataclass
from glob import escape
from pathlib import Path

import msgspec

from catsdogs import paths
from catsdogs.inference.latency import Latency
from catsdogs.runs import layout, model_files
from catsdogs.runs.run import Run
from catsdogs.system import files

_TABLE = "table.json"
_MOST_TABLE_BYTES = 1_000_000
# Each takes up to 100 MB. Older ones are made again when somebody wants them.
_MOST_RUNS = 8


@dataclass(frozen=True)
class Quality:
    """A model's answers and the run's own, on those validation photos that are on this machine.

    ``images`` counts these photos. ``to_cat`` of them are a cat for this model only, ``to_dog`` a
    dog. ``equivalence_p`` is the p-value of the test that ``evaluation.paired.Equivalence``
    describes, at the default margin.
    """

    images: int
    accuracy: float
    own_accuracy: float
    to_cat: int
    to_dog: int
    equivalence_p: float


@dataclass(frozen=True)
class Download:
    """A format by its name: its package, ``file``, or the ``problem`` that kept it from being made.

    ``quality`` and ``latency`` are None where they were not measured.
    """

    format: str
    file: str = ""
    size_bytes: int = 0
    problem: str = ""
    quality: Quality | None = None
    latency: Latency | None = None


@dataclass(frozen=True)
class Prepared:
    """All formats of a run. ``no_photos`` says why nothing was measured on photos, or is ""."""

    downloads: tuple[Download, ...]
    no_photos: str = ""

    @property
    def by_format(self) -> dict[str, Download]:
        """The downloads by the name of their format."""
        return {download.format: download for download in self.downloads}


def read(run: Run) -> Prepared | None:
    """Return what is prepared for the present model of ``run``; None if nothing is."""
    try:
        content = files.read_plain(folder_of(run) / _TABLE, most_bytes=_MOST_TABLE_BYTES)
        return msgspec.json.decode(content, type=Prepared)
    except (OSError, msgspec.DecodeError):
        return None


def file_of(run: Run, download: Download) -> Path:
    """Return the path of a prepared file."""
    return folder_of(run) / download.file


def folder_of(run: Run) -> Path:
    """Return the folder for the present model of ``run``, whether or not it exists."""
    return places() / f"{run.run_id}-{_key(run)}"


def places() -> Path:
    """Return the folder that holds the prepared files of all runs."""
    return paths.cache_dir() / "exports"


def keep(run: Run, prepared: Prepared, made: Path) -> None:
    """Write the table into the folder ``made``, and make it the folder of ``run``.

    Raises:
        OSError: if that fails.
    """
    files.write_bytes(made / _TABLE, msgspec.json.format(msgspec.json.encode(prepared)))
    forget(run)
    made.rename(folder_of(run))
    _remove_oldest()


def forget(run: Run) -> None:
    """Remove the prepared files of a run, also those of its earlier models."""
    for folder in places().glob(f"{escape(run.run_id)}-????????"):
        shutil.rmtree(folder, ignore_errors=True)


def _key(run: Run) -> str:
    known = run.result.sha256.get(layout.LITERT_MODEL)
    if known is None:  # A run from an older version.
        found = model_files.place(run, layout.LITERT_MODEL).stat()
        known = hashlib.sha256(f"{found.st_mtime_ns} {found.st_size}".encode()).hexdigest()
    return known[:8]


def _remove_oldest() -> None:
    made = sorted(places().glob(f"*/{_TABLE}"), key=lambda table: table.stat().st_mtime)
    for table in made[:-_MOST_RUNS]:
        shutil.rmtree(table.parent, ignore_errors=True)
