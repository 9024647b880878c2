"""The accuracy of a model on small and large, dark and bright, blurred and sharp images.

Further slices have names: clusters of similar images, and filters that somebody kept.

The edges are the same for every dataset, so that you can compare two datasets.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from catsdogs.evaluation import intervals
from catsdogs.evaluation.intervals import Interval

# With fewer images, Wilson's interval is over 7 points wide, even if all answers are right.
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

    def masks(self, facts: pd.DataFrame) -> dict[str, np.ndarray]:
        """Return a mask (N,) of the images in each slice, by name."""
        place = places(self, facts)
        return {name: place == number for number, name in enumerate(self.names)}

    def known(self, facts: pd.DataFrame) -> np.ndarray:
        """Return a mask (N,) of the images that have a measurement."""
        return np.greater_equal(places(self, facts), 0)


@dataclass(frozen=True)
class Named:
    """A way to slice by names: each column of ``photo_facts`` that begins with ``prefix``.

    It is 1 for the images of the slice, 0 for others and NaN where that is not known.
    """

    title: str
    unit: str
    prefix: str

    def masks(self, facts: pd.DataFrame) -> dict[str, np.ndarray]:
        """Return a mask (N,) of the images in each slice, by name."""
        columns = [str(name) for name in facts if str(name).startswith(self.prefix)]
        return {name.removeprefix(self.prefix): (facts[name] == 1).to_numpy() for name in columns}

    def known(self, facts: pd.DataFrame) -> np.ndarray:
        """Return a mask (N,) of the images of which it is known whether they are in a slice."""
        columns = [name for name in facts if str(name).startswith(self.prefix)]
        return facts[columns].notna().any(axis=1).to_numpy(dtype=bool)


KINDS = {
    "size": Kind(
        "Size",
        "shorter side, in pixels",
        (64, 150, 224, 400),  # The models' input sides are 150 and 224.
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


NAMED = {
    "cluster": Named("Similar photos", "clusters of MobileNetV2's vectors", "cluster: "),
    "own": Named("Your slices", "filters of the Dataset page", "slice: "),
}
ALL: dict[str, Kind | Named] = {**KINDS, **NAMED}


@dataclass(frozen=True)
class Slice:
    """One slice: how many ``images`` it has, and the accuracy on them; None if it has none."""

    name: str
    images: int
    accuracy: Interval | None

    @property
    def is_small(self) -> bool:
        """Whether there are too few images for a narrow interval."""
        return self.images < SMALL


def title(kind: str, name: str) -> str:
    """Return a slice of ``ALL[kind]`` in words: "Light: under 35"."""
    return f"{ALL[kind].title}: {name}"


def places(kind: Kind, facts: pd.DataFrame) -> np.ndarray:
    """Return for each of N images the position of its slice in ``kind.names``, integer (N,).

    -1 stands for an image without a measurement: it is in none of the slices.
    """
    values = kind.measure(facts).to_numpy(dtype=np.float64)
    return np.where(np.isnan(values), -1, np.digitize(values, kind.edges))


def measured(facts: pd.DataFrame) -> list[str]:
    """Return the names in ``ALL`` of the kinds that are known of at least one image."""
    return [name for name, kind in ALL.items() if kind.known(facts).any()]


def slices(kind: Kind | Named, facts: pd.DataFrame, right: np.ndarray) -> list[Slice]:
    """Return the accuracy on each slice; ``right`` is boolean (N,), and ``facts`` has N rows."""
    found = []
    for name, mask in kind.masks(facts).items():
        inside = right[mask]
        accuracy = intervals.share(int(inside.sum()), len(inside)) if len(inside) else None
        found.append(Slice(name, len(inside), accuracy))
    return found
