"""The split that a dataset comes with: its folders for training, validation and testing.

A folder is one side if its name, without numbers, class words and fillers such as "set" or "data",
is one of these words, in any case::

    train  training                train/ training_set/ train_cats/ Train Images/
    val  valid  validation  dev    val/ validation/ dev-set/
    test  testing                  test/ test1/ TestSet/ data/test-00000-of-00001.parquet

The nearest folder that names a side decides, unless a table that the user imported gives the photo
a side (``table_sides``). Photos without a side are training photos.
A dataset has a split of its own if some photos are for validation or testing, and others are not.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from catsdogs.dataset import table_sides
from catsdogs.dataset.table_sides import TEST, TRAIN, VALIDATION, WORDS
from catsdogs.labels import DOG

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SIDES = (TRAIN, VALIDATION, TEST)
NO_SIDE = ""
# A photo belongs to the last of these sides on which a copy of it lies.
_BY_PRECEDENCE = {NO_SIDE: 0, TRAIN: 0, VALIDATION: 1, TEST: 2}

_FILLERS = {"set", "data", "dataset", "split", "image", "img", "photo", "picture", "cat", "dog"}
_LETTERS = re.compile(r"[^\W\d_]+")
_TABLE = re.compile(r"(?:-\d+-of-\d+)?\.(?:parquet|tar)$")
_COMPOUND = re.compile(rf"({'|'.join(sorted(WORDS, key=len, reverse=True))})(set|data)")


def side_of_path(relative_path: str) -> str:
    """Return TRAIN, VALIDATION, TEST or NO_SIDE for a path inside a dataset ("/" separates)."""
    return _named(relative_path.rpartition("/")[0])[0]


def assigned(root: Path, records: "pd.DataFrame") -> "pd.DataFrame":
    """Return the ``records`` of the folder ``root`` with the column ``given``: the side of each.

    Raises:
        DatasetError: if the sides that a table gave cannot be read.
    """
    import pandas as pd

    # Datasets have few folders.
    folders = _folders(records["path"])
    sides = pd.array([_named(folder)[0] for folder in folders.dictionary.to_pylist()], dtype="str")
    given = pd.Series(sides.take(folders.indices.to_numpy()), index=records.index)
    if by_table := table_sides.load(root):
        given = records["path"].map(by_table).fillna(given).astype(given.dtype)
    return records.assign(given=given)


def _folders(paths: "pd.Series") -> "pa.DictionaryArray":
    """Return the folder of each path; "" for a file that is in none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pa.Table.from_pandas(paths.to_frame(), preserve_index=False).column(0)
    parts = pc.split_pattern(column.cast(pa.large_string()), "/", max_splits=1, reverse=True)
    is_inside = pc.equal(pc.list_value_length(parts), 2)
    return pc.if_else(is_inside, pc.list_element(parts, 0), "").combine_chunks().dictionary_encode()


def is_given(records: "pd.DataFrame") -> bool:
    """Return whether ``records`` (``given``) have a split of their own."""
    if "given" not in records:
        return False
    found = set(records["given"].unique())
    return bool(found & {VALIDATION, TEST}) and bool(found & {TRAIN, NO_SIDE})


@dataclass(frozen=True)
class GivenSplit:
    """The split that a dataset comes with.

    ``described`` names its folders: "80 in train/, 40 in test/". ``counts`` are by side, and
    ``dogs`` those of dogs. ``leaks`` has the paths of each picture that is on several sides, and
    ``left_out`` counts those that training leaves out for that reason.
    """

    described: str
    counts: dict[str, int]
    dogs: dict[str, int]
    leaks: list[list[str]]
    left_out: int


def given_split(records: "pd.DataFrame") -> GivenSplit | None:
    """Return the own split of ``records`` (``given``, ``group``, ``path``, ``label``), or None."""
    if not is_given(records):
        return None
    rank = records["given"].map(_BY_PRECEDENCE)
    crosses = rank.groupby(records["group"]).transform("nunique") > 1
    sides = records["given"].replace(NO_SIDE, TRAIN)
    found, dogs = sides.value_counts(), sides[records["label"] == DOG].value_counts()
    return GivenSplit(
        described=_described(records),
        counts={side: int(found.get(side, 0)) for side in SIDES},
        dogs={side: int(dogs.get(side, 0)) for side in SIDES},
        leaks=[g["path"].tolist() for _, g in records[crosses].groupby("group", sort=False)],
        left_out=int(strays(records).sum()),
    )


def strays(records: "pd.DataFrame") -> "pd.Series":
    """Return a mask of the photos with a copy on a side of higher precedence.

    The test side comes before validation, and validation before training. ``records`` have the
    columns ``given`` and ``group``.
    """
    rank = records["given"].map(_BY_PRECEDENCE)
    return rank < rank.groupby(records["group"]).transform("max")


def _described(records: "pd.DataFrame") -> str:
    import pandas as pd

    folders = [path.rpartition("/")[0] for path in records["path"]]
    named = [_named(folder) for folder in folders]
    # A table may give a photo another side than its folder.
    places = [
        name if of == side else "" for (of, name), side in zip(named, records["given"], strict=True)
    ]
    names = pd.Series(places, index=records.index)
    parts = []
    for side in (*SIDES, NO_SIDE):
        on_side = records["given"] == side
        if count := int(on_side.sum()):
            parts.append(f"{count:,} {_place(side, names[on_side].unique().tolist())}")
    return ", ".join(parts)


def _place(side: str, names: list[str]) -> str:
    if side == NO_SIDE:
        return "elsewhere"
    is_folder = len(names) == 1 and names[0] and not _TABLE.search(names[0])
    return f"in {names[0]}/" if is_folder else f"for {side}"


# Datasets have few folders: a path costs a look-up.
@lru_cache(maxsize=4096)
def _named(folder: str) -> tuple[str, str]:
    """Return the side that a folder's path names, and the part of the path that names it."""
    for part in reversed(folder.split("/")):
        if side := _side(part):
            return side, part
    return NO_SIDE, ""


def _side(name: str) -> str:
    words = _LETTERS.findall(_TABLE.sub("", name.casefold()))
    found = set()
    for word in words:
        if word.removesuffix("s") in _FILLERS:
            continue
        compound = _COMPOUND.fullmatch(word)
        found.add(WORDS.get(compound[1] if compound else word, NO_SIDE))
    return found.pop() if len(found) == 1 else NO_SIDE
