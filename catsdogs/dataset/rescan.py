"""A scan in its own process: ``python -m catsdogs.dataset.rescan FOLDER``.

Listing a million files takes a gigabyte of memory and half a minute of computing. The web process
cannot return all of that memory to the system, and its pages would wait for the computing.
"""

import sys
import threading
from pathlib import Path

from catsdogs.dataset import index, listing
from catsdogs.dataset.index import Dataset
from catsdogs.errors import CatsDogsError, DatasetError
from catsdogs.system import processes

# Reading the dates of this many files takes a second.
MANY = 50_000
# Each takes a gigabyte, and a page that forgets a dataset asks again before the last one has ended.
_ONE_AT_A_TIME = threading.Lock()


def has_many(root: Path) -> bool:
    """Return whether a folder has so many files that they are better read in another process.

    Raises:
        DatasetError: if it cannot be read.
    """
    return root.is_dir() and len(listing.listed(root, at_most=MANY).files) >= MANY


def rescanned(root: Path) -> Dataset | None:
    """Scan ``root`` in another process; return the dataset, or None if the table is the same.

    This process has one scan at a time, others wait.

    Raises:
        DatasetError: if the folder cannot be scanned.
    """
    before = _written_at(root)
    try:
        with _ONE_AT_A_TIME:
            processes.answer_of("catsdogs.dataset.rescan", str(root))
    except ChildProcessError as error:
        raise DatasetError(str(error)) from None
    if before and _written_at(root) == before:
        return None
    # A full disk leaves no table behind.
    return index.last_scan(root) or index.scan(root)


def _written_at(root: Path) -> int:
    file = index.table_file(root)
    return file.stat().st_mtime_ns if file.exists() else 0


def main(root: Path) -> int:
    """Scan a folder; return the exit status."""
    try:
        print(len(index.scan(root).records))
    except CatsDogsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
