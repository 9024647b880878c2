"""A round as a task: ``python -m catsdogs.suggestions.task FOLDER``.

Its subject is the path of a folder with images. ``suggested.load`` reads the suggestions.
"""

import sys
from pathlib import Path
from typing import Any

from catsdogs.background import tasks
from catsdogs.dataset import index
from catsdogs.errors import Cancelled
from catsdogs.features import embeddings
from catsdogs.suggestions import by_run, learning

KIND = tasks.Kind("suggestions", "catsdogs.suggestions.task")
PHASES = {
    "scan": "Reading the files",
    "embed": "Looking at every photo with MobileNetV2",
    "answer": "Asking a trained run about every photo",
}


def suggest(root: str, report: tasks.Report, should_stop: tasks.ShouldStop) -> dict[str, Any]:
    """Suggest labels for the dataset in the folder ``root``; the result is empty.

    Raises:
        Cancelled: once ``should_stop`` returns True; the vectors so far are kept.
        DatasetError: when the folder cannot be read, or no photo of it lacks a label.
    """

    def advance(phase: str, done: int, total: int) -> None:
        if should_stop():
            raise Cancelled("The suggestions were cancelled. Everything computed is kept.")
        report(phase, done, total)

    dataset = index.scan(Path(root), progress=lambda done, total: advance("scan", done, total))
    learning.learn(
        dataset,
        backbone=embeddings.exported_backbone,
        run=by_run.best_run(dataset.classes),
        report=advance,
    )
    return {}


def main(folder: Path) -> int:
    """Do the task in ``folder``; return the exit status of its process."""
    return tasks.main(folder, suggest)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
