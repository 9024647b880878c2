"""A download as a task: ``python -m catsdogs.sources.fetch_task FOLDER``.

Its subject is what ``fetching.fetch`` takes: "microsoft", "kaggle" or the URL of a zip.
"""

import sys
from pathlib import Path
from typing import Any

from catsdogs.background import tasks
from catsdogs.dataset import index
from catsdogs.sources import fetching

KIND = tasks.Kind("download", "catsdogs.sources.fetch_task")


def fetch(source: str, report: tasks.Report, should_stop: tasks.ShouldStop) -> dict[str, Any]:
    """Download, unpack and scan a dataset; ``path`` in the result is its folder.

    Raises:
        Cancelled: once ``should_stop`` returns True; the part so far is kept.
        DatasetError: when it cannot be downloaded, unpacked or read.
    """
    folder = fetching.fetch(source, report=report, should_stop=should_stop)
    index.scan(folder, progress=lambda done, total: report("scan", done, total))
    return {"path": str(folder)}


def main(folder: Path) -> int:
    """Do the task in ``folder``; return the exit status of its process."""
    return tasks.main(folder, fetch)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
