"""Images without a label: how many there are, what distinguishes them, and how to label them."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from catsdogs.dataset import name_patterns, nearby_tables, summary
from catsdogs.dataset.index import Dataset
from catsdogs.dataset.name_patterns import FIRST_LETTER, FOLDER, Pattern
from catsdogs.errors import DatasetError
from catsdogs.labels import CAT, DOG, PETS, UNLABELLED, Classes
from catsdogs.storage.stand_in import spelled
from catsdogs.text import counted

if TYPE_CHECKING:
    import pandas as pd

_ON_THE_PAGE = "Say which is which on the Dataset page"
_IN_A_COMMAND = (
    ", or with --classes CATS,DOGS and the names of two of them, or with --map NAME=cat and "
    "--map NAME=dog."
)
_TWO_OF_ITS_OWN = " To tell two others apart, name both: --own-classes {} {}."
_CAPITALS = " With --map capital=cat, a capital letter means cat and a small one dog."
_BY_HAND = (
    "Call the files cat.1.jpg, dog.1.jpg … or put them into cats/ and dogs/, or import a table of "
    "labels: python -m catsdogs data annotations PATH --import TABLE"
)


def error(dataset: Dataset) -> DatasetError | None:
    """Return the error for a dataset whose images lack labels; None if that is not the problem."""
    labels = _labels(dataset)
    cats, dogs, others = (int((labels == label).sum()) for label in (CAT, DOG, UNLABELLED))
    if dataset.pictures.empty:
        return _no_pictures(dataset)
    if not len(labels) or (cats and dogs and not others):
        return None
    received = _counts(cats, dogs, others, dataset.classes)
    expected = _expected(dataset.root, dataset.classes)
    return DatasetError(f"{expected} Received: {received}. {_advice_for(dataset, labels)}")


def advice(dataset: Dataset) -> str:
    """Return how to label the images without a label; "" if there are none."""
    labels = _labels(dataset)
    return _advice_for(dataset, labels) if (labels == UNLABELLED).any() else ""


def _expected(root: Path, classes: Classes) -> str:
    both = " and ".join(map(classes.plural, (CAT, DOG)))
    return f"Expected labelled images of {both} in {spelled(root)}."


def _no_pictures(dataset: Dataset) -> DatasetError:
    received = summary.instead(dataset.rest)
    if len(dataset.unreadable):
        first = dataset.unreadable.iloc[0]
        received = (
            f"{counted(len(dataset.unreadable), 'image')}, none of which can be read "
            f"({first['path']}: {first['problem_detail']})"
        )
    return DatasetError(f"{_expected(dataset.root, dataset.classes)} Received: {received}")


def none_labelled(root: Path, images: int, found: list[Pattern]) -> str:
    """Return what was found in a folder whose images all lack a label, for a page with a form."""
    advice = name_patterns.described(found) or _BY_HAND
    return f"{_expected(root, PETS)} Received: {_counts(0, 0, images, PETS)}. {advice}"


def patterns(dataset: Dataset) -> list[Pattern]:
    """Return the folders and name patterns of the images without a label, with counts."""
    labels = _labels(dataset)
    paths = dataset.pictures["path"][labels.index[labels == UNLABELLED]]
    return name_patterns.found(paths, others=len(labels) - len(paths))


def _by_table(dataset: Dataset) -> str:
    tables = nearby_tables.found(dataset.root, dataset.records["path"])
    return nearby_tables.advice(dataset.root, tables)


def _labels(dataset: Dataset) -> "pd.Series":
    pictures = dataset.pictures
    return pictures["label"][~pictures["excluded"]]


def _counts(cats: int, dogs: int, unlabelled: int, classes: Classes) -> str:
    if not cats and not dogs:
        return f"{counted(unlabelled, 'image')}, none of them labelled by name or folder"
    kinds = [classes.counted(CAT, cats), classes.counted(DOG, dogs)]
    without = [f"{counted(unlabelled, 'image')} without a label by name or folder"]
    return ", ".join(kinds + (without if unlabelled else []))


def _advice_for(dataset: Dataset, labels: "pd.Series") -> str:
    """Return how to label the images of a dataset, or which are missing."""
    if not (labels == UNLABELLED).any():
        missing = DOG if (labels == CAT).any() else CAT
        return f"Add photos of {dataset.classes.plural(missing)}."
    if not dataset.classes.are_pets:
        return _of_own(dataset)
    found, by_table = patterns(dataset), _by_table(dataset)
    if not found:
        return by_table or _BY_HAND
    capitals = _CAPITALS if any(one.kind == FIRST_LETTER for one in found) else ""
    folders = [one.name for one in found if one.kind == FOLDER]
    others = _TWO_OF_ITS_OWN.format(*map(shlex.quote, folders[:2])) if len(folders) > 1 else ""
    by_name = f"{name_patterns.described(found)} {_ON_THE_PAGE}{_IN_A_COMMAND}{capitals}{others}"
    return f"{by_name} {by_table}".strip()


def _of_own(dataset: Dataset) -> str:
    """Return how to label more images of a dataset with classes of its own."""
    positive = shlex.quote(f"NAME={dataset.classes.positive}")
    how = f"They are not used. To label more of them: --map {positive}."
    by_table = _by_table(dataset)
    return f"{name_patterns.described(patterns(dataset))} {how} {by_table}".strip()
