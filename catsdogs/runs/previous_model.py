"""The previous model of a run, kept while the resumed or extended run writes a new one.

A new model is several files, which are replaced one by one. So the old files are first linked into
``.earlier``, and they count until the run's last event names the new ones. A kill at any moment
leaves one complete model.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from catsdogs.runs import layout, model_files
from catsdogs.system import files


def set_aside(folder: Path) -> None:
    """Keep the run's current files until the run has ended with new ones."""
    unfinished = _cleared(folder)
    unfinished.mkdir()
    for name in model_files.MODEL_FILES:
        with suppress(FileNotFoundError):
            _link(folder / name, unfinished / name)
    files.sync(unfinished)
    unfinished.rename(folder / layout.EARLIER)
    files.sync(folder)


def put_back(folder: Path) -> None:
    """Restore the files that were set aside, if any, and drop newer ones."""
    kept = folder / layout.EARLIER
    for name in model_files.MODEL_FILES if kept.is_dir() else ():
        if not (kept / name).is_file():
            (folder / name).unlink(missing_ok=True)
            continue
        with files.replacing(folder / name) as temporary:
            temporary.unlink()
            _link(kept / name, temporary)
    discard(folder)


def discard(folder: Path) -> None:
    """Drop the files that were set aside: the run has ended with a newer model."""
    unfinished = _cleared(folder)
    with suppress(FileNotFoundError):
        # Renamed first, so that a half-removed folder is never mistaken for a complete one.
        (folder / layout.EARLIER).rename(unfinished)
    shutil.rmtree(unfinished, ignore_errors=True)


def _cleared(folder: Path) -> Path:
    """Return an empty place to build or remove a folder, cleared of a killed process' remains."""
    unfinished = folder / f"{layout.EARLIER}-unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    return unfinished


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # Some file systems have no hard links.
        shutil.copy2(source, target)
        files.sync(target)
