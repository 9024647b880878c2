"""Two runs on the same images: where each is right, and whether chance explains the difference."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
import scipy

from catsdogs.errors import ConfigError, RunError
from catsdogs.evaluation import intervals
from catsdogs.evaluation.intervals import Interval
from catsdogs.evaluation.metrics import DEFAULT_MARGIN, SIGNIFICANT, THRESHOLD
from catsdogs.labels import DOG


@dataclass(frozen=True)
class Equivalence:
    """Whether two accuracies differ by less than ``margin``, a share: two one-sided tests.

    A test that finds no difference does not prove equivalence; this one can. ``p`` is the
    greater of the two one-sided p-values (Schuirmann, 1987), each of Tango's score test.
    """

    margin: float
    p: float
    shown: bool


@dataclass(frozen=True)
class Comparison:
    """Runs A and B on the ``images`` that are in both validation sets, with the same label.

    ``difference`` is accuracy A − accuracy B (paired percentile bootstrap). ``mcnemar_p`` is the
    exact two-sided p-value of McNemar's test on the images that just one run gets right. Excluded
    images are ``only_in_a`` and ``only_in_b``, in one validation set only, which the other run may
    have trained on; and ``relabelled``, in both sets but with different labels.
    """

    images: int
    only_in_a: int
    only_in_b: int
    relabelled: int
    accuracy_a: float
    accuracy_b: float
    interval_a: Interval
    interval_b: Interval
    difference: Interval
    mcnemar_p: float
    equivalence: Equivalence
    both_right: int
    a_right_b_wrong: int
    b_right_a_wrong: int
    both_wrong: int

    @property
    def is_significant(self) -> bool:
        """Whether the difference is significant at the conventional level."""
        return self.mcnemar_p < SIGNIFICANT

    def to_json(self) -> dict[str, Any]:
        """Return the results as JSON-ready values."""
        return asdict(self)


def compare(
    a: pd.DataFrame,
    b: pd.DataFrame,
    *,
    margin: float = DEFAULT_MARGIN,
    kept: np.ndarray | None = None,
    seed: int = 0,
) -> Comparison:
    """Compare two tables of validation predictions (``path``, ``label``, ``p_dog``, ``digest``).

    Images match by content, not by name. ``kept`` selects rows of ``shared(a, b)``; the default is
    all of them.

    Raises:
        RunError: if the two validation sets share no image.
        ConfigError: if ``margin`` is out of range.
    """
    if not 0 < margin < 1:
        raise ConfigError(f"Expected a margin: between 0 and 1, a share. Received: {margin}.")
    in_both = _in_both(a, b)
    both = shared(a, b)
    if both.empty:
        raise RunError(
            "Expected two runs that share validation images. Received: two with none in common. "
            "Compare runs trained on the same dataset, with the same seed and validation share."
        )
    in_common, both = len(both), both if kept is None else both[kept]
    right_a, right_b = (
        ((both[f"p_dog_{run}"] >= THRESHOLD) == (both["label"] == DOG)).to_numpy() for run in "ab"
    )
    gains = right_a.astype(np.float64) - right_b
    only_a, only_b = int((gains > 0).sum()), int((gains < 0).sum())
    return Comparison(
        images=len(both),
        only_in_a=len(a) - len(in_both),
        only_in_b=len(b) - len(in_both),
        relabelled=len(in_both) - in_common,
        accuracy_a=float(right_a.mean()),
        accuracy_b=float(right_b.mean()),
        interval_a=intervals.share(int(right_a.sum()), len(both)),
        interval_b=intervals.share(int(right_b.sum()), len(both)),
        difference=intervals.mean(gains, seed=seed),
        mcnemar_p=_mcnemar(only_a, only_b),
        equivalence=equivalence(only_a, only_b, len(both), margin),
        both_right=int((right_a & right_b).sum()),
        a_right_b_wrong=only_a,
        b_right_a_wrong=only_b,
        both_wrong=int((~right_a & ~right_b).sum()),
    )


def shared(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Return the images that are in both tables, with the same label in both.

    The columns are ``digest``, ``label``, ``path_a`` and ``path_b`` in each run's dataset,
    ``p_dog_a`` and ``p_dog_b``.
    """
    found = _in_both(a, b)
    found = found[found["label_a"] == found["label_b"]]
    found = found.rename(columns={"label_a": "label"})
    return found[["digest", "label", "path_a", "path_b", "p_dog_a", "p_dog_b"]]


def shared_by_all(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the images that are in all tables, with the same label: ``digest``, ``label``.

    Each table's ``p_dog`` is in a column with the table's name. Images match by content.
    """
    keys = ["digest", "copy", "label"]
    named = (
        _numbered(table)[[*keys, "p_dog"]].rename(columns={"p_dog": name})
        for name, table in tables.items()
    )
    return reduce(lambda a, b: a.merge(b, on=keys), named).drop(columns="copy")


def mcnemar(right_a: np.ndarray, right_b: np.ndarray) -> float:
    """Return the exact p-value of two runs' answers to the same images, both boolean (N,)."""
    return _mcnemar(int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum()))


def _in_both(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    return _numbered(a).merge(_numbered(b), on=["digest", "copy"], suffixes=("_a", "_b"))


def _numbered(predictions: pd.DataFrame) -> pd.DataFrame:
    """Add ``copy``, which numbers images with the same content."""
    in_order = predictions.sort_values("path")
    return in_order.assign(copy=in_order.groupby("digest").cumcount())


def _mcnemar(only_a: int, only_b: int) -> float:
    """Exact McNemar: under "no difference", each flip is a fair coin."""
    flips = only_a + only_b
    return float(scipy.stats.binomtest(only_a, flips, 0.5).pvalue) if flips else 1.0


def equivalence(only_a: int, only_b: int, images: int, margin: float) -> Equivalence:
    """Test whether two models differ by less than ``margin`` in their accuracy on ``images``.

    Only the first is right on ``only_a`` of them, only the second on ``only_b``.
    """
    p = max(_below(only_a, only_b, images, margin), _below(only_b, only_a, images, margin))
    return Equivalence(margin, p, p < SIGNIFICANT)


def _below(more: int, fewer: int, images: int, margin: float) -> float:
    """Return the p-value of "the share ``more`` − ``fewer`` is ``margin`` or above".

    Tango, "Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design" (1998): a score test, which takes the variance of the flips at the margin.
    The observed flips are often too few to estimate it.
    """
    a = 2 * images
    b = -more - fewer + (2 * images - more + fewer) * margin
    c = -fewer * margin * (1 - margin)
    share_of_fewer = (np.sqrt(b**2 - 4 * a * c) - b) / (2 * a)
    variance = images * (2 * share_of_fewer + margin * (1 - margin))
    return float(scipy.stats.norm.cdf((more - fewer - images * margin) / np.sqrt(variance)))
