"""The slices on which a model is worse than on the other images.

Among many slices, one is the worst by chance alone. The p-values are corrected for that.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from catsdogs.evaluation import intervals
from catsdogs.evaluation.intervals import Interval
from catsdogs.evaluation.metrics import SIGNIFICANT
from catsdogs.evaluation.multiple import holm
from catsdogs.evaluation.slices import ALL, title

# Smaller slices are not looked at: they could hardly be significant, and each costs the others.
LEAST = 20


@dataclass(frozen=True)
class Weakness:
    """A slice of ``images`` images, and how a model does on them and on the ``others``.

    ``kind`` is a key of ``ALL`` and ``name`` one of its names. ``others`` is the accuracy on the
    other images of the same measurement. ``p`` is the one-sided p-value of Fisher's exact test for
    more mistakes than on the others, corrected for all ``looked_at`` slices (Holm, 1979).
    """

    kind: str
    name: str
    images: int
    accuracy: Interval
    others: float
    p: float
    looked_at: int

    @property
    def title(self) -> str:
        """Return the slice in words: "Light: under 35"."""
        return title(self.kind, self.name)

    @property
    def is_significant(self) -> bool:
        """Whether chance hardly explains it, however many slices were looked at."""
        return self.p < SIGNIFICANT


def weakest(facts: pd.DataFrame, right: np.ndarray) -> list[Weakness]:
    """Return all slices that are large enough, the clearest weakness first.

    ``right`` is boolean (N,): whether the model is right. ``facts`` has N rows.
    """
    found = [
        (kind, name, inside, known)
        for kind, of in ALL.items()
        for known in [of.known(facts)]
        for name, inside in of.masks(facts).items()
    ]
    large = [one for one in found if LEAST <= one[2].sum() <= one[3].sum() - LEAST]
    values = holm([_more_mistakes(inside, known, right) for *_, inside, known in large])
    listed = [
        Weakness(
            kind,
            name,
            int(inside.sum()),
            intervals.share(int(right[inside].sum()), int(inside.sum())),
            float(right[known & ~inside].mean()),
            p,
            len(large),
        )
        for (kind, name, inside, known), p in zip(large, values, strict=True)
    ]
    return sorted(listed, key=lambda one: (one.p, one.accuracy.value - one.others))


def _more_mistakes(inside: np.ndarray, known: np.ndarray, right: np.ndarray) -> float:
    """Return the p-value of the mistakes in a slice, if they were spread by chance."""
    wrong = known & ~right
    seen = int((wrong & inside).sum())
    return float(scipy.stats.hypergeom.sf(seen - 1, known.sum(), wrong.sum(), inside.sum()))
