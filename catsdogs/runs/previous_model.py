"""The model that a run had before, kept while the resumed or extended run writes a new one.

A new model is several files, which take their places one by one. So those of before are first put
into ``.earlier``, as further names of the same files, and hold until the run's last event tells of
the new ones. A kill at any moment leaves one of the two, whole.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from catsdogs.runs import layout, model_files
from catsdogs.system import files


def set_aside(folder: Path) -> None:
    """Keep the run's files as they are now, whatever is written in their places."""
    unfinished = _cleared(folder)
    unfinished.mkdir()
    for name in model_files.MODEL_FILES:
        with suppress(FileNotFoundError):
            _link(folder / name, unfinished / name)
    files.sync(unfinished)
    unfinished.rename(folder / layout.EARLIER)
    files.sync(folder)


def put_back(folder: Path) -> None:
    """Put what was set aside into its place again, if anything was; forget what was newer."""
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
    """Forget what was set aside, because the run has ended with something newer."""
    unfinished = _cleared(folder)
    with suppress(FileNotFoundError):
        # Renamed first, so that half of it is never taken for the whole.
        (folder / layout.EARLIER).rename(unfinished)
    shutil.rmtree(unfinished, ignore_errors=True)


def _cleared(folder: Path) -> Path:
    """Return where a folder may be made or unmade, without what a killed process left there."""
    unfinished = folder / f"{layout.EARLIER}-unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    return unfinished


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # Some file systems know no second name of a file.
        shutil.copy2(source, target)
        files.sync(target)
