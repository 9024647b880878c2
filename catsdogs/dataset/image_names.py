"""Which image a table means by a name: a path, a file name, or an id without a suffix."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import PurePosixPath

from catsdogs.dataset.name_patterns import key


class ImageNames:
    """The images of a dataset by the names that a table may use for them.

    ``table`` is the path of the table relative to the dataset, if it lies in it: of several images
    with a name, those beside the table or in a folder named like it are meant.
    """

    def __init__(self, paths: Iterable[str], *, table: PurePosixPath | None = None) -> None:
        self._paths = frozenset(paths)
        self._table = table

    def find(self, given: str) -> list[str]:
        r"""Return the paths that ``given`` may mean: one if it is clear, none if it is unknown.

        ``cat.1``, ``images\cat.1.jpg`` and ``/other/machine/images/CAT.1.JPG`` may all mean
        ``images/cat.1.jpg``.
        """
        if given in self._paths:
            return [given]
        path = PurePosixPath(given.replace("\\", "/").strip())
        if ".." in path.parts or not path.name:
            return []
        if str(path) in self._paths:
            return [str(path)]
        wanted = key(str(path))
        found = [one for one in self._called(key(path.name)) if _ends_alike(key(one), wanted)]
        return found if len(found) <= 1 else self._near_the_table(found)

    def _called(self, name: str) -> list[str]:
        return self._by_name.get(name) or self._by_stem.get(name, [])

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        return _grouped((key(PurePosixPath(path).name), path) for path in sorted(self._paths))

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        return _grouped((key(PurePosixPath(path).stem), path) for path in sorted(self._paths))

    def _near_the_table(self, found: list[str]) -> list[str]:
        if self._table is None:
            return found
        beside = self._table.parent
        for folder in (beside / self._table.stem, beside):
            near = [one for one in found if PurePosixPath(one).is_relative_to(folder)]
            if len(near) == 1:
                return near
        return found


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for name, path in pairs:
        groups[name].append(path)
    return groups


def _ends_alike(path: str, wanted: str) -> bool:
    """Return whether the shorter of two paths is the end of the other; a suffix may be missing."""
    there, said = list(_parts(path)), list(_parts(wanted))
    length = min(len(there), len(said))
    return there[1:length] == said[1:length]


def _parts(path: str) -> Iterator[str]:
    """Yield the parts of a path, the last one first."""
    return reversed([part for part in path.split("/") if part])
