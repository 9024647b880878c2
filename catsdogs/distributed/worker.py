"""The process on a core of a cluster: it loads the work once, and computes batch after batch."""

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catsdogs.distributed import sent_files
from catsdogs.distributed.versions import versions
from catsdogs.errors import CatsDogsError, Unreachable, UnreadableImage
from catsdogs.images import picture
from catsdogs.images.parallel import Work

# A file's path, where the worker can read it; its content; or why it has none.
Item = Path | bytes | UnreadableImage


@dataclass(frozen=True)
class Order:
    """The work of a worker and the files it needs. ``samples`` are some photos with digests."""

    work: Work
    files: sent_files.Contents
    samples: tuple[tuple[Path, str], ...]


@dataclass(frozen=True)
class Ready:
    """A worker that has started: its machine, and whether it has the files at the same paths."""

    node: str
    versions: dict[str, str]
    has_files: bool = False
    problem: str = ""


class Worker:
    """Computes on one core. Ray starts it again after a crash; then it needs its order again."""

    def start(self, order: Order) -> Ready:
        """Load the work; a failure is the ``problem`` of the result."""
        node, found = platform.node(), versions()
        try:
            place = sent_files.kept(order.files)
            self._function: Callable[[bytes], Any] = order.work.loaded(place)
        except (CatsDogsError, OSError) as error:
            return Ready(node, found, problem=str(error))
        return Ready(node, found, has_files=all(map(_has, order.samples)))

    def outcomes(self, items: Sequence[Item]) -> list[Any]:
        """Return the value of each item, or its UnreadableImage."""
        return [self._outcome(item) for item in items]

    def _outcome(self, item: Item) -> Any:
        if isinstance(item, UnreadableImage):
            return item
        try:
            content = picture.read_bytes(item) if isinstance(item, Path) else item
            return self._function(content)
        except Unreachable:
            raise
        except UnreadableImage as error:
            return error


def _has(sample: tuple[Path, str]) -> bool:
    path, digest = sample
    try:
        return picture.digest(picture.read_bytes(path)) == digest
    except UnreadableImage:
        return False
