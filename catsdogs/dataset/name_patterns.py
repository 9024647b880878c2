"""The folders and the beginnings of file names that distinguish images, with counts.

They are listed where names give no label, so that the user can say which are cats and which are
dogs (``labelling``).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catsdogs.images import stored

FOLDER, NAME, FIRST_LETTER = "folder", "name", "first letter"
CAPITAL, SMALL = "capital", "small"
# Folders that divide a dataset into sides, not into classes.
_SIDES = frozenset({"train", "training", "val", "valid", "validation", "dev", "test", "testing"})
_SUFFIX = re.compile(r"\.[^\W_]{1,5}$")
_LAST_NUMBER = re.compile(r"[\W_]*\d*[\W_]*$")
_SEPARATE_NUMBERS = re.compile(r"(?:[\W_]+\d+)+$")
_MOST_SHOWN = 8


@dataclass(frozen=True)
class Pattern:
    """Images with something in common.

    ``kind`` says what: the name of a FOLDER above them, the beginning of their own NAME, or its
    FIRST_LETTER, which is CAPITAL or SMALL.
    """

    kind: str
    name: str
    images: int


def found(paths: Iterable[str], *, others: int = 0) -> list[Pattern]:
    """Return the patterns that tell some of these images from others, largest first by kind.

    ``others`` is the number of further images in the dataset. Folders that hold all images, or only
    a side of a split, are left out, and so are beginnings of names if most images have their own.
    """
    paths = list(paths)
    folders = Counter(name for path in paths for name in set(_folders(path)))
    dividing = {
        name: count
        for name, count in folders.items()
        if count < len(paths) + others
        and name.casefold() not in _SIDES
        and not stored.is_table(name)
    }
    names = Counter(beginning(path) for path in paths)
    del names[""]
    tells = (not others) < len(names) <= max(2, len(paths) // 2)
    return [
        *_by_size(FOLDER, dividing),
        *_by_size(NAME, names if tells else {}),
        *(_first_letters(paths) if tells else []),
    ]


def beginning(path: str) -> str:
    """Return a file's name without its suffix and the numbers at its end: ``american_bulldog``."""
    stem = _SUFFIX.sub("", path.rpartition("/")[2])
    return _SEPARATE_NUMBERS.sub("", _LAST_NUMBER.sub("", stem))


def first_letter(path: str) -> str:
    """Return CAPITAL, SMALL, or "" if the file's name does not begin with such a letter."""
    first = path.rpartition("/")[2][:1]
    return CAPITAL if first.isupper() else SMALL if first.islower() else ""


def ancestors(path: str) -> Iterator[str]:
    """Yield the folders of ``path``, the nearest first: ``a/b/1.jpg`` gives ``a/b`` and ``a``."""
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def key(name: str) -> str:
    """Return the form in which names are compared: case and composed letters do not matter."""
    return unicodedata.normalize("NFC", name).casefold().strip().strip("/")


def described(patterns: list[Pattern]) -> str:
    """Return the patterns in a sentence or two, "" without any."""
    titles = {FOLDER: "Folders", NAME: "Names that begin with"}
    sentences = []
    for kind, title in titles.items():
        names = [f"{one.name} ({one.images:,})" for one in patterns if one.kind == kind]
        more = [f"{len(names) - _MOST_SHOWN:,} more"] if len(names) > _MOST_SHOWN else []
        if names:
            sentences.append(f"{title}: {', '.join(names[:_MOST_SHOWN] + more)}.")
    letters = {one.name: one.images for one in patterns if one.kind == FIRST_LETTER}
    if letters:
        sentences.append(
            f"{letters[CAPITAL]:,} names begin with a capital letter, {letters[SMALL]:,} with a "
            "small one."
        )
    return " ".join(sentences)


def _folders(path: str) -> Iterator[str]:
    return (folder.rpartition("/")[2] for folder in ancestors(path))


def _by_size(kind: str, counts: dict[str, int]) -> list[Pattern]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Pattern(kind, name, count) for name, count in ordered]


def _first_letters(paths: list[str]) -> list[Pattern]:
    letters = Counter(first_letter(path) for path in paths)
    if not (letters[CAPITAL] and letters[SMALL]):
        return []
    return [Pattern(FIRST_LETTER, which, letters[which]) for which in (CAPITAL, SMALL)]
