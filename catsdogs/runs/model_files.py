"""The files of a run that other code computes with, each checked against its SHA-256 first."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from catsdogs.errors import RunError
from catsdogs.runs import layout
from catsdogs.runs.run import Run
from catsdogs.system import files

if TYPE_CHECKING:
    import pandas as pd

_COMPUTED_WITH = (
    *(layout.KERAS_MODEL, layout.LITERT_MODEL, layout.PREDICTIONS, layout.REFERENCES),
    *(layout.TRAINING, layout.TEST),
)
MODEL_FILES = (*_COMPUTED_WITH, layout.EVALUATION, layout.MODEL_CARD)
_PREDICTIONS, _TEST_SET = "validation predictions", "test set"


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each of those files, by name."""
    found = (folder / name for name in _COMPUTED_WITH)
    return {path.name: files.sha256(path) for path in found if path.is_file()}


def place(run: Run, name: str) -> Path:
    """Return the path of the file that belongs to the run's result; see ``previous_model``."""
    kept = run.folder / layout.EARLIER
    # Once a run has ended, its files are in place; a folder set aside is older.
    return (kept if run.ending is None and kept.is_dir() else run.folder) / name


def intact(run: Run, name: str) -> Path:
    """Return the path of one of a run's files if it is still as the run left it.

    Without the check, a flipped bit in a model would mostly go unnoticed. Runs from older versions
    have no checksums.

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


def read_predictions(run: Run) -> "pd.DataFrame":
    """Return the run's validation predictions: path, label, p_dog, digest.

    Raises:
        RunError: when the file is missing or damaged.
    """
    return _table(run, layout.PREDICTIONS, _PREDICTIONS)


def training_digests(run: Run) -> frozenset[str] | None:
    """Return the digests of the run's training photos; None where the run did not keep them.

    Raises:
        RunError: when the file is missing or damaged.
    """
    kept = layout.TRAINING in run.result.sha256
    return _digests(run, layout.TRAINING, "training digests") if kept else None


def validation_digests(run: Run) -> frozenset[str]:
    """Return the digests of the run's validation photos.

    Raises:
        RunError: when the file is missing or damaged.
    """
    return _digests(run, layout.PREDICTIONS, _PREDICTIONS)


def test_digests(run: Run) -> frozenset[str]:
    """Return the digests of the run's locked test set; none without one.

    Raises:
        RunError: when the file is missing or damaged.
    """
    kept = layout.TEST in run.result.sha256
    return _digests(run, layout.TEST, _TEST_SET) if kept else frozenset()


def read_test_set(run: Run) -> "pd.DataFrame":
    """Return the photos of the run's locked test set: path, label, digest; none without one.

    Raises:
        RunError: when the file is missing or damaged.
    """
    import pandas as pd

    if layout.TEST not in run.result.sha256:
        return pd.DataFrame({"path": [], "label": [], "digest": []}).astype({"label": "int8"})
    return _table(run, layout.TEST, _TEST_SET, ["path", "label", "digest"])


def _table(run: Run, name: str, meaning: str, columns: list[str] | None = None) -> "pd.DataFrame":
    import pandas as pd

    try:
        return pd.read_parquet(intact(run, name), columns=columns)
    except (OSError, ValueError) as error:
        raise _unreadable(run, meaning, error) from None


def _digests(run: Run, name: str, meaning: str) -> frozenset[str]:
    # Without pandas, which takes 45 MB of a process that only answers.
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(intact(run, name)) as file:
            column = file.read(["digest"], use_threads=False)["digest"]
    except (OSError, ValueError, KeyError) as error:
        raise _unreadable(run, meaning, error) from None
    return frozenset(column.to_pylist())


def _unreadable(run: Run, meaning: str, error: Exception) -> RunError:
    return RunError(
        f"Expected the {meaning} of {run.run_id}. Received: {error}. Train it again, or delete it."
    )
