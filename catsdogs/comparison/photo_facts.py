"""What scan and check know of each picture of a dataset, for those who have only its digest."""

from pathlib import Path

import numpy as np
import pandas as pd

from catsdogs.dataset import index
from catsdogs.health import findings
from catsdogs.labels import DOG

COLUMNS = ["width_px", "height_px", "brightness", "sharpness", "p_dog"]


def photo_facts(root: Path | None) -> pd.DataFrame:
    """Return size, light, sharpness and the check's out-of-fold P(dog) of each picture, by digest.

    Only what is kept is read. NaN is what was not measured; without a scan there is no row.
    """
    dataset = index.last_scan(root) if root else None
    if root is None or dataset is None:
        return pd.DataFrame(columns=COLUMNS, dtype=np.float64)
    table = findings.joined(dataset, findings.load(root))
    # Of copies, what is known of any: the check passes over those without a label.
    return table.groupby("digest")[COLUMNS].first().astype(np.float64)


def of_answers(answers: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Return a row of ``facts`` for each of ``answers`` (``digest``), NaN where none is known."""
    return facts.reindex(answers["digest"]).reset_index(drop=True)


def suspects(answers: pd.DataFrame, facts: pd.DataFrame) -> np.ndarray | None:
    """Tell which of ``answers`` (``digest``, ``label``) have a suspect label; None without a check.

    Suspect is a label that the check's classifier, trained on all other photos, does not believe:
    the label that the answer was measured by, whatever it has become since.
    """
    p_dog = of_answers(answers, facts)["p_dog"].to_numpy()
    if np.isnan(p_dog).all():
        return None
    return np.where(answers["label"] == DOG, p_dog, 1 - p_dog) < 0.5
