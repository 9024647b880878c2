"""All entries below a folder, each in exactly one group."""

import errno
import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from catsdogs.errors import DatasetError
from catsdogs.storage import reading
from catsdogs.system.system_files import HIDDEN, SYSTEM, group_of, is_system

BROKEN_LINK, LINK_LOOP, SPECIAL = "broken_link", "link_loop", "special"
ARCHIVE_LINK, OUTSIDE, REPEATED = "archive_link", "outside", "repeated"
# The groups of entries that are not files to read, and the noun for one of each.
ASIDE = {
    SYSTEM: "system file",
    HIDDEN: "hidden file",
    BROKEN_LINK: "broken link",
    LINK_LOOP: "link in a loop",
    SPECIAL: "special file",
    # Only in an archive; ``left_out`` keeps their counts.
    ARCHIVE_LINK: "link in the archive",
    OUTSIDE: "entry that points outside the archive",
    REPEATED: "repeated entry",
}
# Snapshots of network drives hold copies of everything: beyond this, only their folder is counted.
_MOST_SYSTEM_FILES = 100_000
# Links between a few folders can make billions of paths that are not loops.
_MOST_TIMES_LINKED = 16
# For a file that vanished, or whose folder can be listed but not entered. Reading it gives the
# reason.
_UNKNOWN = os.stat_result([0] * 16)


@dataclass(frozen=True)
class Listing:
    """The regular files below a folder, by path relative to it ("/" as the separator).

    Their status has size and date alone, because a million complete ones take 700 MB.
    ``aside`` counts the skipped entries, by group of ``ASIDE``. A file in a folder
    that a system made counts as a system file; a hidden folder counts as one entry. ``closed`` has
    the reason for each folder that cannot be listed.
    """

    files: dict[str, os.stat_result] = field(default_factory=dict)
    aside: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ASIDE, 0))
    closed: dict[str, str] = field(default_factory=dict)


def listed(root: Path, *, at_most: int | None = None) -> Listing:
    """Return the entries below ``root``. Hidden folders are not entered.

    Links are followed to files and folders, also outside ``root``, because caches of datasets
    consist of them. This is safe: files are only read, with the user's own rights, and never those
    that are special. A link to a folder that contains the link is a loop and is not followed.

    With ``at_most``, stop after this many files.

    For a folder that stands for an address, these are the objects there, all of them.

    Paths are strings, because creating 25,000 ``Path`` objects takes longer than listing the files.

    Raises:
        DatasetError: if ``root`` is not a folder, or cannot be read.
    """
    if reading.is_below(root):
        return _at_address(root)
    walk = _Walk(root)
    while walk.folders and (at_most is None or len(walk.found.files) < at_most):
        folder = walk.folders.pop()
        try:
            with os.scandir(root / folder) as entries:
                rest = None if at_most is None else at_most - len(walk.found.files)
                for entry in islice(entries, rest):
                    _sort_in(entry, folder, walk)
        except OSError as error:
            walk.found.closed[folder.rstrip("/")] = error.strerror or "unknown reason"
    if "" in walk.found.closed:
        raise DatasetError(
            f"Expected a folder with images. Received: {root}, which cannot be read "
            f"({walk.found.closed['']}). Check the path and its permissions."
        )
    return walk.found


def size_and_date(size: int, mtime_ns: int) -> os.stat_result:
    """Return the status of a file of which nothing else is known."""
    values = [0] * 10
    values[stat.ST_SIZE] = size
    return os.stat_result(values, {"st_mtime_ns": mtime_ns})


def _at_address(root: Path) -> Listing:
    """Return the objects at an address as files, without hidden ones and those that no path has."""
    found = Listing()
    for one in reading.listed(root):
        parts = one.path.split("/")
        is_path = not {"", ".", ".."} & set(parts) and "\0" not in one.path
        if group := group_of(parts) if is_path else OUTSIDE:
            found.aside[group] += 1
        else:
            found.files[one.path] = reading.status_of(one)
    return found


@dataclass
class _Walk:
    """A walk through the folders below ``root``: what is found, and the folders still to list.

    ``linked`` counts how often links lead to a folder, by its device and inode.
    """

    root: Path
    found: Listing = field(default_factory=Listing)
    folders: list[str] = field(default_factory=lambda: [""])
    linked: Counter[tuple[int, int]] = field(default_factory=Counter)


def _sort_in(entry: os.DirEntry[str], folder: str, walk: _Walk) -> None:
    aside = walk.found.aside
    if is_system(entry.name):
        aside[SYSTEM] += _count_of(entry, _MOST_SYSTEM_FILES - aside[SYSTEM])
    elif entry.name.startswith("."):
        aside[HIDDEN] += 1
    elif entry.is_symlink():
        _follow(entry, folder, walk)
    elif entry.is_dir(follow_symlinks=False):
        walk.folders.append(f"{folder}{entry.name}/")
    else:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            status = _UNKNOWN
        if status is _UNKNOWN or stat.S_ISREG(status.st_mode):
            walk.found.files[folder + entry.name] = size_and_date(
                status.st_size, status.st_mtime_ns
            )
        else:
            aside[SPECIAL] += 1


def _follow(link: os.DirEntry[str], folder: str, walk: _Walk) -> None:
    """Sort a link in by the file or folder that it leads to."""
    aside = walk.found.aside
    try:
        status = link.stat()
    except OSError as error:
        aside[LINK_LOOP if error.errno == errno.ELOOP else BROKEN_LINK] += 1
        return
    if stat.S_ISREG(status.st_mode):
        walk.found.files[folder + link.name] = size_and_date(status.st_size, status.st_mtime_ns)
    elif not stat.S_ISDIR(status.st_mode):
        aside[SPECIAL] += 1
    elif _is_loop(status, folder, walk):
        aside[LINK_LOOP] += 1
    else:
        walk.folders.append(f"{folder}{link.name}/")


def _is_loop(target: os.stat_result, folder: str, walk: _Walk) -> bool:
    """Return whether a link in ``folder`` leads to a folder that contains it, or to one too often.

    The folders that contain it are those on the way from ``root`` and those above ``root``.
    """
    parts = folder.split("/")[:-1]
    on_the_way = (walk.root.joinpath(*parts[:depth]) for depth in range(len(parts) + 1))
    for path in (*on_the_way, *walk.root.resolve().parents):
        try:
            status = path.stat()
        except OSError:
            continue
        if os.path.samestat(status, target):
            return True
    key = (target.st_dev, target.st_ino)
    walk.linked[key] += 1
    return walk.linked[key] > _MOST_TIMES_LINKED


def _count_of(entry: os.DirEntry[str], at_most: int) -> int:
    """Return 1 for a file, and for a folder the number of files below it.

    A folder that cannot be listed counts as one, and so does one with more than ``at_most`` files.
    """
    if not entry.is_dir(follow_symlinks=False):
        return 1
    files, folders = 0, [entry.path]
    while folders:
        try:
            with os.scandir(folders.pop()) as below:
                for one in below:
                    if one.is_dir(follow_symlinks=False):
                        folders.append(one.path)
                    else:
                        files += 1
        except OSError:
            files += 1
        if files > at_most:
            return 1
    return files
