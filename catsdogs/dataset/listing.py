"""All entries below a folder, each in exactly one group. Nothing outside the folder is read."""

import os
import stat
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from catsdogs.errors import DatasetError

ASIDE = HIDDEN, LINK, SPECIAL = "hidden", "link", "special"
# For a file that vanished, or whose folder can be listed but not entered. Reading it gives the
# reason.
_UNKNOWN = os.stat_result([0] * 16)


@dataclass(frozen=True)
class Listing:
    """The regular files below a folder, by path relative to it ("/" as the separator).

    ``aside`` counts the entries that are skipped: hidden files and folders, links, and special
    files (pipes, sockets, devices). ``closed`` has the reason for each folder that cannot be
    listed.
    """

    files: dict[str, os.stat_result] = field(default_factory=dict)
    aside: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ASIDE, 0))
    closed: dict[str, str] = field(default_factory=dict)


def listed(root: Path, *, at_most: int | None = None) -> Listing:
    """Return the entries below ``root``. Links are not followed, hidden folders are not entered.

    With ``at_most``, stop after this many files.

    Paths are strings, because creating 25,000 ``Path`` objects takes longer than listing the files.

    Raises:
        DatasetError: if ``root`` is not a folder, or cannot be read.
    """
    found, folders = Listing(), [""]
    while folders and (at_most is None or len(found.files) < at_most):
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as entries:
                rest = None if at_most is None else at_most - len(found.files)
                for entry in islice(entries, rest):
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
