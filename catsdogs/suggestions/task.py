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
from catsdogs.suggestions import learning, suggested

KIND = tasks.Kind("suggestions", "catsdogs.suggestions.task")
PHASES = {"scan": "Reading the files", "embed": "Looking at every photo with MobileNetV2"}


def suggest(root: str, report: tasks.Report, should_stop: tasks.ShouldStop) -> dict[str, Any]:
    """Suggest labels for the dataset in the folder ``root``; the result is empty.

    Raises:
        Cancelled: once ``should_stop`` returns True; the vectors so far are kept.
        DatasetError: when the folder cannot be read, or no photo of it lacks a label.
    """

    def advance(phase: str, done: int, total: int) -> None:
        if should_stop():
            raise Cancelled("The suggestions were cancelled. The vectors so far are kept.")
        report(phase, done, total)

    dataset = index.scan(Path(root), progress=lambda done, total: advance("scan", done, total))
    learning.learn(
        dataset,
        backbone=lambda: _backbone(dataset.root),
        progress=lambda done, total: advance("embed", done, total),
    )
    return {}


def _backbone(root: Path) -> Path:
    """Return the file of the last round's network: asking for another one takes seconds."""
    last = suggested.load(root)
    known = Path(last.summary.backbone) if last else None
    return known if known and known.is_file() else embeddings.exported_backbone()


def main(folder: Path) -> int:
    """Do the task in ``folder``; return the exit status of its process."""
    return tasks.main(folder, suggest)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
