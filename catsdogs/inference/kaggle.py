"""Answers as a submission to Kaggle's competition *Dogs vs. Cats Redux*: id,label.

The id is the number in a picture's name, and the label is P(dog), calibrated and clipped.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import PurePosixPath

from catsdogs.errors import ConfigError
from catsdogs.evaluation.calibration import calibrated
from catsdogs.evaluation.clipping import Clip, clip
from catsdogs.inference.answers import Seen
from catsdogs.runs import model_files
from catsdogs.runs.run import Run
from catsdogs.text import printable

# The label that costs least for a picture without an answer.
_UNKNOWN = 0.5
_LONGEST_NUMBER = 12  # digits


def clip_of(run: Run) -> Clip:
    """Return the bounds for the run's probabilities, chosen on its validation images.

    Raises:
        RunError: if its predictions are missing or damaged.
    """
    found = model_files.read_predictions(run)
    p_dog = calibrated(found["p_dog"].to_numpy(), run.result.calibration.temperature)
    return clip(found["label"].to_numpy(), p_dog)


def submission(seen: Sequence[Seen], run: Run, bounds: Clip) -> str:
    """Return the CSV of all pictures by number; one that cannot be read has a label of 0.5.

    Raises:
        ConfigError: if the name of a picture is not a number, or two have the same.
    """
    numbers = numbers_of([one.name for one in seen])
    labels = {number: _label(one, run, bounds) for number, one in zip(numbers, seen, strict=True)}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("id", "label"))
    writer.writerows((number, f"{labels[number]:.6f}") for number in sorted(labels))
    return text.getvalue()


def promise(bounds: Clip) -> str:
    """Return the log loss to expect, in words."""
    loss = bounds.expected
    return (
        f"Expected log loss {loss.value:.4f} (95 % interval {loss.low:.4f} to {loss.high:.4f}), "
        f"without bounds {bounds.unclipped:.4f}."
    )


def numbers_of(names: Sequence[str]) -> list[int]:
    """Return the number that each picture's name is.

    Raises:
        ConfigError: if a name is not a number, or two are the same.
    """
    found: dict[int, str] = {}
    for name in names:
        number = _number(name)
        if number is None or number in found:
            other = "" if number is None else f", which has the number of {found[number]}"
            raise ConfigError(
                "Expected pictures whose names are different numbers, such as test1/42.jpg. "
                f"Received: {printable(name + other)}. Classify Kaggle's test photos alone."
            )
        found[number] = name
    return list(found)


def are_numbered(names: Sequence[str]) -> bool:
    """Tell whether pictures with these names can be submitted."""
    numbers = [_number(name) for name in names]
    return bool(numbers) and None not in numbers and len(set(numbers)) == len(numbers)


def _number(name: str) -> int | None:
    stem = PurePosixPath(name.replace("\\", "/")).stem
    is_number = stem.isascii() and stem.isdecimal() and len(stem) <= _LONGEST_NUMBER
    return int(stem) if is_number else None


def _label(one: Seen, run: Run, bounds: Clip) -> float:
    answers = [answer for answer in one.answers if answer.run_id == run.run_id]
    return bounds(answers[0].calibrated_p_dog) if answers else _UNKNOWN
