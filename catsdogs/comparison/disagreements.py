"""The shared images that two runs answer differently, or both wrongly, clearest cases first."""

import numpy as np
import pandas as pd

from catsdogs.comparison.pair import LETTERS
from catsdogs.labels import DOG


def of_kind(both: pd.DataFrame, threshold: float) -> dict[str, np.ndarray]:
    """Return the positions in ``Pair.both`` of each kind of mistake, clearest cases first."""
    truth = (both["label"] == DOG).to_numpy()
    p_dog = {letter: both[f"p_dog_{letter.lower()}"].to_numpy() for letter in LETTERS}
    right = {letter: (p >= threshold) == truth for letter, p in p_dog.items()}
    # The distance of each run from the truth, and of the runs from each other.
    off = {letter: np.abs(p - truth) for letter, p in p_dog.items()}
    apart = np.abs(p_dog["A"] - p_dog["B"])
    return {
        "A right, B wrong": clearest(right["A"] & ~right["B"], apart),
        "B right, A wrong": clearest(right["B"] & ~right["A"], apart),
        "Both wrong": clearest(~right["A"] & ~right["B"], off["A"] + off["B"]),
        "All mistakes of A": clearest(~right["A"], off["A"]),
        "All mistakes of B": clearest(~right["B"], off["B"]),
    }


def of_cell(both: pd.DataFrame, threshold: float, letter: str, truth: str, said: str) -> np.ndarray:
    """Return the positions of a cell of a confusion matrix, the largest errors first."""
    p_dog, is_dog = both[f"p_dog_{letter.lower()}"].to_numpy(), (both["label"] == DOG).to_numpy()
    inside = ((p_dog >= threshold) == (said == "dog")) & (is_dog == (truth == "dog"))
    return clearest(inside, np.abs(p_dog - is_dog))


def clearest(chosen: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Return the positions where ``chosen`` is true, the highest ``by`` first."""
    positions = np.flatnonzero(chosen)
    return positions[np.argsort(-by[positions], kind="stable")]
