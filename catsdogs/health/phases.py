"""The phases of a health check. Each fills in columns of the check's rows."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from catsdogs.dataset import duplicates
from catsdogs.features import embeddings
from catsdogs.features.backbones import origin_of_export
from catsdogs.features.store import Read, Rows
from catsdogs.health import measures
from catsdogs.health.findings import Shortcut, near_groups
from catsdogs.health.sampling import MOST, Vectors, sample
from catsdogs.images.parallel import Engine, Progress
from catsdogs.labels import CAT, DOG

# report(phase, done, total): the progress of the check.
Report = Callable[[str, int, int], None]
# Cross-validation needs a few pictures of each class in every fold; the map needs some points.
_LEAST_PHOTOS = 20
_MEASURED = ("brightness", "sharpness", "colour", "entropy")
_BLOCK = 10_000  # outlines take a kilobyte each
# An outlier is this many (robust) standard deviations below the median similarity. 3.5 is Iglewicz
# and Hoaglin's rule (1993); the interquartile range of a normal distribution is 1.349 of them.
_OUTLIER_DEVIATIONS, _IQR_DEVIATIONS = 3.5, 1.349


class Clock:
    """Reports each phase and records how long it took."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[Progress]:
        """Report that a phase starts and yield the function that reports its progress."""
        started = time.perf_counter()
        self._report(name, 0, 0)
        yield lambda done, total: self._report(name, done, total)
        self.seconds[name] = round(time.perf_counter() - started, 2)


@dataclass(frozen=True)
class Comparison:
    """The neighbours of N photos by MobileNetV2's vectors, and the MobileNetV2.

    ``neighbours`` are the positions of the nearest photos, int32 (N, K), -1 for none. ``backbone``
    is the origin of the MobileNetV2, "" if there were too few photos to compare.
    """

    neighbours: np.ndarray
    backbone: str


@dataclass(frozen=True)
class _Compared:
    """The results of comparing the vectors of M different photos. Arrays have M rows."""

    positions: np.ndarray  # int (M, K): the nearest other photos
    similarity: np.ndarray
    groups: duplicates.Groups
    p_dog: np.ndarray  # out of fold; NaN if a class has too few photos
    points: np.ndarray  # (M, 2), of t-SNE
    principal: np.ndarray  # (M, 2), of PCA
    clusters: np.ndarray  # int (M,), -1 for none
    typicality: np.ndarray


def measure(
    root: Path, records: pd.DataFrame, rows: pd.DataFrame, clock: Clock, engine: Engine | None
) -> Rows:
    """Fill in the measures of the pixels; return all of them, with the outlines."""
    with clock.phase("decode") as progress:
        found = measures.measure(root, records, engine=engine, progress=progress)
    codes = {path: error.code for path, error in found.missing.items()}
    rows["decode_error"] = [codes.get(path, "") for path in rows["path"]]
    decoded = np.flatnonzero(found.places[:, 0] >= 0)
    values = np.full((len(_MEASURED), len(rows)), np.nan)
    for start in range(0, len(decoded), _BLOCK):
        block = decoded[start : start + _BLOCK]
        measured = found.take(block)
        values[:, block] = [measured[name] for name in _MEASURED]
    for name, of_all in zip(_MEASURED, values, strict=True):
        rows[name] = of_all
    return found


def compare(
    root: Path,
    records: pd.DataFrame,
    rows: pd.DataFrame,
    *,
    measured: Rows,
    backbone: Callable[[], Path],
    clock: Clock,
    engine: Engine | None,
) -> Comparison:
    """Fill in the findings from MobileNetV2's vectors of ``records``; return the neighbours.

    Raises:
        WeightsUnavailable: from ``backbone``.
    """
    with clock.phase("embed") as progress:
        exported = backbone()
        found = embeddings.embed(root, records, backbone=exported, engine=engine, progress=progress)
    # One row per content: a copy is the same photo, not a neighbour.
    seen = np.flatnonzero((found.places[:, 0] >= 0) & ~records["digest"].duplicated())
    if len(seen) < _LEAST_PHOTOS:
        return Comparison(no_neighbours(rows), "")
    shown = records.iloc[seen]
    names = [exported.stem, *shown["digest"]]
    vectors = Read(found, seen)
    compared = _compared(
        *(vectors[:] if len(seen) <= MOST else vectors, shown),
        outlines=Read(measured, seen, "outline"),
        names=names,
        clock=clock,
    )
    neighbours = _fill_in(rows, compared, records, seen)
    return Comparison(neighbours, origin_of_export(exported))


def no_neighbours(rows: pd.DataFrame) -> np.ndarray:
    """Return the neighbours of photos that were not compared, int32 (N, 0)."""
    return np.full((len(rows), 0), -1, dtype=np.int32)


def _compared(
    vectors: Vectors,
    records: pd.DataFrame,
    *,
    outlines: Vectors,
    names: Sequence[str],
    clock: Clock,
) -> _Compared:
    """Compare the ``vectors`` of ``records``; ``names`` identify photos and backbone."""
    # Imported here because scikit-learn and cleanlab take seconds to import, and the web process
    # only reads findings.
    from catsdogs.health.clusters import clusters
    from catsdogs.health.neighbours import near_duplicates, nearest
    from catsdogs.health.projection import project
    from catsdogs.health.suspects import out_of_fold

    with clock.phase("neighbours") as progress:
        near = nearest(vectors, progress=progress)
        found = near_duplicates(near, outlines)
        groups = [records["digest"].iloc[members].tolist() for members in found]
    with clock.phase("labels"):
        checked = duplicates.grouped(records, groups)
        p_dog = np.full(len(records), np.nan)
        if not _too_few(checked):
            labels, group = checked["label"].to_numpy(), checked["group"].to_numpy()
            p_dog = out_of_fold(vectors, labels, group)
    with clock.phase("map") as progress:
        points, principal = project(vectors, names, progress=progress)
        cluster, typicality = clusters(vectors)
    similarity = near.similarities.mean(axis=1)
    return _Compared(
        near.positions, similarity, groups, p_dog, points, principal, cluster, typicality
    )


def _fill_in(
    rows: pd.DataFrame, compared: _Compared, records: pd.DataFrame, seen: np.ndarray
) -> np.ndarray:
    """Fill in the findings about the photos at the positions ``seen`` and about their copies.

    Return the neighbours of each row, int32 (N, K).
    """
    from catsdogs.health.suspects import label_quality

    digests = records["digest"]
    place = pd.Series(np.arange(len(seen)), index=digests.iloc[seen]).reindex(digests).to_numpy()
    has = np.flatnonzero(~np.isnan(place))
    of = place[has].astype(int)
    number = {digest: n for n, group in enumerate(compared.groups) for digest in group}
    rows["near_group"] = digests.map(number).fillna(-1).astype(int)
    rows.loc[has, "p_dog"] = compared.p_dog[of]
    if not np.isnan(compared.p_dog).any():
        labels = records["label"].to_numpy()[has]
        rows.loc[has, "label_quality"] = label_quality(labels, compared.p_dog[of])
    rows.loc[has, "similarity"] = compared.similarity[of]
    rows.loc[has, "outlier"] = _outliers(compared.similarity)[of].astype(int)
    rows.loc[has, ["map_x", "map_y"]] = compared.points[of]
    rows.loc[has, ["pca_x", "pca_y"]] = compared.principal[of]
    rows.loc[has, "cluster"] = compared.clusters[of]
    rows.loc[has, "typicality"] = compared.typicality[of]
    neighbours = np.full((len(rows), compared.positions.shape[1]), -1, dtype=np.int32)
    neighbours[has] = seen[compared.positions][of]
    return neighbours


def shortcuts(records: pd.DataFrame, rows: pd.DataFrame, clock: Clock) -> tuple[Shortcut, ...]:
    """Return how well sizes and brightness alone predict the label; () with too few photos."""
    records = duplicates.grouped(records, near_groups(rows))
    if _too_few(records):
        return ()
    from catsdogs.health import shortcuts as guessing

    records = records.iloc[sample(np.arange(len(records)))]
    with clock.phase("shortcuts"):
        aspect_ratio = records["width_px"] / records["height_px"]
        table = records.assign(aspect_ratio=aspect_ratio, brightness=rows["brightness"])
        return guessing.shortcuts(table)


def _too_few(records: pd.DataFrame) -> bool:
    """Return whether a class has too few pictures, not counting copies, for cross-validation."""
    pictures = records.drop_duplicates("group")["label"].value_counts()
    return pictures.reindex([CAT, DOG]).fillna(0).min() < _LEAST_PHOTOS


def _outliers(similarity: np.ndarray) -> np.ndarray:
    low, middle, high = np.percentile(similarity, [25, 50, 75])
    return similarity < middle - _OUTLIER_DEVIATIONS * (high - low) / _IQR_DEVIATIONS
