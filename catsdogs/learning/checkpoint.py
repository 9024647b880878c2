"""Everything that a fit needs to resume exactly, in one file.

The file has the model's variables: weights, normalisation statistics and the states of its random
generators. It also has those of the optimizer: moments, and the step count, which determines the
learning rate. Then come the position in the epoch and the weights of the best epoch so far. The
data need no state: ``Batches`` derives them.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from catsdogs.errors import RunError
from catsdogs.learning.frameworks import keras
from catsdogs.system import files


@dataclass
class Progress:
    """The position of a fit: ``epoch`` complete epochs, and ``step`` batches of the next one.

    ``seen`` counts the images of that epoch so far; ``loss`` and ``accuracy`` are their means.
    ``best_loss`` is the lowest validation loss, of epoch ``best_epoch`` (from 1). ``seconds`` is
    the time of each phase. ``stage`` names the network being fitted.
    """

    stage: str = "fit"
    epoch: int = 0
    step: int = 0
    seen: int = 0
    loss: float = 0.0
    accuracy: float = 0.0
    best_epoch: int | None = None
    best_loss: float | None = None
    seconds: dict[str, float] = field(default_factory=dict)


def save(path: Path, model: keras.Model, progress: Progress, best: list[np.ndarray] | None) -> None:
    """Write everything to ``path``, atomically. ``best`` comes from ``get_weights``."""
    arrays = {f"variable_{i}": np.asarray(v) for i, v in enumerate(_variables(model))}
    arrays |= {f"best_{i}": array for i, array in enumerate(best or [])}
    arrays["progress"] = np.frombuffer(json.dumps(asdict(progress)).encode(), np.uint8)
    with files.replacing(path) as temporary:
        np.savez(temporary, allow_pickle=False, **arrays)


def stage(path: Path) -> str | None:
    """Return the stage of a checkpoint; None if there is no checkpoint.

    Raises:
        RunError: if the file is damaged.
    """
    if not path.is_file():
        return None
    with _opened(path) as archive:
        return _progress(archive["progress"]).stage


def restore(path: Path, model: keras.Model) -> tuple[Progress, list[np.ndarray] | None]:
    """Restore a compiled model and its optimizer; return the progress and the best weights.

    Raises:
        RunError: if the file is damaged or belongs to another network.
    """
    with _opened(path) as archive:
        content = {name: archive[name] for name in archive.files}
        progress = _progress(content["progress"])
        model.optimizer.build(model.trainable_variables)
        variables = _variables(model)
        arrays = _numbered(content, "variable")
        if [v.shape for v in variables] != [array.shape for array in arrays]:
            raise ValueError("its arrays belong to another network, perhaps an earlier version's")
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)
    return progress, _numbered(content, "best") or None


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a checkpoint; raise a RunError for anything unreadable in it."""
    try:
        # Opened here: NumPy leaves a file open if it cannot read it.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            yield archive
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise RunError(
            f"Expected the checkpoint {path.name} of this run. Received: {error}. Start a new run. "
            "If this run has a model, you can still use it."
        ) from None


def _progress(array: np.ndarray) -> Progress:
    return Progress(**json.loads(array.tobytes()))


def _variables(model: keras.Model) -> list[Any]:
    return [*model.variables, *model.optimizer.variables]


def _numbered(content: dict[str, np.ndarray], name: str) -> list[np.ndarray]:
    count = sum(key.startswith(f"{name}_") for key in content)
    return [content[f"{name}_{i}"] for i in range(count)]
