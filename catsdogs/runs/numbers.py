"""The number of each run: the order in which the runs of an artifacts folder were created.

    <artifacts>/run-numbers.json   {run id: number}, from 1

A number is never given twice, so "CNN 3" stays "CNN 3" when other runs are deleted. The reference
runs, which come with the project, are numbered by themselves and not recorded.
"""

import json
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from catsdogs.runs import layout
from catsdogs.system import files
from catsdogs.system.locks import exclusive

_FILE = "run-numbers.json"


def number(folder: Path) -> int:
    """Return the number of the run in ``folder``; 0 if the folder does not exist.

    Run folders without a recorded number, from older versions, come after the recorded ones in the
    order of their names, which begin with the time of creation.
    """
    for _ in range(2):
        try:
            found = _numbers(folder.parent, folder.parent.stat().st_mtime_ns)
        except OSError:
            break
        if folder.name in found:
            return found[folder.name]
        _numbers.cache_clear()  # Two changes can fall into one tick of the file system's clock.
    return 0


def record(artifacts: Path) -> None:
    """Record the number of every run in ``artifacts``. Call it after creating, before deleting one.

    If the file cannot be written, only names suffer: they may change when a run is deleted.
    """
    with suppress(OSError), exclusive(artifacts / f".{_FILE}.lock"):
        known = _read(artifacts)
        found = _completed(known, _folders(artifacts, reference=False))
        if found != known:
            files.write_json(artifacts / _FILE, found)


def may_be_run(folder: Path) -> bool:
    """Return whether a folder of this name can be that of a run."""
    return folder.name != layout.SEARCHES and not folder.name.startswith(".")


# The folder's own time changes whenever a run or the file is added or removed in it.
@lru_cache(maxsize=8)
def _numbers(artifacts: Path, changed_at: int) -> dict[str, int]:
    own = _completed(_read(artifacts), _folders(artifacts, reference=False))
    return own | _completed({}, _folders(artifacts, reference=True))


def _folders(artifacts: Path, *, reference: bool) -> list[str]:
    return sorted(
        child.name
        for child in artifacts.iterdir()
        if child.is_dir()
        and may_be_run(child)
        and child.name.startswith(layout.REFERENCE_PREFIX) == reference
    )


def _completed(known: dict[str, int], names: list[str]) -> dict[str, int]:
    new = [name for name in names if name not in known]
    return known | {
        name: number for number, name in enumerate(new, max(known.values(), default=0) + 1)
    }


def _read(artifacts: Path) -> dict[str, int]:
    try:
        found = json.loads((artifacts / _FILE).read_bytes())
        return {str(name): int(number) for name, number in found.items()}
    except (OSError, ValueError, OverflowError, TypeError, AttributeError, RecursionError):
        return {}  # None was recorded yet, or the file is damaged: the folders give the numbers.
