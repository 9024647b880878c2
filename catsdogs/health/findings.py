"""The findings of a health check: typed, stored in the cache, joined to a dataset's records."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from pyarrow import parquet

from catsdogs import paths
from catsdogs.dataset import duplicates
from catsdogs.dataset.index import Dataset
from catsdogs.features.backbones import SHIPPED
from catsdogs.labels import UNLABELLED
from catsdogs.system import files

VERSION = 1
_KEYS = ["path", "digest"]
# The columns of a photo's row, with their values before a check or without MobileNetV2.
UNMEASURED: Mapping[str, float | int | str] = {
    "brightness": np.nan,
    "sharpness": np.nan,
    "colour": np.nan,
    "entropy": np.nan,
    "decode_error": "",  # UnreadableImage.code
    "near_group": -1,
    "p_dog": np.nan,  # out of fold
    "label_quality": np.nan,
    "similarity": np.nan,  # mean cosine similarity to the nearest neighbours
    "outlier": 0,
    "map_x": np.nan,  # t-SNE
    "map_y": np.nan,
    "pca_x": np.nan,
    "pca_y": np.nan,
    "cluster": -1,
    "typicality": np.nan,  # cosine similarity to the middle of its cluster
    "hint": "",
}


# Narrow, because a page holds them for all photos.
_DTYPES = {
    **dict.fromkeys(("brightness", "sharpness", "colour", "entropy", "similarity"), "float32"),
    **dict.fromkeys(("map_x", "map_y", "pca_x", "pca_y", "typicality"), "float32"),
    **dict.fromkeys(("row", "near_group"), "int32"),
    **dict.fromkeys(("outlier", "cluster"), "int8"),
}


@dataclass(frozen=True)
class Shortcut:
    """The accuracy of a classifier that predicts the label from sizes or brightness alone.

    ``accuracy`` is the mean of both classes' recall, 0 to 1; chance is 0.5.
    """

    shortcut: str
    accuracy: float
    standard_error: float


@dataclass(frozen=True)
class Summary:
    """The results of a check for the whole dataset. Files of older versions lack some fields."""

    version: int = 0
    content: str = ""  # ``checkup.content`` of the dataset
    embedding: str = ""  # why MobileNetV2's vectors are missing; "" if they are not
    backbone: str = ""  # the origin of the MobileNetV2, see ``backbones.origin``; "" if unused
    shortcuts: tuple[Shortcut, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)  # by phase
    sample: int = 0  # how many photos the check learned from; 0 for all


@dataclass(frozen=True)
class Findings:
    """The results of a check. ``rows`` has path, digest and the columns of ``UNMEASURED``.

    ``neighbours`` has the positions of the most similar rows for each row, -1 for none.
    """

    rows: pd.DataFrame
    neighbours: np.ndarray
    summary: Summary

    def sharing(self, pictures: pd.DataFrame) -> "Findings":
        """Return these findings with the names and digests of ``pictures`` if they are the same.

        They then take memory once, 70 MB for a million photos.
        """
        if not _are_same(pictures, self.rows):
            return self
        return replace(self, rows=self.rows.assign(**{key: pictures[key] for key in _KEYS}))

    @property
    def backbone(self) -> str:
        """The origin of the MobileNetV2 that made the vectors; "" if there are none."""
        return self.summary.backbone

    @property
    def sampled(self) -> str:
        """How many photos the check learned from; "" for all."""
        if not self.summary.sample:
            return ""
        return (
            f"Neighbours are approximate. The classifiers behind suspect labels, the shortcuts and "
            f"the map learned from {self.summary.sample:,} of {len(self.rows):,} photos."
        )

    @property
    def caveat(self) -> str:
        """A warning for readers of the findings; "" if nothing is unusual."""
        if self.backbone != SHIPPED:
            return ""
        return (
            "The check used the MobileNetV2 that comes with this project, which was trained on the "
            "labels of Dogs vs. Cats. Among such photos it may miss wrong labels, and find photos "
            "of one class too similar."
        )


def load(root: Path) -> Findings | None:
    """Return the findings of the last check of this folder, or None if there was none."""
    folder = _folder(root)
    try:
        summary = msgspec.convert(json.loads(summary_file(root).read_text("utf-8")), Summary)
        # Unmapped, the file's content would stay in memory. Columns in blocks of their own are not
        # copied.
        file = parquet.ParquetFile(folder / "rows.parquet", memory_map=True)
        rows = _narrow(file.read().to_pandas(split_blocks=True))
        neighbours = np.load(folder / "neighbours.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, msgspec.ValidationError):
        return None
    is_complete = summary.version == VERSION and len(rows) == len(neighbours)
    return Findings(rows, neighbours, summary) if is_complete else None


def save(root: Path, findings: Findings) -> None:
    """Store the findings about ``root``, the summary last, and the near duplicates for the split.

    Raises:
        OSError: if they cannot be written.
    """
    duplicates.save(root, near_groups(findings.rows))
    folder = _folder(root)
    with files.replacing(folder / "rows.parquet") as temporary:
        _narrow(findings.rows).to_parquet(temporary)
    with files.replacing(folder / "neighbours.npy") as temporary:
        np.save(temporary, findings.neighbours, allow_pickle=False)
    files.write_json(summary_file(root), asdict(findings.summary))


def _narrow(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype({name: kind for name, kind in _DTYPES.items() if name in rows})


def summary_file(root: Path) -> Path:
    """Return the file that a check of ``root`` writes last."""
    return _folder(root) / "summary.json"


def joined(dataset: Dataset, findings: Findings | None) -> pd.DataFrame:
    """Return the readable records with the findings about each, and ``aspect_ratio``.

    ``row`` is the position of a photo in ``findings.rows``, -1 for one that was not checked.
    """
    pictures = dataset.pictures.assign(
        aspect_ratio=dataset.pictures["width_px"] / dataset.pictures["height_px"]
    )
    if findings is None:
        return pictures.assign(**_unmeasured(pictures.index))
    rows = findings.rows.assign(row=np.arange(len(findings.rows)))
    # A check of an older version measured less.
    rows = rows.assign(**{n: v for n, v in UNMEASURED.items() if n not in rows})
    table = _beside(pictures, rows)
    # NaN is the only value that does not equal itself.
    filled = table.fillna({"row": -1, **{n: v for n, v in UNMEASURED.items() if v == v}})
    return filled.astype(_DTYPES)


def _unmeasured(index: pd.Index) -> dict[str, pd.Series]:
    """Return the columns of photos that were not checked. Equal ones share their memory."""
    column = cache(lambda value, dtype: pd.Series(value, index=index, dtype=dtype))
    return {n: column(v, _DTYPES.get(n)) for n, v in {"row": -1, **UNMEASURED}.items()}


def _beside(pictures: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    if _are_same(pictures, rows):
        # Nothing has changed since the check, so the texts need not be copied.
        return pictures.join(rows.drop(columns=_KEYS))
    return pictures.merge(rows, how="left", on=_KEYS, validate="one_to_one")


def _are_same(pictures: pd.DataFrame, rows: pd.DataFrame) -> bool:
    return pictures[_KEYS].equals(rows[_KEYS])


def review_queue(table: pd.DataFrame) -> pd.DataFrame:
    """Return the photos of ``joined`` with a doubtful label, the most doubtful first."""
    doubtful = table[table["label_quality"] < 0.5]
    return doubtful.sort_values("label_quality", kind="stable")


def near_groups(rows: pd.DataFrame) -> duplicates.Groups:
    """Return the digests of each group of near duplicates among a check's rows."""
    near = rows[rows["near_group"] >= 0]
    return [sorted(set(group)) for _, group in near.groupby("near_group")["digest"]]


def _folder(root: Path) -> Path:
    return paths.cache_dir() / "health" / paths.dataset_key(root)


def checked_label(row: Mapping[Any, Any]) -> int:
    """Return the label of a photo that a check doubts: that of its name, or of a decision."""
    label: int = row["named_label"] if row["named_label"] != UNLABELLED else row["label"]
    return label
