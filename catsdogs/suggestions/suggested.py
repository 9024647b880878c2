"""The suggestions of the last round for one dataset: typed, stored in the cache."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
import pandas as pd

from catsdogs import paths
from catsdogs.labels import UNLABELLED
from catsdogs.system import files

VERSION = 1
# A round follows this many answers, and orders at least this many photos for the next one.
BATCH = 20
# The photos that suggestions are measured on: those of the test side, those that came with a label,
# or those that the user labelled.
TEST, NAMED, ANSWERS = "test", "named", "answers"


@dataclass(frozen=True)
class Summary:
    """How the suggestions came about. ``answers`` are the photos labelled by hand before them.

    ``right`` of ``measured`` labelled photos were answered right by a classifier that did not learn
    from them; ``measured_on`` says which they are. ``by`` is the name of the run that suggests,
    "" if the labels taught a better classifier. ``seconds`` are those of the round, without
    computing vectors and answers.
    """

    version: int
    answers: int
    right: int
    measured: int
    measured_on: str
    by: str
    seconds: float


@dataclass(frozen=True)
class Suggestions:
    """One row for each photo whose name gives no label, those to label first at the beginning.

    ``table`` has path, digest, ``p_positive`` (NaN before there are suggestions) and ``neither``,
    which is True if the photo differs from all labelled ones.
    """

    table: pd.DataFrame
    summary: Summary


def waiting(pictures: pd.DataFrame) -> pd.Series:
    """Return which of a dataset's pictures belong in the queue: no name labels them."""
    return pictures["named_label"] == UNLABELLED


def load(root: Path) -> Suggestions | None:
    """Return the suggestions for the dataset in ``root``; None if there are none."""
    try:
        summary = msgspec.convert(json.loads(summary_file(root).read_text("utf-8")), Summary)
        table = pd.read_parquet(_folder(root) / "table.parquet")
    except (OSError, ValueError, msgspec.ValidationError):
        return None
    return Suggestions(table, summary) if summary.version == VERSION else None


def save(root: Path, suggestions: Suggestions) -> None:
    """Store the suggestions for ``root``, the summary last.

    Raises:
        OSError: if they cannot be written.
    """
    with files.replacing(_folder(root) / "table.parquet") as temporary:
        suggestions.table.to_parquet(temporary)
    files.write_json(summary_file(root), asdict(suggestions.summary))


def summary_file(root: Path) -> Path:
    """Return the file that is written last."""
    return _folder(root) / "summary.json"


def _folder(root: Path) -> Path:
    return paths.cache_dir() / "suggestions" / paths.dataset_key(root)
