"""One run on its own validation images: metrics, cells of the matrix, slices."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from catsdogs.comparison.locating import Located, locate
from catsdogs.comparison.photo_facts import of_answers, photo_facts, suspects
from catsdogs.dataset.balance import Balance
from catsdogs.evaluation import intervals
from catsdogs.evaluation.intervals import Interval
from catsdogs.evaluation.metrics import THRESHOLD, Evaluation, evaluate
from catsdogs.evaluation.slices import ALL, Slice, measured, slices
from catsdogs.evaluation.weakest import Weakness, weakest
from catsdogs.labels import DOG, Classes
from catsdogs.runs import model_files
from catsdogs.runs.run import Run


@dataclass(frozen=True)
class OwnMetrics:
    """A run's metrics on all its own validation images, and their classes.

    ``sound`` omits the ``suspects`` images with suspect labels; None without a health check.
    """

    whole: dict[str, Interval]
    balance: Balance
    sound: dict[str, Interval] | None = None
    suspects: int = 0


@dataclass(frozen=True)
class OwnAnswers:
    """A run's answers on its validation images, with the ``photo_facts`` that are known."""

    run: Run
    located: Located
    known: pd.DataFrame

    @classmethod
    def read(cls, run: Run) -> "OwnAnswers":
        """Return the answers of ``run``.

        Raises:
            RunError: when its predictions are missing or damaged.
        """
        located = locate(run, model_files.read_predictions(run))
        return cls(run, located, photo_facts(located.root))

    @property
    def classes(self) -> Classes:
        """The classes that the run tells apart."""
        return self.run.classes

    @property
    def table(self) -> pd.DataFrame:
        """A row for each image: path, label, p_dog, digest."""
        return self.located.predictions

    @cached_property
    def metrics(self) -> OwnMetrics:
        """The metrics with their intervals; the bootstrap takes a second."""
        return own_metrics(self.table, doubted(self.table, self.known), self.classes)

    @cached_property
    def evaluation(self) -> Evaluation:
        """The metrics, the matrix and the report at the usual threshold."""
        labels, p_dog = (self.table[name].to_numpy() for name in ("label", "p_dog"))
        return evaluate(labels, p_dog, classes=self.classes)

    @property
    def has_both_classes(self) -> bool:
        """Whether the images are of both classes: matrices and curves need both."""
        return bool(self.table["label"].nunique() == len(self.classes.names))

    @cached_property
    def mistakes(self) -> pd.DataFrame:
        """The rows of the images that the run gets wrong, the most confident mistakes first."""
        return self._largest_errors_first(~self._right)

    def cell(self, truth: str, said: str) -> pd.DataFrame:
        """Return the rows of a cell of the confusion matrix, the largest errors first."""
        is_truth = self.table["label"] == self.classes.label(truth)
        is_said = (self.table["p_dog"] >= THRESHOLD) == (said == self.classes.positive)
        return self._largest_errors_first((is_truth & is_said).to_numpy())

    def of_slice(self, kind: str, name: str) -> pd.DataFrame:
        """Return the rows of a slice, ``name`` among ``ALL[kind]``, the largest errors first."""
        return self._largest_errors_first(ALL[kind].masks(self._facts)[name])

    @cached_property
    def measured(self) -> list[str]:
        """The names in ``ALL`` of the kinds that are known of at least one image."""
        return measured(self._facts)

    def slices(self, kind: str) -> list[Slice]:
        """Return the accuracy on each slice of a kind."""
        return slices(ALL[kind], self._facts, self._right)

    @cached_property
    def weakest(self) -> list[Weakness]:
        """The slices that are large enough, the clearest weakness first."""
        return weakest(self._facts, self._right)

    @cached_property
    def _facts(self) -> pd.DataFrame:
        return of_answers(self.table, self.known)

    @cached_property
    def _right(self) -> np.ndarray:
        return right(self.table, THRESHOLD)

    def _largest_errors_first(self, chosen: np.ndarray) -> pd.DataFrame:
        rows = self.table[chosen]
        errors = (rows["p_dog"] - (rows["label"] == DOG)).abs()
        return rows.loc[errors.sort_values(ascending=False, kind="stable").index]


def own_metrics(table: pd.DataFrame, doubtful: np.ndarray | None, classes: Classes) -> OwnMetrics:
    """Return the metrics of ``table``, and those without the ``doubtful`` images (a mask)."""
    whole, balance = _metrics_of(table), balance_of(table, classes)
    if doubtful is None:
        return OwnMetrics(whole, balance)
    return OwnMetrics(whole, balance, _metrics_of(table[~doubtful]), int(doubtful.sum()))


def _metrics_of(table: pd.DataFrame) -> dict[str, Interval]:
    return intervals.of_metrics(table["label"].to_numpy(), table["p_dog"].to_numpy())


def balance_of(table: pd.DataFrame, classes: Classes) -> Balance:
    """Return the classes of the images in ``table``."""
    dogs = int((table["label"] == DOG).sum())
    return Balance(len(table) - dogs, dogs, classes)


def right(table: pd.DataFrame, threshold: float) -> np.ndarray:
    """Return a mask of the images in ``table`` with a right answer at ``threshold``."""
    return ((table["p_dog"] >= threshold) == (table["label"] == DOG)).to_numpy(dtype=bool)


def doubted(table: pd.DataFrame, known: pd.DataFrame) -> np.ndarray | None:
    """Return a mask of suspect labels; None without a check, or if no image would be left."""
    found = suspects(table, known)
    return None if found is None or found.all() else found
