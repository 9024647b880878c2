"""Which photos are one picture: copies with the same bytes, and near duplicates that a check found.

Training and validation must not share a picture (``split``), so what the check found is kept with
people's decisions about the folder, by content.
"""

import hashlib
import json
from pathlib import Path

import pandas as pd

from catsdogs import paths
from catsdogs.errors import DatasetError
from catsdogs.system import files

Groups = list[list[str]]  # of digests


def exact(records: pd.DataFrame) -> list[list[str]]:
    """Return the paths of files with the same bytes, a list for each content with several."""
    copies = records[records["digest"].duplicated(keep=False)]
    return [group["path"].tolist() for _, group in copies.groupby("digest", sort=False)]


def grouped(records: pd.DataFrame, near: Groups) -> pd.DataFrame:
    """Return ``records`` with the column ``group``: a digest that stands for the picture."""
    first = {digest: group[0] for group in near for digest in group}
    digests = records["digest"]
    return records.assign(group=digests.map(first).fillna(digests) if first else digests)


def save(root: Path, near: Groups) -> None:
    """Keep the groups of near duplicates that were found in ``root``."""
    files.write_json(_file(root), near)


def load(root: Path) -> Groups:
    """Return the groups of near duplicates known for ``root``; none before a check.

    Raises:
        DatasetError: when they cannot be read: without them, a split would be another one.
    """
    try:
        return json.loads(_file(root).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return []
    except OSError as error:
        raise DatasetError(
            f"Expected to read the near duplicates in {_file(root)}. Received: {error.strerror}. "
            "Mend that; without them, copies could be on both sides of a split."
        ) from None


def content_hash(root: Path) -> str:
    """Return 16 hex digits for the groups known for ``root``, "" for none: they shape the split."""
    near = sorted(sorted(group) for group in load(root))
    return hashlib.sha256(json.dumps(near).encode()).hexdigest()[:16] if near else ""


def _file(root: Path) -> Path:
    return paths.review_dir(root) / "near_duplicates.json"
