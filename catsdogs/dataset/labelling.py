"""Labels that the user gives to whole folders and name patterns: "gatto" is a cat, "cane" a dog.

The mapping is kept with users' decisions about the dataset, and its hash in each run. It comes
before the class words of ``labels``; images that it does not mention keep the label of their names.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec
import pandas as pd

from catsdogs import paths, people
from catsdogs.dataset import decision_file, name_patterns
from catsdogs.dataset.name_patterns import CAPITAL, ancestors, beginning, first_letter, key
from catsdogs.errors import ConfigError, DatasetError
from catsdogs.labels import CAT, CLASS_NAMES, DOG, UNLABELLED
from catsdogs.system import files

Label = Annotated[int, msgspec.Meta(ge=UNLABELLED, le=DOG)]
Class = Annotated[int, msgspec.Meta(ge=CAT, le=DOG)]
LEFT_OUT = "out"
CHOICES = {**dict(zip(CLASS_NAMES, (CAT, DOG), strict=True)), LEFT_OUT: UNLABELLED}


@dataclass(frozen=True)
class LabelMap:
    """The labels that the user gave to names: of a folder, its path, or the beginning of a file's.

    ``names`` maps the ``name_patterns.key`` of a name to CAT, DOG or UNLABELLED, which leaves its
    images out. ``capital`` is the label of file names that begin with a capital letter; small
    letters are the other class.
    """

    names: Mapping[str, Label] = field(default_factory=dict)
    capital: Class | None = None

    def __bool__(self) -> bool:
        """Return whether the mapping says anything."""
        return bool(self.names) or self.capital is not None

    def label(self, path: str) -> int | None:
        """Return the label of an image; None if the mapping does not mention it.

        The nearest folder comes first, then the beginning of the name, then its first letter.
        """
        return self.labels([path])[0]

    def labels(self, paths: Iterable[str]) -> list[int | None]:
        """Return ``label`` of each path. Folders are looked up once."""
        by_folder: dict[str, int | None] = {}
        labels = []
        for path in paths:
            folder = path.rpartition("/")[0]
            if folder not in by_folder:
                by_folder[folder] = self._of_folder(path)
            of_folder = by_folder[folder]
            labels.append(self._of_name(path) if of_folder is None else of_folder)
        return labels

    def _of_folder(self, path: str) -> int | None:
        for folder in ancestors(path):
            for name in (folder, folder.rpartition("/")[2]):
                if (label := self.names.get(key(name))) is not None:
                    return label
        return None

    def _of_name(self, path: str) -> int | None:
        label = self.names.get(key(beginning(path))) if self.names else None
        if label is not None:
            return label
        letter = first_letter(path)
        if self.capital is None or not letter:
            return None
        return self.capital if letter == CAPITAL else DOG + CAT - self.capital

    def with_changes(self, other: "LabelMap") -> "LabelMap":
        """Return this mapping, changed where ``other`` says something."""
        capital = self.capital if other.capital is None else other.capital
        return LabelMap({**self.names, **other.names}, capital)


def parsed(classes: str | None, named: Iterable[str] = ()) -> LabelMap:
    """Return the mapping in the options ``--classes CATS,DOGS`` and ``--map NAME=LABEL``.

    Raises:
        ConfigError: if they say something else.
    """
    names: dict[str, int] = {}
    if classes is not None:
        given = [key(name) for name in classes.split(",")]
        if len(given) != len(CLASS_NAMES) or not all(given) or given[CAT] == given[DOG]:
            raise ConfigError(
                "Expected two names with a comma between them, that of the cats first, such as "
                f"--classes gatto,cane. Received: {classes!r}."
            )
        names = {given[CAT]: CAT, given[DOG]: DOG}
    for text in named:
        name, _, label = text.rpartition("=")
        if not key(name) or label.strip().lower() not in CHOICES:
            raise ConfigError(
                f"Expected NAME=LABEL, with {', '.join(CHOICES)} as the label, such as "
                f"--map gatto=cat. Received: {text!r}."
            )
        names[key(name)] = CHOICES[label.strip().lower()]
    capital = names.pop(CAPITAL, None)
    return LabelMap(names, capital if capital != UNLABELLED else None)


def require_known(labels: LabelMap, records: pd.DataFrame) -> None:
    """Check that each name of the mapping is that of a folder or a file of ``records``.

    Raises:
        DatasetError: if there is no such name. It lists the names of ``records``.
    """
    there = set()
    for path in records["path"]:
        folders = list(ancestors(path))
        there |= {key(folder) for folder in folders} | {key(beginning(path))}
        there |= {key(folder.rpartition("/")[2]) for folder in folders}
    unknown = [name for name in labels.names if name not in there]
    if unknown:
        patterns = name_patterns.described(name_patterns.found(records["path"]))
        raise DatasetError(
            "Expected the name of a folder with images, or the beginning of the names of images. "
            f"Received: {', '.join(map(repr, unknown))}. There are: {patterns or 'none'}"
        )


def applied(table: pd.DataFrame, labels: LabelMap) -> pd.DataFrame:
    """Return records with the labels that the mapping gives in the column ``label``."""
    if not labels:
        return table
    given = labels.labels(table["path"])
    own = table["label"]
    new = [own_ if label is None else label for own_, label in zip(own, given, strict=True)]
    return table.assign(label=pd.Series(new, index=table.index, dtype=own.dtype))


def save(root: Path, labels: LabelMap) -> None:
    """Keep the mapping of the dataset in ``root``; an empty one is forgotten.

    Raises:
        DatasetError: if it cannot be written.
    """
    people.require_editor("change labels")
    place = file(root)
    try:
        if labels:
            files.write_json(place, asdict(labels))
        else:
            place.unlink(missing_ok=True)
    except OSError as error:
        raise DatasetError(
            f"Expected to write the labels of folders into {place}. Received: {error.strerror}. "
            "They were not saved: fix this, then say them again."
        ) from None


def load(root: Path) -> LabelMap:
    """Return the mapping of the dataset in ``root``, an empty one if there is none.

    Raises:
        DatasetError: if it cannot be read: without it, images would have other labels.
    """
    found = decision_file.read(
        file(root),
        LabelMap,
        what="the labels of folders",
        again="say them again",
        without="images would have other labels",
    )
    return LabelMap() if found is None else found


def file(root: Path) -> Path:
    """Return the file with the mapping of the dataset in ``root``."""
    return paths.review_dir(root) / "labels.json"


def content_hash(root: Path) -> str:
    """Return 16 hex digits that identify the mapping of the dataset in ``root``; "" for none."""
    labels = load(root)
    if not labels:
        return ""
    said = msgspec.json.encode([sorted(labels.names.items()), labels.capital])
    return hashlib.sha256(said).hexdigest()[:16]
