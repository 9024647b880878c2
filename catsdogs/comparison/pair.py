"""Two runs and everything that a page, a report or a command needs to compare them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from catsdogs.comparison.locating import locate
from catsdogs.comparison.own_answers import (
    OwnMetrics,
    balance_of,
    doubted,
    own_metrics,
    right,
)
from catsdogs.comparison.photo_facts import of_answers, photo_facts
from catsdogs.dataset.balance import Balance
from catsdogs.evaluation import intervals, paired
from catsdogs.evaluation.intervals import Interval
from catsdogs.evaluation.metrics import Evaluation, evaluate
from catsdogs.evaluation.paired import Comparison
from catsdogs.evaluation.slices import ALL, Slice, measured, slices
from catsdogs.evaluation.weakest import Weakness, weakest
from catsdogs.labels import Classes
from catsdogs.runs import model_files
from catsdogs.runs.run import Run
from catsdogs.text import printable

LETTERS = ("A", "B")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Pair:
    """Runs A and B. ``roots`` are the folders of their datasets, None where not on this machine.

    ``known`` holds the ``photo_facts`` of both datasets, by digest. ``files`` holds, by letter, the
    digests of photos that were found by number (``Located.files``). The letters are for code and
    JSON; people read ``names``.
    """

    runs: dict[str, Run]
    predictions: dict[str, pd.DataFrame]
    roots: dict[str, Path | None]
    known: pd.DataFrame
    files: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)
    # Comparisons that were made, by margin and whether suspect labels count: each is bootstrapped.
    _made: dict[tuple[float, bool], Comparison] = field(default_factory=dict, repr=False)
    # Computed by the pair that this one was made from: they do not depend on the runs' names.
    _both: pd.DataFrame | None = field(default=None, repr=False)
    _metrics: dict[str, OwnMetrics] | None = field(default=None, repr=False)

    @classmethod
    def read(cls, a: Run, b: Run) -> "Pair":
        """Return the pair, with the predictions of both runs and the known facts about the images.

        Raises:
            RunError: when the predictions of a run are missing or damaged, or the runs tell
                different classes apart.
        """
        b.require_classes(a.classes)
        runs = dict(zip(LETTERS, (a, b), strict=True))
        found = {
            letter: locate(run, model_files.read_predictions(run)) for letter, run in runs.items()
        }
        roots = {letter: located.root for letter, located in found.items()}
        predictions = {letter: located.predictions for letter, located in found.items()}
        first, *others = (photo_facts(root) for root in dict.fromkeys(roots.values()))
        for other in others:
            first = first.combine_first(other)
        files = {letter: located.files for letter, located in found.items()}
        return cls(runs, predictions, roots, first, files)

    def of_runs(self, a: Run, b: Run) -> "Pair":
        """Return this pair with the current state of its runs: renamed, or running again."""
        runs = dict(zip(LETTERS, (a, b), strict=True))
        if runs == self.runs:
            return self
        return replace(self, runs=runs, _both=self.both, _metrics=self.metrics)

    @property
    def classes(self) -> Classes:
        """The classes that both runs tell apart."""
        return self.runs["A"].classes

    @cached_property
    def names(self) -> dict[str, str]:
        """The runs' short names by letter, in printable characters and distinct."""
        names = {letter: printable(run.short_name) for letter, run in self.runs.items()}
        if len(set(names.values())) == len(names):
            return names
        return {"A": f"{names['A']} (first)", "B": f"{names['B']} (second)"}

    def named(self, by_letter: Mapping[str, Value]) -> dict[str, Value]:
        """Return ``by_letter`` with the runs' names as keys."""
        return {self.names[letter]: value for letter, value in by_letter.items()}

    @cached_property
    def both(self) -> pd.DataFrame:
        """The images that can be compared fairly: the table that ``paired.shared`` returns."""
        if self._both is not None:
            return self._both
        return paired.shared(*self.predictions.values())

    @cached_property
    def answers(self) -> dict[str, pd.DataFrame]:
        """Each run's answers on the shared images, or on its own images if they share none."""
        if self.both.empty:
            return self.predictions
        return {
            letter: self.both.rename(columns={f"p_dog_{letter.lower()}": "p_dog"})
            for letter in LETTERS
        }

    @cached_property
    def metrics(self) -> dict[str, OwnMetrics]:
        """The metrics of each run on its own validation images, by letter."""
        if self._metrics is not None:
            return self._metrics
        return {
            letter: own_metrics(table, doubted(table, self.known), self.classes)
            for letter, table in self.predictions.items()
        }

    def evaluations(self, threshold: float) -> dict[str, Evaluation]:
        """Return the evaluation of each run on the images of ``answers``."""
        return {
            letter: evaluate(
                table["label"].to_numpy(),
                table["p_dog"].to_numpy(),
                threshold,
                classes=self.classes,
            )
            for letter, table in self.answers.items()
        }

    @property
    def balances(self) -> dict[str, Balance]:
        """The classes of the images of ``answers``, by letter."""
        return {letter: balance_of(table, self.classes) for letter, table in self.answers.items()}

    @property
    def known_roots(self) -> list[Path]:
        """The folders of the runs' datasets that are on this machine."""
        return list(dict.fromkeys(filter(None, self.roots.values())))

    @property
    def place(self) -> tuple[Path | None, str]:
        """The folder of the shared photos, and which column of ``both`` names them there."""
        # Without photos on this machine, their names are shown instead.
        return self.roots[self._shown], f"path_{self._shown.lower()}"

    @property
    def _shown(self) -> str:
        """The letter of the run whose dataset the photos are shown from."""
        here = [letter for letter, root in self.roots.items() if root is not None]
        return here[0] if here else LETTERS[0]

    @property
    def is_matched_by_number(self) -> bool:
        """Whether some of the shown photos were found by Kaggle's number."""
        return bool(self.files.get(self._shown))

    def digests_here(self, digests: pd.Series) -> pd.Series:
        """Return the digests of the files here, which differ for photos that were found by number.

        ``digests`` are those of the runs.
        """
        if not self.is_matched_by_number:
            return digests
        return digests.map(self.files[self._shown]).fillna(digests)

    def compared(self, margin: float) -> Comparison:
        """Return the paired comparison.

        Raises:
            RunError: when the two validation sets share no image.
            ConfigError: when ``margin`` is out of range.
        """
        return self._compared(margin, None)

    def compared_without_suspects(self, margin: float) -> tuple[int, Comparison] | None:
        """Return how many shared images have suspect labels, and the comparison without them.

        None without a health check, or if no image would be left.
        """
        doubtful = doubted(self.both, self.known)
        if doubtful is None:
            return None
        return int(doubtful.sum()), self._compared(margin, ~doubtful)

    def _compared(self, margin: float, kept: np.ndarray | None) -> Comparison:
        key = margin, kept is None
        if key not in self._made:
            tables = self.predictions.values()
            self._made[key] = paired.compare(*tables, margin=margin, kept=kept)
        return self._made[key]

    def slices(self, kind: str, threshold: float) -> dict[str, list[Slice]]:
        """Return the accuracy of each run on each slice of the images of ``answers``."""
        return {
            letter: slices(ALL[kind], of_answers(table, self.known), right(table, threshold))
            for letter, table in self.answers.items()
        }

    def weakest(self, threshold: float) -> dict[str, list[Weakness]]:
        """Return the slices of the images of ``answers``, each run's clearest weakness first."""
        return {
            letter: weakest(of_answers(table, self.known), right(table, threshold))
            for letter, table in self.answers.items()
        }

    def accuracy(self, letter: str, threshold: float) -> tuple[Interval, Interval | None]:
        """Return a run's accuracy on the images of ``answers``, with and without suspect labels.

        The second is None without a health check, or if no image would be left.
        """
        table = self.answers[letter]
        is_right, doubtful = right(table, threshold), doubted(table, self.known)
        whole = intervals.share(int(is_right.sum()), len(is_right))
        if doubtful is None:
            return whole, None
        return whole, intervals.share(int(is_right[~doubtful].sum()), int((~doubtful).sum()))

    @cached_property
    def measured(self) -> list[str]:
        """The names in ``ALL`` of the kinds that are known of at least one image."""
        facts = pd.concat([of_answers(table, self.known) for table in self.answers.values()])
        return measured(facts)
