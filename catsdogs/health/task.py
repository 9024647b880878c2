"""The health check of a dataset as a task: ``python -m catsdogs.health.task FOLDER``.

Its subject is the path of a folder with images. ``findings.load`` reads the findings.
"""

import sys
from pathlib import Path
from typing import Any

from catsdogs.background import tasks
from catsdogs.dataset import index
from catsdogs.errors import Cancelled
from catsdogs.features import embeddings
from catsdogs.health import checkup

KIND = tasks.Kind("health", "catsdogs.health.task")


def check(root: str, report: tasks.Report, should_stop: tasks.ShouldStop) -> dict[str, Any]:
    """Check the dataset in the folder ``root``; the result is empty.

    Raises:
        Cancelled: once ``should_stop`` returns True; the measurements so far are kept.
        DatasetError: when the folder cannot be read.
    """

    def advance(phase: str, done: int, total: int) -> None:
        if should_stop():
            raise Cancelled("The check was cancelled. The measurements so far are kept.")
        report(phase, done, total)

    dataset = index.scan(Path(root), progress=lambda done, total: advance("scan", done, total))
    checkup.run(dataset, backbone=embeddings.exported_backbone, report=advance)
    return {}


def main(folder: Path) -> int:
    """Do the task in ``folder``; return the exit status of its process."""
    return tasks.main(folder, check)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
