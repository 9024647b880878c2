"""Photos that show the same picture: exact copies, and near duplicates that a health check found.

Training and validation must not share a picture (``split``). So the near duplicates are kept, by
content, with users' decisions about the folder.
"""

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from catsdogs import paths
from catsdogs.errors import DatasetError
from catsdogs.system import files

if TYPE_CHECKING:
    import pandas as pd

Groups = list[list[str]]  # of digests
_BEGINNING = 8  # characters of a digest that fit a number


def exact(records: "pd.DataFrame") -> list[list[str]]:
    """Return the paths of files with the same bytes, one list per content."""
    copies = records[records["digest"].duplicated(keep=False)]
    return [group["path"].tolist() for _, group in copies.groupby("digest", sort=False)]


def copied(digests: "pd.Series") -> "pd.Series":
    """Return a mask of the digests that occur more than once."""
    import pandas as pd

    # Comparing their beginnings as numbers first takes a tenth of the time.
    found = pd.Series(beginnings(digests)).duplicated(keep=False).to_numpy(copy=True)
    found[found] = digests[found].duplicated(keep=False)
    return pd.Series(found, index=digests.index)


def beginnings(digests: "pd.Series") -> np.ndarray:
    """Return the first eight characters of each digest as a number: uint64 of shape (N,)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pa.Table.from_pandas(digests.to_frame(), preserve_index=False).column(0)
    starts = pc.utf8_slice_codeunits(column.cast(pa.large_string()), 0, _BEGINNING)
    padded = pc.utf8_rpad(starts, _BEGINNING, "\0").combine_chunks()
    return np.frombuffer(padded.buffers()[2] or b"", dtype=">u8", count=len(padded)).astype(
        np.uint64
    )


def grouped(records: "pd.DataFrame", near: Groups) -> "pd.DataFrame":
    """Return ``records`` with the column ``group``: a digest that identifies the picture."""
    first = {digest: group[0] for group in near for digest in group}
    groups = records["digest"]
    if (is_near := groups.isin(list(first))).any():
        groups = groups.mask(is_near, groups[is_near].map(first).reindex(groups.index))
    return records.assign(group=groups)


class Kept(StrEnum):
    """The photo of a group of duplicates that stays."""

    LARGEST, FIRST = "largest", "first"


@dataclass(frozen=True)
class Surplus:
    """The ``copies`` to exclude, so that one photo of each of so many ``groups`` stays.

    ``disputed`` counts the groups whose photos have different labels; none of theirs is a copy.
    """

    copies: "pd.DataFrame"
    groups: int
    disputed: int


def surplus(records: "pd.DataFrame", keep: Kept) -> Surplus:
    """Return what is too much among ``records`` (``group``, ``label``, ``excluded`` …).

    The largest photo has the most pixels, then the most bytes. The first one has the first path,
    which also decides between equals.
    """
    in_use = records[~records["excluded"]]
    groups = in_use[in_use["group"].duplicated(keep=False)]
    labels = groups.groupby("group")["label"].transform("nunique")
    agreed = groups[labels == 1].sort_index()
    if keep == Kept.LARGEST:
        pixels = agreed["width_px"].astype("int64") * agreed["height_px"]
        ordered = agreed.assign(pixels=pixels).sort_values(
            ["pixels", "size_bytes"], ascending=False, kind="stable"
        )
        agreed = agreed.loc[ordered.index]
    return Surplus(
        agreed[agreed["group"].duplicated()],
        groups=agreed["group"].nunique(),
        disputed=groups.loc[labels > 1, "group"].nunique(),
    )


def save(root: Path, near: Groups) -> None:
    """Store the groups of near duplicates that were found in ``root``."""
    files.write_json(groups_file(root), near)


def load(root: Path) -> Groups:
    """Return the groups of near duplicates that are known in ``root``; none before a check.

    Raises:
        DatasetError: if they cannot be read: without them, the split would be different.
    """
    try:
        return json.loads(groups_file(root).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return []
    except OSError as error:
        raise DatasetError(
            f"Expected to read the near duplicates in {groups_file(root)}. Received: "
            f"{error.strerror}. Fix this first: without them, copies could be on both sides of a "
            "split."
        ) from None


def content_hash(root: Path) -> str:
    """Return 16 hex digits that identify the groups, which affect the split; "" for none."""
    near = sorted(sorted(group) for group in load(root))
    return hashlib.sha256(json.dumps(near).encode()).hexdigest()[:16] if near else ""


def groups_file(root: Path) -> Path:
    """Return the file of the near duplicates in ``root``."""
    return paths.review_dir(root) / "near_duplicates.json"
