"""Two runs and all that is known to compare them by: what a page, a report and a command show."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from catsdogs.comparison.photo_facts import of_answers, photo_facts, suspects
from catsdogs.evaluation import intervals, paired
from catsdogs.evaluation.intervals import Interval
from catsdogs.evaluation.metrics import Evaluation, evaluate
from catsdogs.evaluation.paired import Comparison
from catsdogs.evaluation.slices import KINDS, Slice, slices
from catsdogs.labels import DOG
from catsdogs.runs import model_files
from catsdogs.runs.run import Run
from catsdogs.sources import opening

LETTERS = ("A", "B")


@dataclass(frozen=True)
class Pair:
    """Runs A and B. ``roots`` are the folders of their datasets, None where not on this machine.

    ``known`` is what scans and checks of either dataset say of the images.
    """

    runs: dict[str, Run]
    predictions: dict[str, pd.DataFrame]
    roots: dict[str, Path | None]
    known: pd.DataFrame
    # Comparisons that were made, by margin and whether suspect labels count: each is bootstrapped.
    _made: dict[tuple[float, bool], Comparison] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, a: Run, b: Run) -> "Pair":
        """Read what two runs said, and what is known of the images.

        Raises:
            RunError: when the predictions of a run are missing or damaged.
        """
        runs = dict(zip(LETTERS, (a, b), strict=True))
        roots = {letter: opening.opened(Path(run.config.data)) for letter, run in runs.items()}
        predictions = {letter: model_files.read_predictions(run) for letter, run in runs.items()}
        first, *others = (photo_facts(root) for root in dict.fromkeys(roots.values()))
        for other in others:
            first = first.combine_first(other)
        return cls(runs, predictions, roots, first)

    def of_runs(self, a: Run, b: Run) -> "Pair":
        """Return the same of the two runs as they are now: renamed, or at work again."""
        runs = dict(zip(LETTERS, (a, b), strict=True))
        if runs == self.runs:
            return self
        renamed = replace(self, runs=runs)
        vars(renamed).update(both=self.both, figures=self.figures)
        return renamed

    @cached_property
    def both(self) -> pd.DataFrame:
        """The images that can be compared fairly, as ``comparison.shared`` has them."""
        return paired.shared(*self.predictions.values())

    @cached_property
    def answers(self) -> dict[str, pd.DataFrame]:
        """What each run says of the images that both share; of its own where they share none."""
        if self.both.empty:
            return self.predictions
        return {
            letter: self.both.rename(columns={f"p_dog_{letter.lower()}": "p_dog"})
            for letter in LETTERS
        }

    @cached_property
    def figures(self) -> dict[str, dict[str, Interval]]:
        """The figures of each run on its own validation images, by what it is called.

        Where a check has run, a second time without the images whose labels are suspect.
        """
        found = {}
        for letter, table in self.predictions.items():
            found[letter] = _figures(table)
            doubted = self._doubted(table)
            if doubted is not None:
                title = f"{letter}, suspect labels left out ({int(doubted.sum()):,})"
                found[title] = _figures(table[~doubted])
        return found

    def evaluations(self, threshold: float) -> dict[str, Evaluation]:
        """Return the evaluation of each run on the images of ``answers``."""
        return {
            letter: evaluate(table["label"].to_numpy(), table["p_dog"].to_numpy(), threshold)
            for letter, table in self.answers.items()
        }

    @property
    def place(self) -> tuple[Path | None, str]:
        """The folder of the shared photos, and which column of ``both`` names them there."""
        for letter, root in self.roots.items():
            if root is not None:
                return root, f"path_{letter.lower()}"
        return None, "path_a"  # They are not on this machine: their names stand for them.

    def compared(self, margin: float) -> Comparison:
        """Return the paired comparison.

        Raises:
            RunError: when the two validation sets share no image.
            ConfigError: when ``margin`` is out of range.
        """
        return self._compared(margin, None)

    def compared_without_suspects(self, margin: float) -> tuple[int, Comparison] | None:
        """Return how many shared images have suspect labels, and the comparison without them.

        None where no check has run, or no image would be left.
        """
        doubted = self._doubted(self.both)
        if doubted is None:
            return None
        return int(doubted.sum()), self._compared(margin, ~doubted)

    def _compared(self, margin: float, kept: np.ndarray | None) -> Comparison:
        key = margin, kept is None
        if key not in self._made:
            tables = self.predictions.values()
            self._made[key] = paired.compare(*tables, margin=margin, kept=kept)
        return self._made[key]

    def slices(self, kind: str, threshold: float) -> dict[str, list[Slice]]:
        """Return the accuracy of each run on each slice of the images of ``answers``."""
        return {
            letter: slices(KINDS[kind], of_answers(table, self.known), _right(table, threshold))
            for letter, table in self.answers.items()
        }

    def accuracy(self, letter: str, threshold: float) -> tuple[Interval, Interval | None]:
        """Return a run's accuracy on the images of ``answers``, with and without suspect labels.

        The latter is None where no check has run, or no image would be left.
        """
        table = self.answers[letter]
        right, doubted = _right(table, threshold), self._doubted(table)
        whole = intervals.share(int(right.sum()), len(right))
        if doubted is None:
            return whole, None
        return whole, intervals.share(int(right[~doubted].sum()), int((~doubted).sum()))

    @cached_property
    def measured(self) -> list[str]:
        """Those of ``KINDS`` that images can be sliced by: of which something is known."""
        facts = pd.concat([of_answers(table, self.known) for table in self.answers.values()])
        return [name for name, kind in KINDS.items() if kind.measure(facts).notna().any()]

    def _doubted(self, table: pd.DataFrame) -> np.ndarray | None:
        """Tell which labels are suspect; None where no check has run, or no image would be left."""
        doubted = suspects(table, self.known)
        return None if doubted is None or doubted.all() else doubted


def _figures(table: pd.DataFrame) -> dict[str, Interval]:
    return intervals.of_figures(table["label"].to_numpy(), table["p_dog"].to_numpy())


def _right(table: pd.DataFrame, threshold: float) -> np.ndarray:
    return ((table["p_dog"] >= threshold) == (table["label"] == DOG)).to_numpy(dtype=bool)
