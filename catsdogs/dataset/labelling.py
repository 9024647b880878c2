"""Labels that the user gives to whole folders and name patterns: "gatto" is a cat, "cane" a dog.

The mapping is kept with users' decisions about the dataset, and its hash in each run. It comes
before the class words of ``labels``; images that it does not mention keep the label of their names.

The user can also give the dataset two classes of its own, "crab" and "crayfish": then their names
are those of folders or file names, and the words cat and dog mean nothing.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec

from catsdogs import paths, people
from catsdogs.dataset import decision_file, name_patterns
from catsdogs.dataset.name_patterns import CAPITAL, ancestors, beginning, first_letter, key
from catsdogs.errors import ConfigError, DatasetError
from catsdogs.labels import CAT, DOG, NEITHER, PETS, UNLABELLED, Classes
from catsdogs.system import files
from catsdogs.text import printable

if TYPE_CHECKING:
    import pandas as pd

Label = Annotated[int, msgspec.Meta(ge=UNLABELLED, le=DOG)]
Class = Annotated[int, msgspec.Meta(ge=CAT, le=DOG)]
LEFT_OUT = "out"
LONGEST_NAME = 60
# Words that mean something else in a table, in an answer or in a mapping.
_TAKEN = frozenset({NEITHER, LEFT_OUT, CAPITAL, "none", "accuracy", "macro avg", "weighted avg"})


@dataclass(frozen=True)
class LabelMap:
    """The labels that the user gave to names: of a folder, its path, or the beginning of a file's.

    ``names`` maps the ``name_patterns.key`` of a name to CAT, DOG or UNLABELLED, which leaves its
    images out. ``capital`` is the label of file names that begin with a capital letter; small
    letters are the other class. ``own`` are the classes of the dataset if they are not cats and
    dogs, or if the user labels its images by hand.
    """

    names: Mapping[str, Label] = field(default_factory=dict)
    capital: Class | None = None
    own: Classes | None = None

    def __bool__(self) -> bool:
        """Return whether the mapping says anything."""
        return bool(self.names) or self.capital is not None or self.own is not None

    @property
    def classes(self) -> Classes:
        """The classes of the dataset."""
        return self.own or PETS

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
        if other.own is not None and other.own != self.own:
            return other  # Labels of other classes.
        capital = self.capital if other.capital is None else other.capital
        return LabelMap({**self.names, **other.names}, capital, self.own)


def of_own(negative: str, positive: str) -> LabelMap:
    """Return the mapping of two classes that folders or file names are named after.

    Raises:
        ConfigError: if a name cannot be that of a class.
    """
    classes = _named(negative, positive)
    own = None if classes.are_pets else classes
    return LabelMap({key(negative): CAT, key(positive): DOG}, own=own)


def by_hand(negative: str, positive: str) -> LabelMap:
    """Return the mapping for images that no name labels: their classes alone.

    Raises:
        ConfigError: if a name cannot be that of a class.
    """
    return LabelMap(own=_named(negative, positive))


def _named(negative: str, positive: str) -> Classes:
    classes = Classes(negative.strip().strip("/"), positive.strip().strip("/"))
    for name in classes.names:
        if not name or key(name) in _TAKEN or len(name) > LONGEST_NAME or printable(name) != name:
            raise ConfigError(
                f"Expected the name of a class, 1 to {LONGEST_NAME} characters and none of "
                f"{', '.join(sorted(_TAKEN))}. Received: {name!r}. Choose another name."
            )
    if key(negative) == key(positive):
        raise ConfigError(
            f"Expected two different classes. Received: {negative!r} and {positive!r}."
        )
    return PETS if (key(negative), key(positive)) == PETS.names else classes


def parsed(
    classes: str | None, named: Iterable[str] = (), known: LabelMap | None = None
) -> LabelMap:
    """Return the mapping in the options ``--classes CATS,DOGS`` and ``--map NAME=LABEL``.

    The labels of ``--map`` are the classes of the mapping ``known``.

    Raises:
        ConfigError: if they say something else.
    """
    known = known or LabelMap()
    choices = choices_of(known.classes)
    names: dict[str, int] = {}
    if classes is not None:
        given = [key(name) for name in classes.split(",")]
        if len(given) != len(PETS.names) or not all(given) or given[CAT] == given[DOG]:
            raise ConfigError(
                "Expected two names with a comma between them, that of the cats first, such as "
                f"--classes gatto,cane. Received: {classes!r}."
            )
        names = {given[CAT]: CAT, given[DOG]: DOG}
    for text in named:
        name, _, label = text.rpartition("=")
        if not key(name) or key(label) not in choices:
            labels = [*known.classes.names, LEFT_OUT]
            example = "gatto=cat" if known.own is None else f"NAME={known.own.positive}"
            raise ConfigError(
                f"Expected NAME=LABEL, with {', '.join(labels)} as the label, such as "
                f"--map {example}. Received: {text!r}."
            )
        names[key(name)] = choices[key(label)]
    capital = names.pop(CAPITAL, None)
    return LabelMap(names, capital if capital != UNLABELLED else None)


def choices_of(classes: Classes) -> dict[str, int]:
    """Return the labels that a name can have, by ``key`` of the word for them."""
    return {**{key(name): label for label, name in enumerate(classes.names)}, LEFT_OUT: UNLABELLED}


def require_known(labels: LabelMap, records: "pd.DataFrame") -> None:
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


def applied(table: "pd.DataFrame", labels: LabelMap) -> "pd.DataFrame":
    """Return records with the labels that the mapping gives in the column ``label``."""
    import pandas as pd

    if not labels:
        return table
    given = labels.labels(table["path"])
    own = table["label"] if labels.classes.are_pets else table["label"] * 0 + UNLABELLED
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
            # Without its own classes, the file is the same as that of older versions.
            files.write_json(place, {k: v for k, v in asdict(labels).items() if k != "own" or v})
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
    own = [] if labels.own is None else [labels.own.names]
    said = msgspec.json.encode([sorted(labels.names.items()), labels.capital, *own])
    return hashlib.sha256(said).hexdigest()[:16]
