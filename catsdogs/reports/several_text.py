"""Three to six runs in words and as tables, for a page and a terminal."""

from collections.abc import Mapping

import pandas as pd

from catsdogs.comparison.several import Several, Verdict
from catsdogs.inference.latency import Latency
from catsdogs.reports.comparison_text import p_value
from catsdogs.text import counted, percent

Names = Mapping[str, str]  # The runs' names by id.
ABOUT_PAIRS = (
    "McNemar's exact test on the photos that only the first or only the second of two runs gets "
    "right. Each p is corrected "
    "for the number of pairs (Holm, 1979): with many pairs, one differs by chance alone."
)


def headline(several: Several, names: Names) -> str:
    """Return which run leads, and over which runs chance may explain its lead."""
    right = {name: found.value for name, found in several.accuracies.items()}
    best = max(right, key=lambda name: right[name])
    # A run with fewer photos right is never the better one of a pair.
    equal = [
        names[one.b if one.a == best else one.a]
        for one in several.verdicts
        if best in (one.a, one.b) and one.better is None
    ]
    photos = counted(len(several.images), "photo")
    first = f"{names[best]} has the most of {photos} right: {percent(right[best])}."
    if not equal:
        return f"{first} It is better than every other run here, and that is unlikely to be chance."
    return f"{first} Chance may explain its lead over {_listed(equal)}."


def metric_table(
    several: Several, names: Names, latencies: Mapping[str, Latency] | None = None
) -> pd.DataFrame:
    """Return a row for each run, the most accurate first, measured on the shared images."""
    accuracies, evaluations = several.accuracies, several.evaluations
    rows = []
    for name in sorted(accuracies, key=lambda name: -accuracies[name].value):
        accuracy, found = accuracies[name], evaluations[name]
        row: dict[str, object] = {
            "Run": names[name],
            "Accuracy": f"{accuracy.value:.2%}",
            "95 % interval": f"{accuracy.low:.2%} to {accuracy.high:.2%}",
            "Log loss": f"{found.log_loss:.4f}",
            "ROC AUC": "" if found.roc_auc is None else f"{found.roc_auc:.4f}",
            "Calibration error": f"{found.ece:.4f}",
        }
        if latencies is not None:
            row["Forward pass"] = str(latencies.get(name, "no model here"))
        rows.append(row)
    return pd.DataFrame(rows)


def pair_table(several: Several, names: Names) -> pd.DataFrame:
    """Return a row for each pair of runs, the clearest difference first.

    "First only" counts the images that only the first run of the pair gets right.
    """
    verdicts = sorted(several.verdicts, key=lambda one: (one.p, one.mcnemar_p))
    return pd.DataFrame([_pair(one, names) for one in verdicts])


def _pair(one: Verdict, names: Names) -> dict[str, str]:
    return {
        "Pair": f"{names[one.a]} and {names[one.b]}",
        "Better": names[one.better] if one.better else "could be chance",
        "First only": f"{one.only_a_right:,}",
        "Second only": f"{one.only_b_right:,}",
        "Corrected p": p_value(one.p),
    }


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
