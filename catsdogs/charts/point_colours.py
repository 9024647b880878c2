"""A column of a table → a colour for each point of a map, as codes that a browser looks up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from catsdogs.charts.style import CLASS_COLOURS, RUN_COLOURS

# The code of a point without a value; all others are positions in ``shades``.
NO_VALUE = 255
GREY = "#8393A0"
_STEPS = 128
# Without the grey of a run, which would look like no colour.
_SHADES = tuple(shade for shade in RUN_COLOURS if shade != "#728091")
# The share of points that may lie beyond the ends of a scale, so that one outlier does not squeeze
# all others into one colour.
_TAIL = 0.01
_OTHERS, _UNKNOWN = "others", "not known: faint"
# A kind with a smaller share is drawn over the others, which would hide it.
_RARE = 0.1


@dataclass(frozen=True)
class Entry:
    """An entry of a legend: a kind of points, its colours and how many there are."""

    shades: Sequence[str]
    name: str
    count: int


@dataclass(frozen=True)
class Colouring:
    """The colours of N points. ``codes`` is uint8 of shape (N,).

    Categories have a name for each of ``shades``; a scale has ``ends``, the values of the first
    and of the last.
    """

    codes: np.ndarray
    shades: Sequence[str]
    names: Sequence[str] = ()
    ends: Sequence[float] = ()

    @property
    def legend(self) -> list[Entry]:
        """An entry for each name that has points, and one for points without a value."""
        counts = np.bincount(self.codes, minlength=NO_VALUE + 1)
        found = []
        for name in dict.fromkeys(self.names):
            codes = [code for code, other in enumerate(self.names) if other == name]
            if count := int(counts[codes].sum()):
                found.append(Entry([self.shades[code] for code in codes], name, count))
        unknown = [Entry([GREY], _UNKNOWN, int(counts[NO_VALUE]))]
        return found + (unknown if counts[NO_VALUE] else [])

    def reordered(self, order: np.ndarray) -> "Colouring":
        """Return the colours of the points at the positions ``order``."""
        return replace(self, codes=self.codes[order])

    def order(self) -> np.ndarray:
        """Return the order in which to draw the points, so that none of the kinds is hidden."""
        mixed = np.random.default_rng(0).permutation(len(self.codes))
        if not self.names:
            return mixed
        shares = np.bincount(self.codes, minlength=NO_VALUE + 1) / max(len(self.codes), 1)
        is_on_top = shares < _RARE
        return mixed[np.argsort(is_on_top[self.codes[mixed]], kind="stable")]


def categories(values: pd.Series, shades: Mapping[str, str] | None = None) -> Colouring:
    """Return a colour for each text in ``values``; "" stands for a missing one.

    Without ``shades``, the most frequent texts have colours of their own.
    """
    if shades is None:
        frequent = values[values != ""].value_counts().index[: len(_SHADES)]
        shades = dict(zip(frequent, _SHADES, strict=False))
    names = list(shades)
    codes = values.map({name: code for code, name in enumerate(names)})
    is_other = codes.isna() & (values != "")
    codes = codes.where(~is_other, len(names)).fillna(NO_VALUE)
    others = ([GREY], [_OTHERS]) if is_other.any() else ([], [])
    return Colouring(codes.to_numpy(np.uint8), [*shades.values(), *others[0]], [*names, *others[1]])


def groups(numbers: pd.Series, *, inside: str, outside: str) -> Colouring:
    """Return the colours of groups by number, -1 for a point outside all groups.

    Colours repeat when there are many groups: points of one colour that are near each other are of
    one group.
    """
    is_inside = numbers >= 0
    codes = np.where(is_inside, 1 + numbers % len(_SHADES), 0).astype(np.uint8)
    return Colouring(codes, [GREY, *_SHADES], [outside, *[inside] * len(_SHADES)])


def scale(values: pd.Series, *, ends: tuple[float, float] | None = None) -> Colouring:
    """Return the colours of numbers, from that of the first class to that of the second.

    Without ``ends``, the scale covers almost all values. Orange and blue differ for colour-blind
    people too. NaN stands for a missing value.
    """
    numbers = values.to_numpy(float)
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return Colouring(np.full(len(numbers), NO_VALUE, np.uint8), [GREY])
    low, high = ends or (float(end) for end in np.quantile(known, [_TAIL, 1 - _TAIL]))
    share = (numbers - low) / max(high - low, 1e-12)
    steps = np.clip(np.nan_to_num(share) * _STEPS, 0, _STEPS - 1)
    codes = np.where(np.isfinite(numbers), steps, NO_VALUE).astype(np.uint8)
    return Colouring(codes, _blend(CLASS_COLOURS[0], GREY, CLASS_COLOURS[1]), ends=(low, high))


def _blend(*shades: str) -> list[str]:
    """Return ``_STEPS`` colours through ``shades``."""
    parts = np.array([[int(shade[at : at + 2], 16) for at in (1, 3, 5)] for shade in shades])
    at, stops = np.linspace(0, len(shades) - 1, _STEPS), np.arange(len(shades))
    blended = np.stack([np.interp(at, stops, part) for part in parts.T], axis=1).round().astype(int)
    return [f"#{red:02X}{green:02X}{blue:02X}" for red, green, blue in blended]
