"""The files that a run leaves for others to compute with, each checked by its SHA-256 first."""

import hashlib
from pathlib import Path

import pandas as pd

from catsdogs.errors import RunError
from catsdogs.runs import layout
from catsdogs.runs.run import Run
from catsdogs.system import files

_COMPUTED_WITH = (layout.KERAS_MODEL, layout.LITERT_MODEL, layout.PREDICTIONS, layout.REFERENCES)
MODEL_FILES = (*_COMPUTED_WITH, layout.EVALUATION, layout.MODEL_CARD)


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that a run leaves for others to compute with."""
    found = (folder / name for name in _COMPUTED_WITH)
    return {path.name: files.sha256(path) for path in found if path.is_file()}


def place(run: Run, name: str) -> Path:
    """Return where the file is that the run's figures are of; see ``runs.earlier``."""
    kept = run.folder / layout.EARLIER
    # A run that has ended has everything in its place, and what was set aside is of before that.
    return (kept if run.ending is None and kept.is_dir() else run.folder) / name


def intact(run: Run, name: str) -> Path:
    """Return the path of one of a run's files, if it still is as the run left it.

    A flipped bit in a model mostly goes unnoticed otherwise. Runs of before kept no checksums.

    Raises:
        RunError: when it is missing, or has other content.
    """
    path = place(run, name)
    expected = run.result.sha256.get(name)
    try:
        with files.opened_plain(path) as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise RunError(
            f"Expected {name} of {run.run_id}. Received: {error.strerror}. Train the run again, or "
            "delete it."
        ) from None
    if expected not in (None, found):
        raise RunError(
            f"Expected {name} of {run.run_id} as its training left it. Received: a file with other "
            "content, damaged or replaced since. Restore it, train the run again, or delete it."
        )
    return path


def read_predictions(run: Run) -> pd.DataFrame:
    """Return the run's validation predictions: path, label, p_dog, digest.

    Raises:
        RunError: when the file is missing or damaged.
    """
    try:
        return pd.read_parquet(intact(run, layout.PREDICTIONS))
    except (OSError, ValueError) as error:
        raise RunError(
            f"Expected the validation predictions of {run.run_id}. Received: {error}. "
            "Train it again, or delete it."
        ) from None
