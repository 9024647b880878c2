"""The health check: every measurement over a dataset, kept until the dataset changes.

It measures what the names and folders say, not what was decided since: a photo that was excluded
keeps its findings, and a decision makes no check out of date.
"""

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from catsdogs import paths
from catsdogs.dataset import duplicates
from catsdogs.dataset.index import Dataset
from catsdogs.errors import DatasetError, WeightsUnavailable
from catsdogs.features import embeddings
from catsdogs.features.backbones import SHIPPED, origin_of_export
from catsdogs.health import known, measures
from catsdogs.health.flags import ODD, flags
from catsdogs.labels import CAT, CLASS_NAMES, DOG, UNLABELLED
from catsdogs.system import files

VERSION = 1
# phase(name, done, total): what the check is at.
Report = Callable[[str, int, int], None]
PHASES = {
    "scan": "Reading the files",
    "decode": "Decoding every pixel",
    "embed": "Looking at every photo with MobileNetV2",
    "neighbours": "Comparing every photo with every other",
    "labels": "Cross-validating the labels",
    "shortcuts": "Looking for shortcuts",
    "map": "Drawing the map",
}
# What a photo's row says before, or without, a check.
UNMEASURED: dict[str, Any] = {
    "brightness": np.nan,
    "sharpness": np.nan,
    "colour": np.nan,
    "decode_error": "",  # UnreadableImage.code
    "near_group": -1,
    "p_dog": np.nan,  # out of fold
    "label_quality": np.nan,
    "similarity": np.nan,  # mean cosine to the nearest neighbours
    "outlier": 0,
    "map_x": np.nan,
    "map_y": np.nan,
    "hint": "",
}
# Cross-validation needs a few pictures of each class in every fold; a map, some points.
_LEAST_PHOTOS = 20
# Outliers lie this many (robust) standard deviations below the median similarity: 3.5 is Iglewicz
# and Hoaglin's rule (1993), and 1.349 of them are an interquartile range of a normal distribution.
_OUTLIER_DEVIATIONS, _IQR_DEVIATIONS = 3.5, 1.349


@dataclass(frozen=True)
class Findings:
    """What a check found. ``rows`` has path, digest and the columns of ``UNMEASURED``.

    ``neighbours`` holds, for each row, the positions of the rows most like it, -1 for none.
    """

    rows: pd.DataFrame
    neighbours: np.ndarray
    summary: dict[str, Any]

    @property
    def backbone(self) -> str:
        """What gave the vectors, as ``backbones.origin`` has it; "" where there are none."""
        return str(self.summary.get("backbone", ""))

    @property
    def caveat(self) -> str:
        """What a reader of the findings must know; "" where nothing is unusual."""
        if self.backbone != SHIPPED:
            return ""
        return (
            "The check looked through the MobileNetV2 that comes with this project, which "
            "has learned the labels of Dogs vs. Cats: among such photos it may believe wrong "
            "labels, and find photos of one class too much alike."
        )


def run(dataset: Dataset, *, backbone: Callable[[], Path], report: Report) -> Findings:
    """Check ``dataset``, or return what the last whole check of the same content found.

    ``backbone`` returns the LiteRT file of MobileNetV2's base; where it raises
    ``WeightsUnavailable``, what needs vectors is left out and the summary says why. What the
    shipped backbone saw is looked at anew.

    Raises:
        DatasetError: when there is no labelled image.
    """
    found_before = load(dataset.root)
    if (
        found_before is not None
        and found_before.summary["content"] == content(dataset)
        and not found_before.summary["embedding"]
        and not found_before.caveat
    ):
        return found_before
    records = _labelled(dataset)
    if records.empty:
        raise DatasetError(
            f"Expected labelled images in {dataset.root}. Received: none. "
            "Name them cat.0.jpg, dog.0.jpg … or put them into cats/ and dogs/."
        )
    clock = _Clock(report)
    rows = records[["path", "digest"]].assign(**UNMEASURED)
    hints = known.hints(records["path"].tolist())
    rows["hint"] = [hints.get(path, "") for path in rows["path"]]
    outlines = _measure(dataset.root, records, rows, clock)
    neighbours = np.full((len(rows), 0), -1, dtype=np.int32)
    summary: dict[str, Any] = {"version": VERSION, "content": content(dataset), "embedding": ""}
    try:
        seen = _compare(dataset.root, records, rows, outlines, backbone, clock)
        neighbours, summary["backbone"] = seen
    except WeightsUnavailable as error:
        summary["embedding"] = str(error)
    summary["shortcuts"] = _shortcuts(records, rows, clock)
    findings = Findings(rows, neighbours, {**summary, "seconds": clock.seconds})
    _save(dataset.root, findings)
    return findings


def content(dataset: Dataset) -> str:
    """Return 16 hex digits that change when a photo that is checked changes or gets another name.

    The summary of findings has them as ``content``: they tell whether a check is out of date.
    """
    columns = _labelled(dataset)[["path", "label", "digest"]]
    return hashlib.sha256(columns.to_csv(index=False).encode("utf-8")).hexdigest()[:16]


def summary_file(root: Path) -> Path:
    """Return the file that is written last when a check of ``root`` ends."""
    return _folder(root) / "summary.json"


def load(root: Path) -> Findings | None:
    """Return what the last check of this folder found, or None when there was none."""
    folder = _folder(root)
    try:
        summary = json.loads(summary_file(root).read_text("utf-8"))
        rows = pd.read_parquet(folder / "rows.parquet")
        neighbours = np.load(folder / "neighbours.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        return None
    sound = summary.get("version") == VERSION and len(rows) == len(neighbours)
    return Findings(rows, neighbours, summary) if sound else None


def joined(dataset: Dataset, findings: Findings | None) -> pd.DataFrame:
    """Return the readable records with what was found about each, and ``aspect_ratio``.

    ``row`` is the position of a photo in ``findings.rows``, -1 for one that was not checked.
    """
    pictures = dataset.pictures.assign(
        aspect_ratio=dataset.pictures["width_px"] / dataset.pictures["height_px"]
    )
    if findings is None:
        return pictures.assign(row=-1, **UNMEASURED)
    rows = findings.rows.assign(row=np.arange(len(findings.rows)))
    table = pictures.merge(rows, how="left", on=["path", "digest"], validate="one_to_one")
    return table.fillna({"row": -1, **{n: v for n, v in UNMEASURED.items() if v == v}})


def review_queue(table: pd.DataFrame) -> pd.DataFrame:
    """Return the photos of ``joined`` whose label is to be doubted, the most doubtful first."""
    doubtful = table[table["label_quality"] < 0.5]
    return doubtful.sort_values("label_quality", kind="stable")


def report(dataset: Dataset, findings: Findings) -> dict[str, Any]:
    """Return the findings as JSON-ready values, the worst first."""
    table = joined(dataset, findings)
    found = flags(table)
    near = table[table["near_group"] >= 0].groupby("near_group")["path"]
    undecodable = table[table["decode_error"] != ""]
    return {
        "images": len(findings.rows),
        "unreadable": [
            *({"path": r.path, "reason": r.problem} for r in dataset.unreadable.itertuples()),
            *({"path": r.path, "reason": r.decode_error} for r in undecodable.itertuples()),
        ],
        "exact_duplicates": duplicates.exact(table),
        "near_duplicates": [group.tolist() for _, group in near],
        "suspect_labels": [
            {
                "path": row["path"],
                "label": CLASS_NAMES[row["named_label"]],
                "p_label": round(row["label_quality"], 6),
                "hint": row["hint"],
            }
            for row in review_queue(table).to_dict("records")
        ],
        "outliers": table[found["outlier"]].sort_values("similarity")["path"].tolist(),
        "odd": {name: table["path"][found[name]].tolist() for name in ODD if found[name].any()},
        "shortcuts": findings.summary["shortcuts"],
        "not_checked": findings.summary["embedding"],
        "backbone": findings.backbone,
    }


class _Clock:
    """Reports phases and keeps how long each took."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Any:
        started = time.perf_counter()
        self._report(name, 0, 0)
        yield lambda done, total: self._report(name, done, total)
        self.seconds[name] = round(time.perf_counter() - started, 2)


def _labelled(dataset: Dataset) -> pd.DataFrame:
    """The photos that are checked: readable, with a label in their name, excluded or not."""
    pictures = dataset.pictures
    named = pictures[pictures["named_label"] != UNLABELLED].reset_index(drop=True)
    return named.assign(label=named["named_label"])


def _measure(root: Path, records: pd.DataFrame, rows: pd.DataFrame, clock: _Clock) -> np.ndarray:
    """Fill in what the pixels say; return the outlines, uint8 of shape (N, side, side)."""
    side = measures.OUTLINE_SIDE
    outlines = np.zeros((len(rows), side, side), dtype=np.uint8)
    with clock.phase("decode") as progress:
        found = measures.measure(root, records, progress=progress)
    codes = {path: error.code for path, error in found.missing.items()}
    rows["decode_error"] = [codes.get(path, "") for path in rows["path"]]
    decoded = np.flatnonzero(found.places[:, 0] >= 0)
    if len(decoded):
        values = found.take(decoded)
        outlines[decoded] = values["outline"]
        for name in ("brightness", "sharpness", "colour"):
            rows.loc[decoded, name] = values[name]
    return outlines


def _compare(
    root: Path,
    records: pd.DataFrame,
    rows: pd.DataFrame,
    outlines: np.ndarray,
    backbone: Callable[[], Path],
    clock: _Clock,
) -> tuple[np.ndarray, str]:
    """Fill in what MobileNetV2's vectors say.

    Return the neighbours' positions, int32 (N, K), and the origin of that MobileNetV2, "" where
    there are too few photos to learn anything from.
    """
    with clock.phase("embed") as progress:
        exported = backbone()
        found = embeddings.embed(root, records, backbone=exported, progress=progress)
    # One row a content: a copy is nobody's neighbour, it is the same photo.
    digests = records["digest"]
    seen = np.flatnonzero((found.places[:, 0] >= 0) & ~digests.duplicated())
    if len(seen) < _LEAST_PHOTOS:
        return np.full((len(rows), 0), -1, dtype=np.int32), ""
    # Here, because scikit-learn and cleanlab take seconds to import and the web process only reads.
    from catsdogs.health.neighbours import near_duplicates, nearest
    from catsdogs.health.projection import project
    from catsdogs.health.suspects import label_quality, out_of_fold

    vectors = found.take(seen)
    with clock.phase("neighbours") as progress:
        near = nearest(vectors, progress=progress)
        similarity = near.similarities.mean(axis=1)
        groups = [digests.iloc[seen[g]].tolist() for g in near_duplicates(near, outlines[seen])]
    with clock.phase("labels"):
        checked = duplicates.grouped(records.iloc[seen], groups)
        labels, group = checked["label"].to_numpy(), checked["group"].to_numpy()
        unknown = np.full(len(seen), np.nan)
        p_dog = unknown if _too_few(checked) else out_of_fold(vectors, labels, group)
    with clock.phase("map"):
        points = project(vectors)
    place = pd.Series(np.arange(len(seen)), index=digests.iloc[seen]).reindex(digests).to_numpy()
    has = np.flatnonzero(~np.isnan(place))
    of = place[has].astype(int)
    labels = records["label"].to_numpy()[has]
    number = {digest: number for number, group in enumerate(groups) for digest in group}
    rows["near_group"] = digests.map(number).fillna(-1).astype(int)
    rows.loc[has, "p_dog"] = p_dog[of]
    if not np.isnan(p_dog).any():
        rows.loc[has, "label_quality"] = label_quality(labels, p_dog[of])
    rows.loc[has, "similarity"] = similarity[of]
    rows.loc[has, "outlier"] = _outliers(similarity)[of].astype(int)
    rows.loc[has, ["map_x", "map_y"]] = points[of]
    neighbours = np.full((len(rows), near.positions.shape[1]), -1, dtype=np.int32)
    neighbours[has] = seen[near.positions][of]
    return neighbours, origin_of_export(exported)


def _too_few(records: pd.DataFrame) -> bool:
    """Tell whether a class has too few pictures, copies not counted, for cross-validation."""
    pictures = records.drop_duplicates("group")["label"].value_counts()
    return pictures.reindex([CAT, DOG]).fillna(0).min() < _LEAST_PHOTOS


def _outliers(similarity: np.ndarray) -> np.ndarray:
    low, middle, high = np.percentile(similarity, [25, 50, 75])
    return similarity < middle - _OUTLIER_DEVIATIONS * (high - low) / _IQR_DEVIATIONS


def _shortcuts(records: pd.DataFrame, rows: pd.DataFrame, clock: _Clock) -> list[dict[str, Any]]:
    records = duplicates.grouped(records, near_groups(rows))
    if _too_few(records):
        return []
    from catsdogs.health.shortcuts import shortcuts

    with clock.phase("shortcuts"):
        aspect_ratio = records["width_px"] / records["height_px"]
        table = records.assign(aspect_ratio=aspect_ratio, brightness=rows["brightness"])
        return shortcuts(table)


def _folder(root: Path) -> Path:
    return paths.cache_dir() / "health" / paths.dataset_key(root)


def near_groups(rows: pd.DataFrame) -> duplicates.Groups:
    """Return the digests of each group of near duplicates among a check's rows."""
    near = rows[rows["near_group"] >= 0]
    return [sorted(set(group)) for _, group in near.groupby("near_group")["digest"]]


def _save(root: Path, findings: Findings) -> None:
    duplicates.save(root, near_groups(findings.rows))
    folder = _folder(root)
    with files.replacing(folder / "rows.parquet") as temporary:
        findings.rows.to_parquet(temporary)
    with files.replacing(folder / "neighbours.npy") as temporary:
        np.save(temporary, findings.neighbours, allow_pickle=False)
    files.write_json(summary_file(root), findings.summary)
