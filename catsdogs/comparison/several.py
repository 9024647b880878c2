"""Three to six runs on the images that all of them share."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd

from catsdogs.comparison.locating import locate
from catsdogs.errors import ConfigError, RunError
from catsdogs.evaluation import intervals, paired
from catsdogs.evaluation.intervals import Interval
from catsdogs.evaluation.metrics import SIGNIFICANT, THRESHOLD, Evaluation, evaluate
from catsdogs.evaluation.multiple import holm
from catsdogs.labels import DOG, Classes
from catsdogs.runs import model_files
from catsdogs.runs.run import Run

LEAST, MOST = 3, 6  # More lines in one chart look alike.


@dataclass(frozen=True)
class Verdict:
    """Runs ``a`` and ``b`` by their ids: images that only one of them gets right.

    ``mcnemar_p`` is the exact p-value of this pair alone, ``p`` is corrected for all pairs (Holm).
    """

    a: str
    b: str
    only_a_right: int
    only_b_right: int
    mcnemar_p: float
    p: float

    @property
    def better(self) -> str | None:
        """The id of the better run; None if chance may explain the difference."""
        if self.p >= SIGNIFICANT:
            return None
        return self.a if self.only_a_right > self.only_b_right else self.b


@dataclass(frozen=True)
class Several:
    """Runs by id, and ``images``: ``digest``, ``label``, and each run's P(dog) by its id."""

    runs: dict[str, Run]
    images: pd.DataFrame

    @classmethod
    def read(cls, runs: Sequence[Run]) -> "Several":
        """Return the runs with their predictions for the images that all of them share.

        Raises:
            ConfigError: for fewer or more runs than can be compared, or one of them twice.
            RunError: if predictions are missing or damaged, or if the runs share no image or tell
                different classes apart.
        """
        for other in runs[1:]:
            other.require_classes(runs[0].classes)
        by_id = {run.run_id: run for run in runs}
        if not LEAST <= len(by_id) == len(runs) <= MOST:
            raise ConfigError(
                f"Expected {LEAST} to {MOST} different runs. Received: {len(runs)} runs, "
                f"{len(by_id)} of them different."
            )
        tables = {
            name: locate(run, model_files.read_predictions(run)).predictions
            for name, run in by_id.items()
        }
        images = paired.shared_by_all(tables)
        if images.empty:
            raise RunError(
                "Expected runs that share validation images. Received: none that are in all of "
                "them. Compare runs trained on the same dataset, with the same seed and "
                "validation share."
            )
        return cls(by_id, images)

    @property
    def classes(self) -> Classes:
        """The classes that all runs tell apart."""
        return next(iter(self.runs.values())).classes

    @cached_property
    def answers(self) -> dict[str, pd.DataFrame]:
        """Each run's ``label`` and ``p_dog`` of the shared images, by id."""
        labels = self.images["label"]
        return {
            name: pd.DataFrame({"label": labels, "p_dog": self.images[name]}) for name in self.runs
        }

    def right(self, threshold: float = THRESHOLD) -> dict[str, np.ndarray]:
        """Return whether each run is right, boolean (N,), by id."""
        is_dog = (self.images["label"] == DOG).to_numpy()
        return {name: (self.images[name].to_numpy() >= threshold) == is_dog for name in self.runs}

    @cached_property
    def accuracies(self) -> dict[str, Interval]:
        """Each run's accuracy on the shared images, by id."""
        return {
            name: intervals.share(int(right.sum()), len(right))
            for name, right in self.right().items()
        }

    @cached_property
    def evaluations(self) -> dict[str, Evaluation]:
        """Each run's metrics on the shared images, by id."""
        return {
            name: evaluate(
                table["label"].to_numpy(),
                table["p_dog"].to_numpy(),
                THRESHOLD,
                classes=self.classes,
            )
            for name, table in self.answers.items()
        }

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """A verdict for each pair of runs, in the order of the runs."""
        right = self.right()
        pairs = list(combinations(self.runs, 2))
        p_values = [paired.mcnemar(right[a], right[b]) for a, b in pairs]
        return [
            Verdict(a, b, int((right[a] & ~right[b]).sum()), int((right[b] & ~right[a]).sum()), *p)
            for (a, b), *p in zip(pairs, p_values, holm(p_values), strict=True)
        ]
