"""Which photos the gallery shows, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from catsdogs.health.snapshot import Snapshot
from catsdogs.labels import CLASS_NAMES

Polygon = Sequence[tuple[float, float]]
# What a chart's axes are called in a selection, and the columns they show.
AXES = {
    "size": ("width_px", "height_px"),
    "map": ("map_x", "map_y"),
}
RANGES = ("aspect_ratio", "megapixels", "kilobytes", "shorter_side")
SORTS = {
    "Name": None,
    "Width": "width_px",
    "Height": "height_px",
    "Aspect ratio": "aspect_ratio",
    "File size": "size_bytes",
    "Brightness": "brightness",
    "Sharpness": "sharpness",
    "Doubt about the label": "label_quality",
    "Unlike the others": "similarity",
}
# Findings that are a matter of degree, and the column whose lowest values are the worst.
_WORST_FIRST = {"suspect": "label_quality", "outlier": "similarity"}
# Findings that photos have in groups.
GROUPED = ("exact", "near")


@dataclass(frozen=True)
class Query:
    """A filter and an order. Empty values filter nothing.

    ``area`` is a polygon on the chart ``area_of``; ``ranges`` maps one of ``RANGES`` to its lowest
    and highest value, both included.
    """

    label: str = ""  # a class name
    side: str = ""  # training or validation
    flag: str = ""  # a key of ``flags.FLAGS``
    text: str = ""  # part of the path, whatever the case
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    area_of: str = ""
    area: Polygon = ()
    sort: str = "Name"
    descending: bool = False


def find(snapshot: Snapshot, query: Query) -> pd.DataFrame:
    """Return the rows of ``look.table`` that ``query`` asks for, in its order.

    What was excluded is shown only where the query asks for a finding: not as one of the photos.
    """
    table = snapshot.table
    wanted = snapshot.flags[query.flag] if query.flag else ~table["excluded"]
    if query.label:
        wanted &= table["label"] == CLASS_NAMES.index(query.label)
    if query.side:
        wanted &= table["side"] == query.side
    if query.text:
        wanted &= table["path"].str.contains(query.text, case=False, regex=False)
    for name, (low, high) in query.ranges.items():
        wanted &= measure(table, name).between(low, high)
    if query.area_of:
        x, y = (table[column].to_numpy() for column in AXES[query.area_of])
        wanted &= inside(x, y, query.area)
    found = table[wanted]
    column = SORTS[query.sort] or _WORST_FIRST.get(query.flag)
    if column is not None:
        return found.sort_values(column, ascending=not query.descending, kind="stable")
    if query.flag in GROUPED:
        # Copies beside each other, in the order of the first of each.
        found = found.iloc[pd.factorize(found["group"])[0].argsort(kind="stable")]
    return found[::-1] if query.descending else found


def measure(table: pd.DataFrame, name: str) -> pd.Series:
    """Return one of ``RANGES`` for each row."""
    if name == "megapixels":
        return table["width_px"] * table["height_px"] / 1e6
    if name == "kilobytes":
        return table["size_bytes"] / 1000
    if name == "shorter_side":
        return table[["width_px", "height_px"]].min(axis=1)
    return table[name]


def inside(x: np.ndarray, y: np.ndarray, polygon: Polygon) -> np.ndarray:
    """Tell which points lie inside a polygon: a ray from each crosses its edges an odd number."""
    crossings = np.zeros(len(x), dtype=int)
    for (x0, y0), (x1, y1) in zip(polygon, [*polygon[1:], *polygon[:1]], strict=True):
        if y0 != y1:
            beside = (y0 > y) != (y1 > y)
            crossings += beside & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return crossings % 2 == 1
