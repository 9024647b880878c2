"""The measurements of each picture in a dataset, looked up by its digest."""

from pathlib import Path

import numpy as np
import pandas as pd

from catsdogs.dataset import index
from catsdogs.health import findings, named_slices
from catsdogs.labels import DOG

COLUMNS = ["width_px", "height_px", "brightness", "sharpness", "p_dog"]


def photo_facts(root: Path | None) -> pd.DataFrame:
    """Return size, light, sharpness and the check's out-of-fold P(dog) of each picture, by digest.

    The named slices of the dataset follow, 1 for each picture in one (``named_slices.columns``).
    Reads only saved results. NaN means "not measured"; without a scan, the table is empty.
    """
    dataset = index.last_scan(root) if root else None
    if root is None or dataset is None:
        return pd.DataFrame(columns=COLUMNS, dtype=np.float64)
    found = findings.load(root)
    table = findings.joined(dataset, found)
    # Copies share their measurements: the check skips those without a label.
    facts = table.groupby("digest")[COLUMNS].first().astype(np.float64)
    return facts.join(named_slices.columns(root, dataset, found))


def of_answers(answers: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Return a row of ``facts`` for each of ``answers`` (``digest``), NaN where unknown."""
    return facts.reindex(answers["digest"]).reset_index(drop=True)


def suspects(answers: pd.DataFrame, facts: pd.DataFrame) -> np.ndarray | None:
    """Return a mask of suspect labels in ``answers`` (``digest``, ``label``); None if unchecked.

    A label is suspect if the check's classifier, trained on the other folds, predicts the other
    class. This uses the label in ``answers``, which may have been corrected since.
    """
    p_dog = of_answers(answers, facts)["p_dog"].to_numpy()
    if np.isnan(p_dog).all():
        return None
    return np.where(answers["label"] == DOG, p_dog, 1 - p_dog) < 0.5
