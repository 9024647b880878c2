"""The shared images that two runs answer differently, or both wrongly, clearest cases first."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from catsdogs.comparison.pair import LETTERS, Pair
from catsdogs.comparison.photo_facts import of_answers
from catsdogs.evaluation.slices import ALL, title
from catsdogs.labels import DOG, PETS, Classes


class Kind(StrEnum):
    """A kind of mistake in a comparison of runs A and B."""

    ONLY_A = "only A right"
    ONLY_B = "only B right"
    BOTH_WRONG = "both wrong"
    ALL_A = "all mistakes of A"
    ALL_B = "all mistakes of B"

    def in_words(self, names: Mapping[str, str]) -> str:
        """Return the kind in words, with the names of the runs by letter."""
        titles = {
            Kind.ONLY_A: f"Only {names['A']} is right",
            Kind.ONLY_B: f"Only {names['B']} is right",
            Kind.BOTH_WRONG: "Both are wrong",
            Kind.ALL_A: f"{names['A']}: all mistakes",
            Kind.ALL_B: f"{names['B']}: all mistakes",
        }
        return titles[self]

    @property
    def wrong(self) -> tuple[str, ...]:
        """The letters of the runs that are wrong on every image of this kind."""
        if self is Kind.BOTH_WRONG:
            return LETTERS
        return ("B",) if self in (Kind.ONLY_A, Kind.ALL_B) else ("A",)


@dataclass(frozen=True)
class Cell:
    """A cell of the confusion matrix of run A or B: images of one class, called one class."""

    letter: str
    truth: str
    said: str
    classes: Classes = PETS

    def in_words(self, names: Mapping[str, str]) -> str:
        """Return the cell in words: "CNN 3: cats called dog"."""
        plural = self.classes.plural(self.classes.label(self.truth))
        return f"{names[self.letter]}: {plural} called {self.said}"


def cells(classes: Classes) -> list[Cell]:
    """Return every cell of the matrices of both runs."""
    names = classes.names
    return [
        Cell(letter, truth, said, classes)
        for letter in LETTERS
        for truth in names
        for said in names
    ]


@dataclass(frozen=True)
class OfSlice:
    """The images of a slice: ``name`` among the slices of ``kind`` in ``ALL``."""

    kind: str
    name: str

    def in_words(self, _names: Mapping[str, str]) -> str:
        """Return the slice in words: "Light: under 35"."""
        return title(self.kind, self.name)


def of_kind(both: pd.DataFrame, threshold: float) -> dict[Kind, np.ndarray]:
    """Return the positions in ``Pair.both`` of each kind of mistake, clearest cases first."""
    truth = (both["label"] == DOG).to_numpy()
    p_dog = {letter: both[f"p_dog_{letter.lower()}"].to_numpy() for letter in LETTERS}
    right = {letter: (p >= threshold) == truth for letter, p in p_dog.items()}
    # The distance of each run from the truth, and of the runs from each other.
    off = {letter: np.abs(p - truth) for letter, p in p_dog.items()}
    apart = np.abs(p_dog["A"] - p_dog["B"])
    return {
        Kind.ONLY_A: clearest(right["A"] & ~right["B"], apart),
        Kind.ONLY_B: clearest(right["B"] & ~right["A"], apart),
        Kind.BOTH_WRONG: clearest(~right["A"] & ~right["B"], off["A"] + off["B"]),
        Kind.ALL_A: clearest(~right["A"], off["A"]),
        Kind.ALL_B: clearest(~right["B"], off["B"]),
    }


def of_cell(both: pd.DataFrame, threshold: float, cell: Cell) -> np.ndarray:
    """Return the positions in ``Pair.both`` of a cell's images, the largest errors first."""
    p_dog = both[f"p_dog_{cell.letter.lower()}"].to_numpy()
    is_dog = (both["label"] == DOG).to_numpy()
    said, truth = (name == cell.classes.positive for name in (cell.said, cell.truth))
    inside = ((p_dog >= threshold) == said) & (is_dog == truth)
    return clearest(inside, np.abs(p_dog - is_dog))


def of_slices(pair: Pair, threshold: float) -> dict[OfSlice, np.ndarray]:
    """Return the positions in ``Pair.both`` of each slice's images, the largest errors first."""
    truth = (pair.both["label"] == DOG).to_numpy()
    p_dog = [pair.both[f"p_dog_{letter.lower()}"].to_numpy() for letter in LETTERS]
    wrong = sum(((p >= threshold) != truth).astype(float) for p in p_dog)
    # Those that both runs get wrong, those that one does, and then the least certain ones.
    doubt = wrong + sum(np.abs(p - truth) for p in p_dog) / (len(LETTERS) + 1)
    facts = of_answers(pair.both, pair.known)
    return {
        OfSlice(kind, name): clearest(inside, doubt)
        for kind in pair.measured
        for name, inside in ALL[kind].masks(facts).items()
        if inside.any()
    }


def clearest(chosen: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Return the positions where ``chosen`` is true, the highest ``by`` first."""
    positions = np.flatnonzero(chosen)
    return positions[np.argsort(-by[positions], kind="stable")]
