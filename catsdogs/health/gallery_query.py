"""The gallery's query: filters on the photos, and their order."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from catsdogs.health.snapshot import WORST_FIRST, Snapshot

Polygon = Sequence[tuple[float, float]]
# The charts on which people select photos, and the columns of their axes.
AXES = {
    "size": ("width_px", "height_px"),
    "map": ("map_x", "map_y"),
    "pca": ("pca_x", "pca_y"),
}
RANGES = ("aspect_ratio", "megapixels", "kilobytes", "shorter_side")
MIXED = "Mixed"
SORTS = {
    MIXED: None,
    "Name": "",
    "Width": "width_px",
    "Height": "height_px",
    "Aspect ratio": "aspect_ratio",
    "File size": "size_bytes",
    "Brightness": "brightness",
    "Sharpness": "sharpness",
    "Information": "entropy",
    "Doubt about the label": "label_quality",
    "Unlike the others": "similarity",
}
# Findings about groups of photos.
GROUPED = ("exact", "near")


@dataclass(frozen=True)
class Query:
    """Filters and an order. An empty value does not filter.

    ``area`` is a polygon on the chart ``area_of``. ``ranges`` maps one of ``RANGES`` to its lowest
    and highest value, both included.
    """

    label: str = ""  # a class name
    side: str = ""  # one of ``snapshot.SIDES``
    flag: str = ""  # a key of ``flags.FLAGS``
    tag: str = ""
    text: str = ""  # part of the path, case-insensitive
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    area_of: str = ""
    area: Polygon = ()
    sort: str = MIXED
    descending: bool = False


@dataclass(frozen=True)
class Found:
    """Photos in an order: the positions ``rows`` in ``table``. A slice of it is a table.

    Copying the rows of a million photos takes a second, and a page needs a few of them.
    """

    table: pd.DataFrame
    rows: np.ndarray

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.rows)

    def __getitem__(self, items: slice) -> pd.DataFrame:
        """Return the rows of some photos."""
        return self.table.iloc[self.rows[items]]

    def column(self, name: str) -> pd.Series:
        """Return one column of all photos."""
        return self.table[name].iloc[self.rows]


def find(snapshot: Snapshot, query: Query) -> Found:
    """Return the photos of ``snapshot.table`` that match ``query``, in its order.

    Excluded photos are shown only if the query filters by a finding. The mixed order is the same
    each time. With a finding, it has the worst photos first, or copies next to each other.
    """
    table, matches = snapshot.table, _matches(snapshot, query).to_numpy()
    rows = np.flatnonzero(matches)
    if query.sort == MIXED and query.flag in WORST_FIRST:
        rows = snapshot.queues[query.flag]
        rows = rows[matches[rows]]
    elif query.sort == MIXED and query.flag in GROUPED:
        # Each group in the place of its first photo.
        rows = rows[pd.factorize(table["group"].iloc[rows])[0].argsort(kind="stable")]
    elif query.sort == MIXED:
        rows = snapshot.mixed[matches[snapshot.mixed]]
    elif column := SORTS[query.sort]:
        # Not reversed afterwards: photos without a value come last in both directions.
        return Found(table, _sorted(table[column], rows, ascending=not query.descending))
    return Found(table, rows[::-1] if query.descending else rows)


def _sorted(values: pd.Series, rows: np.ndarray, *, ascending: bool = True) -> np.ndarray:
    of_rows = pd.Series(values.to_numpy()[rows], index=rows)
    return of_rows.sort_values(ascending=ascending, kind="stable").index.to_numpy()


def _matches(snapshot: Snapshot, query: Query) -> pd.Series:
    table = snapshot.table
    wanted = snapshot.flags[query.flag] if query.flag else ~table["excluded"]
    # A link may be from another dataset.
    if query.label in snapshot.dataset.classes.names:
        wanted &= table["label"] == snapshot.dataset.classes.label(query.label)
    if query.side:
        wanted &= snapshot.sides == query.side
    if query.tag:
        wanted &= table["tags"].map(lambda tags: query.tag in tags)
    if query.text:
        wanted &= table["path"].str.contains(query.text, case=False, regex=False)
    for name, (low, high) in query.ranges.items():
        wanted &= measure(table, name).between(low, high)
    if query.area_of:
        x, y = (table[column].to_numpy() for column in AXES[query.area_of])
        wanted &= inside(x, y, query.area)
    return wanted


def measure(table: pd.DataFrame, name: str) -> pd.Series:
    """Return the values of one of ``RANGES``, one per row."""
    if name == "megapixels":
        return table["width_px"] * table["height_px"] / 1e6
    if name == "kilobytes":
        return table["size_bytes"] / 1000
    if name == "shorter_side":
        return table["width_px"].clip(upper=table["height_px"])
    return table[name]


def inside(x: np.ndarray, y: np.ndarray, polygon: Polygon) -> np.ndarray:
    """Return a mask of the points inside a polygon: their rays cross an odd number of edges."""
    crossings = np.zeros(len(x), dtype=int)
    for (x0, y0), (x1, y1) in zip(polygon, [*polygon[1:], *polygon[:1]], strict=True):
        if y0 != y1:
            is_level = (y0 > y) != (y1 > y)
            crossings += is_level & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return crossings % 2 == 1
