"""Tags of photos: any words that a user gives them, such as "blurry" or "to check".

They are steps in the log of ``annotations``, with author and time, and are undone like all others.
A tag does not change what a run learns from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from catsdogs.dataset import annotations
from catsdogs.dataset.annotations import Photo
from catsdogs.errors import ConfigError
from catsdogs.text import printable

if TYPE_CHECKING:
    import pandas as pd

TAG, _UNTAG = "tag", "untag"
LONGEST = 40


@dataclass(frozen=True)
class Tag:
    """A tag of a photo with this content."""

    digest: str
    who: str
    at: str  # ISO 8601, with the offset from UTC


def add(root: Path, records: "pd.DataFrame", names: Iterable[str]) -> None:
    """Give all ``records`` (columns path and digest) these tags, as one step.

    Raises:
        ConfigError: if a name is empty or too long.
        NotAllowed: if the person may only look.
        DatasetError: if the step cannot be written.
    """
    photos = _photos(records)
    if photos and (tagged := {checked(name): photos for name in names}):
        annotations.append(root, TAG, tagged=tagged)


def remove(root: Path, records: "pd.DataFrame", names: Iterable[str]) -> None:
    """Take these tags from all ``records``, as one step.

    Raises:
        NotAllowed: if the person may only look.
        DatasetError: if the step cannot be written.
    """
    photos = _photos(records)
    if photos and (untagged := dict.fromkeys(names, photos)):
        annotations.append(root, _UNTAG, untagged=untagged)


def checked(name: str) -> str:
    """Return a name for a tag, without needless spaces.

    Raises:
        ConfigError: if it is empty or too long.
    """
    name = printable(" ".join(name.split()))
    if not 0 < len(name) <= LONGEST:
        raise ConfigError(
            f"Expected a tag of 1 to {LONGEST} characters. Received: {len(name)}. Shorten it."
        )
    return name


def in_effect(root: Path) -> dict[str, dict[str, Tag]]:
    """Return the tags of each photo that has some, by path and name."""
    found: dict[str, dict[str, Tag]] = {}
    for step in annotations.steps(root):
        for name, photos in step.tagged.items():
            for path, digest in photos:
                found.setdefault(path, {})[name] = Tag(digest, step.who, step.at)
        for name, photos in step.untagged.items():
            for path, _ in photos:
                found.get(path, {}).pop(name, None)
    return {path: of_photo for path, of_photo in found.items() if of_photo}


def applied(records: "pd.DataFrame", tags: Mapping[str, Mapping[str, Tag]]) -> "pd.DataFrame":
    """Return ``records`` with the column ``tags``: the names of each photo's tags, a tuple."""
    import pandas as pd

    names = np.empty(len(records), dtype=object)
    names.fill(())
    rows = np.flatnonzero(records["path"].isin(list(tags)))
    photos = (records[name].iloc[rows].tolist() for name in ("path", "digest"))
    for row, path, digest in zip(rows.tolist(), *photos, strict=True):
        names[row] = tuple(name for name, tag in tags[path].items() if tag.digest == digest)
    return records.assign(tags=pd.Series(names, index=records.index, dtype=object))


def names_in(records: "pd.DataFrame") -> list[str]:
    """Return the names of all tags of ``records``, in alphabetical order."""
    return sorted({name for of_photo in set(records["tags"].tolist()) for name in of_photo})


def _photos(records: "pd.DataFrame") -> list[Photo]:
    return [Photo(*row) for row in records[["path", "digest"]].itertuples(index=False, name=None)]
