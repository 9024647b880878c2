"""The dataset that the app uses: the chosen one, or else the first that it finds."""

import json
import os
from contextlib import suppress
from pathlib import Path

from catsdogs import paths
from catsdogs.dataset import labelling
from catsdogs.labels import PETS, Classes
from catsdogs.sources.sample import sample_dir
from catsdogs.system import files

_MOST_RECENT = 8
# Folders from Kaggle's instructions, relative to the folder in which the app starts.
USUAL_FOLDERS = (Path("dogs-vs-cats/train"), Path("dogs-vs-cats"))


def path() -> Path | None:
    """Return the dataset that the app uses: the chosen one, a usual folder, the sample, or None."""
    for candidate in (chosen(), *USUAL_FOLDERS, sample_dir()):
        if candidate is not None and candidate.exists():
            return candidate.absolute()
    return None


def classes() -> Classes:
    """Return the classes of the dataset that the app uses; cat and dog without one.

    Raises:
        DatasetError: if they cannot be read.
    """
    root = path()
    return PETS if root is None else labelling.load(root).classes


def lost() -> Path | None:
    """Return the chosen dataset if it no longer exists: it was moved, deleted or unplugged."""
    choice = chosen()
    return choice if choice is not None and not choice.exists() else None


def choose(folder: Path) -> None:
    """Make ``folder`` the dataset that ``path`` returns from now on, also after a restart."""
    folder = folder.absolute()
    files.write_bytes(_choice_file(), os.fsencode(folder) + b"\n")
    # A convenience: without the list of recent ones, the choice still counts.
    with suppress(OSError):
        known = [str(folder), *(str(one) for one in recent() if one != folder)]
        files.write_json(_recent_file(), known[:_MOST_RECENT])


def recent() -> list[Path]:
    """Return the datasets that were chosen lately and still exist, the latest first."""
    try:
        found = [Path(path) for path in json.loads(_recent_file().read_bytes())]
    except (OSError, ValueError, TypeError, RecursionError):
        return []
    return [path for path in found if _exists(path)]


def chosen() -> Path | None:
    """Return the dataset that was chosen last, whether or not it still exists."""
    try:
        return Path(os.fsdecode(_choice_file().read_bytes().rstrip(b"\n")))
    except OSError:
        return None


def _choice_file() -> Path:
    return paths.data_dir() / "current.txt"


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # Permission is missing, or it is not a path.
        return False


def _recent_file() -> Path:
    return paths.data_dir() / "recent.json"
