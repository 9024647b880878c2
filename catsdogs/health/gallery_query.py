"""The gallery's query: filters on the photos, and their order."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from catsdogs.health.snapshot import Snapshot

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
# Findings with a degree, and the column whose lowest values are the worst.
_WORST_FIRST = {"suspect": "label_quality", "outlier": "similarity"}
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


def find(snapshot: Snapshot, query: Query) -> pd.DataFrame:
    """Return the rows of ``snapshot.table`` that match ``query``, in its order.

    Excluded photos are shown only if the query filters by a finding. The mixed order is the same
    each time. With a finding, it has the worst photos first, or copies next to each other.
    """
    found = snapshot.table[_matches(snapshot, query)]
    if query.sort == MIXED and query.flag in _WORST_FIRST:
        ordered = found.sort_values(_WORST_FIRST[query.flag], kind="stable")
    elif query.sort == MIXED and query.flag in GROUPED:
        # Each group in the place of its first photo.
        ordered = found.iloc[pd.factorize(found["group"])[0].argsort(kind="stable")]
    elif query.sort == MIXED:
        ordered = found.iloc[_shuffled(found["digest"])]
    elif column := SORTS[query.sort]:
        # Not reversed afterwards: photos without a value come last in both directions.
        return found.sort_values(column, ascending=not query.descending, kind="stable")
    else:
        ordered = found
    return ordered[::-1] if query.descending else ordered


def _shuffled(digests: pd.Series) -> np.ndarray:
    """Return the row positions in an order that looks random and depends on the content alone."""
    # Eight hexadecimal digits as one number: sorting text takes ten times as long.
    numbers = np.array(digests.tolist(), dtype="S8").view(">u8")
    return numbers.argsort(kind="stable")


def _matches(snapshot: Snapshot, query: Query) -> pd.Series:
    table = snapshot.table
    wanted = snapshot.flags[query.flag] if query.flag else ~table["excluded"]
    # A link may be from another dataset.
    if query.label in snapshot.dataset.classes.names:
        wanted &= table["label"] == snapshot.dataset.classes.label(query.label)
    if query.side:
        wanted &= table["side"] == query.side
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
        return table[["width_px", "height_px"]].min(axis=1)
    return table[name]


def inside(x: np.ndarray, y: np.ndarray, polygon: Polygon) -> np.ndarray:
    """Return a mask of the points inside a polygon: their rays cross an odd number of edges."""
    crossings = np.zeros(len(x), dtype=int)
    for (x0, y0), (x1, y1) in zip(polygon, [*polygon[1:], *polygon[:1]], strict=True):
        if y0 != y1:
            is_level = (y0 > y) != (y1 > y)
            crossings += is_level & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return crossings % 2 == 1
