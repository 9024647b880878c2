"""The vectors of a dataset's photos as a task: ``python -m catsdogs.health.vectors FOLDER``.

Its subject is the path of a folder with images. A health check computes the same vectors, but only
those of photos with a label.
"""

import sys
from pathlib import Path
from typing import Any

from catsdogs.background import tasks
from catsdogs.dataset import index
from catsdogs.errors import Cancelled
from catsdogs.features import embeddings

KIND = tasks.Kind("vectors", "catsdogs.health.vectors")
PHASES = {"embed": "Looking at every photo with MobileNetV2"}


def compute(root: str, report: tasks.Report, should_stop: tasks.ShouldStop) -> dict[str, Any]:
    """Compute the missing vectors of the pictures below ``root``; the result is empty.

    Raises:
        Cancelled: once ``should_stop`` returns True; the vectors so far are kept.
        DatasetError: when the folder cannot be read.
        WeightsUnavailable: when there is no MobileNetV2.
    """

    def advance(done: int, total: int) -> None:
        if should_stop():
            raise Cancelled("The vectors so far are kept.")
        report("embed", done, total)

    report("embed", 0, 0)
    pictures = index.scan(Path(root)).pictures
    backbone = embeddings.exported_backbone()
    embeddings.embed(Path(root), pictures, backbone=backbone, progress=advance)
    return {}


def main(folder: Path) -> int:
    """Do the task in ``folder``; return the exit status of its process."""
    return tasks.main(folder, compute)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
