"""Labels and decisions from a table, by the usual names of its columns.

A table says the name and the label of each image, or has a column for each class, or is an export
of decisions with the columns path, action and label. With the action "tag", the label is a tag. The
column ``split`` says the side of images.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from catsdogs.dataset import annotations, labelling, table_sides, table_text, tags
from catsdogs.dataset.annotations import ACTIONS, RELABEL, Decision, Photo
from catsdogs.dataset.image_names import ImageNames
from catsdogs.dataset.name_patterns import key
from catsdogs.dataset.table_text import Row
from catsdogs.errors import ConfigError, DatasetError
from catsdogs.labels import CAT, DOG, PETS, UNLABELLED, Classes, label_of_name
from catsdogs.text import from_cell

if TYPE_CHECKING:
    import pandas as pd

_NAMES = (
    *("path", "filepath", "imagepath", "file", "filename", "image", "imagename", "imagefile"),
    *("img", "imgname", "photo", "picture", "name", "imageid", "id"),
)
_LABELS = ("label", "labels", "class", "classname", "category", "target", "species", "y")
_SPLITS = ("split", "subset", "set", "partition")
_NUMBERS = {"0": CAT, "0.0": CAT, "1": DOG, "1.0": DOG}
_ON, _OFF = ("1", "1.0", "true", "yes", "x"), ("0", "0.0", "false", "no", "")
_MOST_SHOWN = 3
# A table about other images is wrong in each of its lines, which need not all be read.
_MOST_WRONG = 1000


@dataclass(frozen=True)
class Imported:
    """The outcome of an import: photos with a decision or tag, rows about unreadable images, sides.

    ``has_numbers``: labels were numbers, 0 for the negative class (cats), 1 for the positive one.
    """

    photos: int
    unreadable: int
    sides: int
    has_numbers: bool


@dataclass(frozen=True)
class Columns:
    """The positions of the columns that matter; ``classes`` has a column for each class."""

    name: int
    action: int | None
    label: int | None
    digest: int | None
    split: int | None
    classes: dict[int, int]

    @property
    def are_useful(self) -> bool:
        """Whether they say something about the images."""
        has_classes = len(self.classes) == len(PETS.names)
        return has_classes or any(c is not None for c in (self.action, self.label, self.split))


class _WrongRowError(Exception):
    """A row that cannot be used; the message says what was received."""


def take_over(
    root: Path, records: "pd.DataFrame", content: bytes | str, *, source: Path | None = None
) -> Imported:
    """Import a table about ``records`` as one step; ``source`` is the table's path.

    If several rows are about one photo, the last one counts. Rows with a label and without an
    action relabel their photo; those about unreadable images are skipped. A row is wrong if its
    image or its label is unknown, or the content of the image is not that of its ``digest``.

    Raises:
        DatasetError: if columns are missing, or naming the lines that are wrong. Nothing is
            imported then.
    """
    table = table_text.read(content)
    classes = labelling.load(root).classes
    columns = understood(table.columns, classes)
    if columns is None or not columns.are_useful:
        raise _not_understood(table.columns, classes)
    reader = Reader(records, columns, _place(root, source), classes)
    wrong = reader.read_all(table.rows)
    if wrong:
        raise _refused(wrong)
    if not reader.decided and not reader.tagged and not reader.sides:
        raise _not_understood((), classes)
    if reader.decided or reader.tagged:
        decided = list(reader.decided.values())
        annotations.import_decisions(root, decided, tagged=reader.tagged)
    if reader.sides:
        table_sides.save(root, reader.sides)
    return Imported(len(reader.about), reader.unreadable, len(reader.sides), reader.has_numbers)


def numbers_mean(root: Path) -> str:
    """Return what numbers mean as labels of the dataset in ``root``: "0 = cat, 1 = dog"."""
    names = labelling.load(root).classes.names
    return ", ".join(f"{number} = {name}" for number, name in enumerate(names))


def understood(names: Iterable[str], classes: Classes = PETS) -> Columns | None:
    """Return the columns of a table by the names in its first row; None if it names no images."""
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        places.setdefault(_bare(name), place)

    def first(known: Iterable[str]) -> int | None:
        return next((places[one] for one in known if one in places), None)

    image = first(_NAMES)
    if image is None:
        return None
    return Columns(
        name=image,
        action=first(("action",)),
        label=first(_LABELS),
        digest=first(("digest",)),
        split=first(_SPLITS),
        classes={
            label: places[word]
            for label in (CAT, DOG)
            for word in (_bare(classes.name(label)), _bare(classes.plural(label)))
            if word in places
        },
    )


def _bare(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


class Reader:
    """Reads rows into decisions and sides, by path, and into tags."""

    def __init__(
        self,
        records: "pd.DataFrame",
        columns: Columns,
        table: PurePosixPath | None,
        classes: Classes = PETS,
    ) -> None:
        self._digests = dict(zip(records["path"], records["digest"], strict=True))
        self._problems = dict(zip(records["path"], records["problem_detail"], strict=True))
        self._names = ImageNames(self._digests, table=table)
        self._columns = columns
        self._classes = classes
        self.decided: dict[str, Decision] = {}
        self.tagged: dict[str, list[Photo]] = {}
        self.sides: dict[str, str] = {}
        self.unreadable = 0
        self.has_numbers = False

    @property
    def about(self) -> set[str]:
        """The paths of the photos with a decision or a tag."""
        return {*self.decided, *(photo.path for of in self.tagged.values() for photo in of)}

    def read_all(self, rows: Iterable[Row]) -> list[tuple[int, str]]:
        """Read the rows; return the line and the fault of those that are wrong."""
        wrong = []
        for row in rows:
            try:
                self._read(row)
            except _WrongRowError as error:
                wrong.append((row.line, str(error)))
                if len(wrong) >= _MOST_WRONG:
                    break
        return wrong

    def _read(self, row: Row) -> None:
        columns = self._columns
        given = row.cells[columns.name] if columns.name < len(row.cells) else ""
        path = self._path(from_cell(given))
        if columns.action is None and self._problems[path]:
            self.unreadable += 1
            return
        if columns.split is not None and row.cell(columns.split):
            self.sides[path] = _side(row.cell(columns.split))
        if row.cell(columns.action).lower() == tags.TAG:
            self.tagged.setdefault(self._tag(row), []).append(Photo(path, self._digest(path, row)))
        elif columns.action is not None:
            self.decided[path] = self._decision(path, row)
        elif columns.label is not None or columns.classes:
            self.decided[path] = Decision(path, self._digest(path, row), RELABEL, self._label(row))

    def _path(self, given: str) -> str:
        found = self._names.find(given)
        if not found:
            raise _WrongRowError(f"{given!r}, which is not in this dataset")
        if len(found) > 1:
            those = ", ".join(islice(found, _MOST_SHOWN))
            raise _WrongRowError(f"{given!r}, which may be any of {those}")
        return found[0]

    def _digest(self, path: str, row: Row) -> str:
        digest = row.cell(self._columns.digest) or self._digests[path]
        if digest != self._digests[path]:
            raise _WrongRowError(f"{path}, whose content has changed")
        return digest

    def _decision(self, path: str, row: Row) -> Decision:
        action, label = (
            from_cell(row.cell(c)) for c in (self._columns.action, self._columns.label)
        )
        if self._problems[path]:
            raise _WrongRowError(f"{path}, which cannot be read ({self._problems[path]})")
        digest = self._digest(path, row)
        action = action or (RELABEL if label else "")
        if action.lower() not in ACTIONS:
            known = ", ".join((*ACTIONS, tags.TAG))
            raise _WrongRowError(f"the action {action!r}; the known ones are {known}")
        if action.lower() != RELABEL:
            return Decision(path, digest, action.lower(), None)
        if self._named(label) == UNLABELLED:
            known = ", ".join(self._classes.names)
            raise _WrongRowError(f"the label {label!r}; the known ones are {known}")
        return Decision(path, digest, RELABEL, self._named(label))

    def _tag(self, row: Row) -> str:
        try:
            return tags.checked(from_cell(row.cell(self._columns.label)))
        except ConfigError as error:
            raise _WrongRowError(f"a wrong tag. {error}") from None

    def _named(self, given: str) -> int:
        """Return the label with this name, or UNLABELLED."""
        if self._classes.are_pets:
            return label_of_name(given)
        names = [key(name) for name in self._classes.names]
        return names.index(key(given)) if key(given) in names else UNLABELLED

    def _label(self, row: Row) -> int:
        if self._columns.label is None:
            return _of_class_columns(row, self._columns.classes, self._classes)
        given = from_cell(row.cell(self._columns.label))
        label = self._named(given)
        if label == UNLABELLED and given in _NUMBERS:
            self.has_numbers = True
            return _NUMBERS[given]
        if label == UNLABELLED:
            known = f"{', '.join(self._classes.names)}, {_numbers_of(self._classes)}"
            raise _WrongRowError(f"the label {given!r}; the known ones are {known}")
        return label


def _numbers_of(classes: Classes) -> str:
    return f"0 for {classes.plural(CAT)} and 1 for {classes.plural(DOG)}"


def _of_class_columns(row: Row, columns: dict[int, int], classes: Classes) -> int:
    """Return the label of a row with a column for each class, which is 1 for one of them."""
    given = {label: row.cell(place).lower() for label, place in columns.items()}
    chosen = [label for label, text in given.items() if text in _ON]
    if len(chosen) != 1 or any(text not in _ON + _OFF for text in given.values()):
        said = " and ".join(f"{classes.name(label)} {text!r}" for label, text in given.items())
        raise _WrongRowError(f"{said}; exactly one of the classes must be 1, the other 0")
    return chosen[0]


def _side(given: str) -> str:
    side = table_sides.WORDS.get(given.casefold())
    if side is None:
        known = ", ".join(table_sides.WORDS)
        raise _WrongRowError(f"the split {given!r}; the known ones are {known}")
    return side


def _place(root: Path, source: Path | None) -> PurePosixPath | None:
    """Return the path of a table relative to the dataset; None if it lies elsewhere."""
    if source is None or not source.absolute().is_relative_to(root):
        return None
    return PurePosixPath(source.absolute().relative_to(root).as_posix())


def _refused(wrong: list[tuple[int, str]]) -> DatasetError:
    (line, received), *others = wrong
    lines = ", ".join(f"{number:,}" for number, _ in others[:_MOST_SHOWN])
    more = ", …" if len(others) > _MOST_SHOWN else ""
    also = f" Wrong as well: line {lines}{more}." if others else ""
    return DatasetError(
        f"Expected an image of this dataset and a decision or a label in line {line:,} of the "
        f"table. Received: {received}.{also} Correct or delete the lines; nothing was imported."
    )


def _not_understood(columns: tuple[str, ...], classes: Classes) -> DatasetError:
    negative, positive = classes.names
    received = f"the columns {', '.join(map(repr, columns))}" if any(columns) else "no rows"
    return DatasetError(
        "Expected a CSV with the columns path, action and label, as an export has them, or with "
        "the name of each image and its label. The name is in a column path, filename, image, name "
        f"or id. The label is in a column label, class, category or target ({negative} or "
        f"{positive}, or {_numbers_of(classes)}), or in the columns {negative} and {positive}. "
        f"Received: {received}."
    )
