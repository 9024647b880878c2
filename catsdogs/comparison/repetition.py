"""Whether a run that was trained again is the same run: its predictions and its model."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from catsdogs.comparison.differences import differences
from catsdogs.runs import layout, model_files
from catsdogs.runs.run import Run


@dataclass(frozen=True)
class Repetition:
    """A run and its repetition, compared.

    ``images`` counts the validation images of both, ``other_answers`` those whose probability is
    not the same in every bit, and ``largest_difference`` is that of a probability. ``same_model``
    tells whether the model files are the same. ``differs`` names what the two runs do not share.
    """

    images: int
    other_answers: int
    largest_difference: float
    same_model: bool
    differs: tuple[str, ...]

    @property
    def is_identical(self) -> bool:
        """Whether every answer and the model are the same."""
        return self.same_model and not self.other_answers


def repetition(run: Run, again: Run) -> Repetition:
    """Compare a run with its repetition.

    Raises:
        RunError: if a file of one of them is missing or damaged.
    """
    tables = [_by_content(model_files.read_predictions(one)) for one in (run, again)]
    both = pd.concat(tables, axis=1)  # A missing answer is NaN, which equals nothing.
    first, second = (both.iloc[:, column].to_numpy() for column in (0, 1))
    apart = np.abs(first - second)
    models = [model_files.intact(one, layout.LITERT_MODEL).read_bytes() for one in (run, again)]
    return Repetition(
        images=len(both),
        other_answers=int((first != second).sum()),
        largest_difference=float(np.nanmax(apart, initial=0.0)),
        same_model=models[0] == models[1],
        differs=tuple(one.name for one in differences(run, again)),
    )


def _by_content(predictions: pd.DataFrame) -> pd.Series:
    # Copies of one image have the same answer.
    return predictions.drop_duplicates("digest").set_index("digest")["p_dog"]
