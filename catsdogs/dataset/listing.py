"""What is in a folder: each entry in exactly one group, and nothing outside it is looked at."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from catsdogs.errors import DatasetError

ASIDE = HIDDEN, LINK, SPECIAL = "hidden", "link", "special"
# Of a file that vanished, or whose folder may be listed and not entered: reading it says why.
_UNKNOWN = os.stat_result([0] * 16)


@dataclass(frozen=True)
class Listing:
    """The regular files below a folder, by path relative to it ("/" as the separator).

    ``aside`` counts what is passed over: hidden files and folders, links, and special files
    (pipes, sockets, devices). ``closed`` names the folders that cannot be listed, with the reason.
    """

    files: dict[str, os.stat_result] = field(default_factory=dict)
    aside: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ASIDE, 0))
    closed: dict[str, str] = field(default_factory=dict)


def listed(root: Path) -> Listing:
    """Return what is below ``root``; links are not followed, hidden folders not entered.

    Paths are strings, because 25,000 ``Path``s take longer to make than files to read.

    Raises:
        DatasetError: when ``root`` is no folder, or may not be read.
    """
    found, folders = Listing(), [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as entries:
                for entry in entries:
                    _sort_in(entry, folder, found, folders)
        except OSError as error:
            found.closed[folder.rstrip("/")] = error.strerror or "unknown reason"
    if "" in found.closed:
        raise DatasetError(
            f"Expected a folder with images. Received: {root}, which cannot be read "
            f"({found.closed['']}). Check the path and its permissions."
        )
    return found


def _sort_in(entry: os.DirEntry[str], folder: str, found: Listing, folders: list[str]) -> None:
    if entry.name.startswith("."):
        found.aside[HIDDEN] += 1
    elif entry.is_symlink():
        found.aside[LINK] += 1
    elif entry.is_dir(follow_symlinks=False):
        folders.append(f"{folder}{entry.name}/")
    else:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            status = _UNKNOWN
        if status is _UNKNOWN or stat.S_ISREG(status.st_mode):
            found.files[folder + entry.name] = status
        else:
            found.aside[SPECIAL] += 1
