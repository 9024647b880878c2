"""Where a model is wrong: its accuracy on small and large, dark and bright, soft and sharp images.

The edges are the same for every dataset, so that two of them can be compared.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from catsdogs.evaluation import intervals
from catsdogs.evaluation.intervals import Interval

# Wilson's interval of fewer images is over 7 points wide, even when all are right.
SMALL = 50


@dataclass(frozen=True)
class Kind:
    """A way to slice: by ``measure`` of ``photo_facts``, at ``edges`` in rising order."""

    title: str
    unit: str
    edges: tuple[float, ...]
    measure: Callable[[pd.DataFrame], pd.Series]

    @property
    def names(self) -> list[str]:
        """The names of the slices: one more than there are edges."""
        edges = [f"{edge:,g}" for edge in self.edges]
        between = [f"{low} to {high}" for low, high in pairwise(edges)]
        return [f"under {edges[0]}", *between, f"{edges[-1]} and more"]


KINDS = {
    "size": Kind(
        "Size",
        "shorter side, in pixels",
        (64, 150, 224, 400),  # The models look at 150 and 224.
        lambda facts: facts[["width_px", "height_px"]].min(axis=1, skipna=False),
    ),
    "shape": Kind(
        "Shape",
        "tall to wide: width ÷ height",
        (0.5, 0.75, 1.33, 2),
        lambda facts: facts["width_px"] / facts["height_px"],
    ),
    "light": Kind(
        "Light",
        "dark to bright: mean grey level, 0 to 255",
        (35, 80, 120, 160),
        lambda facts: facts["brightness"],
    ),
    "sharpness": Kind(
        "Sharpness",
        "blurred to sharp: variance of the Laplacian, at 256 pixels",
        (35, 200, 800, 3000),
        lambda facts: facts["sharpness"],
    ),
}


@dataclass(frozen=True)
class Slice:
    """The ``images`` of one slice, and how many of them are right; None where there is none."""

    name: str
    images: int
    accuracy: Interval | None

    @property
    def is_small(self) -> bool:
        """Whether these are too few to say much."""
        return self.images < SMALL


def slices(kind: Kind, facts: pd.DataFrame, right: np.ndarray) -> list[Slice]:
    """Return the accuracy of each slice of images, ``right`` or not (N,); ``facts`` has N rows.

    Images that were not measured are in no slice.
    """
    values = kind.measure(facts).to_numpy(dtype=np.float64)
    place = np.where(np.isnan(values), -1, np.digitize(values, kind.edges))
    found = []
    for number, name in enumerate(kind.names):
        inside = right[place == number]
        accuracy = intervals.share(int(inside.sum()), len(inside)) if len(inside) else None
        found.append(Slice(name, len(inside), accuracy))
    return found
