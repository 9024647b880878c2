"""The answers of a finished run for photos without a label, computed once per photo."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from catsdogs import paths
from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL
from catsdogs.features.store import Rows, rows_of
from catsdogs.images.parallel import Function, Progress
from catsdogs.images.picture import DECODE_VERSION, load_square
from catsdogs.inference.predictor import Predictor
from catsdogs.labels import Classes
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.run import Run


def best_run(classes: Classes) -> Run | None:
    """Return the run on these classes that suggests until answers teach more; None without one."""
    able = [run for run in store.best_usable() if run.classes == classes]
    return max(able, key=lambda run: run.result.val_accuracy, default=None)


def answers(root: Path, records: pd.DataFrame, run: Run, *, progress: Progress | None) -> Rows:
    """Return float32 rows (2,): P(positive class), calibrated, and 1 if the photo is "neither".

    Raises:
        RunError: if a file of the run is missing or damaged.
    """

    @cache  # A round without new photos needs no model.
    def predictor() -> Predictor:
        return Predictor(run)

    def answer(content: bytes) -> tuple[float, float]:
        model = predictor()
        output = model.of_pixels(load_square(content, model.side))
        is_neither = False
        if model.references is not None and output.embedding is not None:
            likeness = model.references.likeness(output.embedding)
            is_neither = likeness.is_neither(DEFAULT_FALSE_REFUSAL)
        return model.calibrated(output.p_dog), float(is_neither)

    written_at = model_files.place(run, layout.LITERT_MODEL).stat().st_mtime_ns
    return rows_of(
        root,
        records,
        store=paths.cache_dir() / "answers" / f"{run.run_id}-{written_at}-{DECODE_VERSION}",
        row=np.dtype((np.float32, (2,))),
        work=Function(answer),
        progress=progress,
    )
