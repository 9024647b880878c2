"""Compare three to six runs on the images that all of them share."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd
from rich.text import Text

from catsdogs.cli import tables
from catsdogs.cli.outcome import Outcome
from catsdogs.cli.tables import Readable
from catsdogs.comparison.several import Several
from catsdogs.reports import several_text
from catsdogs.runs.run import Run
from catsdogs.text import printable


def compare(runs: Sequence[Run]) -> Outcome:
    """Return each run's metrics, and a verdict for each pair.

    Raises:
        ConfigError: for fewer or more runs, or one of them twice.
        RunError: if predictions are missing or damaged, or if the runs share no image.
    """
    several = Several.read(runs)
    names = {run.run_id: printable(run.short_name) for run in runs}
    shown = [
        Text(several_text.headline(several, names)),
        *_listed(several_text.metric_table(several, names)),
        *_listed(several_text.pair_table(several, names)),
    ]
    return Outcome(_document(several), shown)


def _document(several: Several) -> dict[str, Any]:
    accuracies, evaluations = several.accuracies, several.evaluations
    return {
        "classes": list(several.classes.names),
        "images": len(several.images),
        "runs": [
            {
                "run": name,
                "accuracy": asdict(accuracies[name]),
                "log_loss": evaluations[name].log_loss,
                "roc_auc": evaluations[name].roc_auc,
                "ece": evaluations[name].ece,
            }
            for name in several.runs
        ],
        "pairs": [{**asdict(one), "better": one.better} for one in several.verdicts],
    }


def _listed(table: pd.DataFrame) -> Readable:
    return tables.listed(tuple(table.columns), table.values.tolist())
