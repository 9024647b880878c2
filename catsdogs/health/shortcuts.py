"""Shortcuts that a model could learn: the label predicted from sizes and brightness alone."""

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

from catsdogs.health.findings import Shortcut

# The columns of each shortcut, by its name on the page.
SHORTCUTS = {
    "size": ["width_px", "height_px"],
    "aspect ratio": ["aspect_ratio"],
    "file size": ["size_bytes"],
    "brightness": ["brightness"],
    "all together": ["width_px", "height_px", "aspect_ratio", "size_bytes", "brightness"],
}
_FOLDS = 5


def shortcuts(records: pd.DataFrame) -> tuple[Shortcut, ...]:
    """Return, for each shortcut, the accuracy of a classifier that sees nothing else.

    ``records`` has the columns of ``SHORTCUTS``, label and group. The accuracy is balanced (the
    mean of both classes' recall) and five-fold cross-validated, and has a standard error; chance is
    0.5. The trees have depth 3, because a linear model cannot follow the steps in which sizes come.
    """
    labels = records["label"].to_numpy()
    # Computed once, because grouping takes longer than fitting.
    grouped = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=0)
    folds = list(grouped.split(records, labels, records["group"]))
    found = []
    for name, columns in SHORTCUTS.items():
        guessed = cross_val_predict(
            HistGradientBoostingClassifier(max_depth=3, max_iter=50, random_state=0),
            records[columns],
            labels,
            cv=folds,
        )
        found.append(_shortcut(name, labels, guessed))
    return tuple(found)


def _shortcut(name: str, labels: np.ndarray, guessed: np.ndarray) -> Shortcut:
    recalls = [(guessed[labels == label] == label).mean() for label in (0, 1)]
    sizes = [(labels == label).sum() for label in (0, 1)]
    variance = sum(r * (1 - r) / n for r, n in zip(recalls, sizes, strict=True)) / 4
    return Shortcut(name, float(np.mean(recalls)), float(np.sqrt(variance)))
