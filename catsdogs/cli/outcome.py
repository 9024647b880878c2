"""The outcome of a command, and how it reports files that it could not read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catsdogs.cli.progress import say
from catsdogs.cli.tables import Readable
from catsdogs.dataset import index, summary, unlabelled
from catsdogs.errors import DatasetError, UnreadableImage
from catsdogs.images.header import FORMATS

DONE, FAILED, SOME_UNREADABLE = 0, 1, 2


@dataclass(frozen=True)
class Outcome:
    """The JSON document, the text that people read instead, and the exit status."""

    result: Any
    text: Readable
    status: int = DONE


def status_with(failed: object) -> int:
    """Return the status of a command that is done; ``failed`` are inputs it could not read."""
    return SOME_UNREADABLE if failed else DONE


def unreadable(dataset: index.Dataset) -> list[dict[str, str]]:
    """Return the files and folders of a dataset that cannot be read, each with its reason."""
    closed = dataset.rest.closed_folders.items()
    folders = [refused(path, UnreadableImage("unreadable_folder", why)) for path, why in closed]
    return [*summary.document(dataset)["unreadable"], *folders]


def refused(name: str, error: UnreadableImage) -> dict[str, str]:
    """Return the report of a file that could not be read."""
    return {"path": name, "reason": error.code, "detail": str(error)}


def say_unreadable_slices(root: Path) -> None:
    """Print a message if the slices that were kept for the dataset in ``root`` cannot be read."""
    # Imported here: most commands, and the service, do without pandas.
    from catsdogs.health import named_slices

    try:
        named_slices.read(root)
    except DatasetError as error:
        say(str(error))


def no_usable_images(path: Path, dataset: index.Dataset) -> DatasetError:
    """Return the error for a dataset without a usable photo."""
    if len(dataset.pictures) and (error := unlabelled.error(dataset)):
        return error
    reasons = [
        *(f"{name}: {reason}" for name, reason in dataset.rest.closed_folders.items()),
        *(f"{row.path}: {row.problem_detail}" for row in dataset.unreadable.itertuples()),
    ]
    if dataset.records.empty and not reasons:
        return no_images(path, dataset)
    received = f"none that can be read and has a label{f' ({reasons[0]})' if reasons else ''}"
    return DatasetError(
        f"Expected labelled images in {path}. Received: {received}. Name them cat.1.jpg, dog.1.jpg "
        "… or put them into cats/ and dogs/. See: python -m catsdogs data scan"
    )


def no_images(path: Path, dataset: index.Dataset) -> DatasetError:
    """Return the error for a folder without image files."""
    return DatasetError(
        f"Expected images ({', '.join(FORMATS)}) in {path}. "
        f"Received: {summary.instead(dataset.rest)}"
    )
