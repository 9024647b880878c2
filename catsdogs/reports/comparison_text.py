"""Metrics → the sentences and table cells of a page and a report. Plain text."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from catsdogs.evaluation.intervals import Interval
from catsdogs.evaluation.metrics import THRESHOLD, Evaluation
from catsdogs.evaluation.paired import Comparison
from catsdogs.labels import CLASS_NAMES
from catsdogs.runs.run import Run
from catsdogs.text import counted

# The figures of ``intervals.of_metrics``: their titles and formats.
_METRICS = {
    "accuracy": ("Accuracy", ".2%"),
    "cat_recall": ("Cats called cat", ".2%"),
    "dog_recall": ("Dogs called dog", ".2%"),
    "log_loss": ("Log loss", ".4f"),
    "brier": ("Brier score", ".4f"),
    "roc_auc": ("ROC AUC", ".5f"),
}
# With fewer flips, approximate tests are inaccurate, and the bootstrap even more: McNemar's rule of
# thumb for using the exact test.
_FEW_FLIPS = 25
OWN_METRICS = f"Of each run on all of its own validation images, at a threshold of {THRESHOLD:g}"
OWN_ANSWERS = "Each run is shown on its own validation images: they share none."
ABOUT_METRICS = (
    "Accuracy and the shares of cats and dogs that are recognised: higher is better. Log loss and "
    "Brier score: how far P(dog) is from the truth, lower is better; being sure and wrong costs "
    "most. ROC AUC: how often a dog gets a higher P(dog) than a cat, 1 is best."
)
ABOUT_CHARTS = (
    "ROC: dogs that are recognised against cats taken for dogs, at every threshold. Precision: the "
    "share of dogs among what is called dog; recall: the share of dogs that is. AUC and AP: the "
    "areas under these curves, 1 is best. Reliability: of images with a P(dog) of 70 %, 70 % "
    "should be dogs; ECE is the mean distance from that, 0 is best. F1 balances precision and "
    "recall; support is the number of images."
)
ABOUT_SUSPECTS = (
    "Suspect is a label that the health check's classifier does not believe. It looks through "
    "MobileNetV2, so that leaving these images out flatters MobileNetV2 most."
)


def verdict(result: Comparison) -> list[tuple[str, str]]:
    """Return the result of each test: a plain sentence, and the numbers behind it."""
    return [_difference(result), _equivalence(result)]


def without_suspects(result: Comparison, left_out: int) -> str:
    """Return the result of a comparison without ``left_out`` images with suspect labels."""
    gap = result.difference
    return (
        f"Without the {left_out:,} of these images whose labels are suspect: A "
        f"{_right(result, 'a')}, B {_right(result, 'b')}, A − B {points(gap.value)} points "
        f"({points(gap.low)} to {points(gap.high)}), p = {result.mcnemar_p:.2g}."
    )


def left_out(result: Comparison) -> list[str]:
    """Return sentences on which images are excluded, and why."""
    said = []
    for letter, count in (("A", result.only_in_a), ("B", result.only_in_b)):
        if count:
            said.append(
                f"{count:,} validation images of {letter} are not the other run's, which may have "
                "been trained on them: they do not count."
            )
    if result.relabelled:
        said.append(
            f"{result.relabelled:,} images were labelled differently when the two runs began, and "
            "do not count."
        )
    return said


def points(share: float) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    return f"{share * 100:+.2f}".replace("-", "−")


def metric_table(columns: Mapping[str, Mapping[str, Interval]]) -> pd.DataFrame:
    """Return a table with a row a metric and a column a run, each with its 95 % interval."""
    rows = {
        title: [_with_interval(of.get(name), form) for of in columns.values()]
        for name, (title, form) in _METRICS.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(columns))


def answered(photo: Mapping[Hashable, Any]) -> str:
    """Return the label of a shared image, and the answers of both runs."""
    label = CLASS_NAMES[photo["label"]]
    return f"{label} · P(dog): A {photo['p_dog_a']:.0%}, B {photo['p_dog_b']:.0%}"


def report(evaluation: Evaluation) -> pd.DataFrame:
    """Return the classification report: a row a class, and their mean."""
    rows = {name: evaluation.report[name] for name in (*CLASS_NAMES, "macro avg")}
    return pd.DataFrame(rows).T.astype({"support": int})


def facts(run: Run) -> dict[str, str]:
    """Return a run's training data and cost."""
    result, dataset = run.result, run.about.dataset
    return {
        "Model": run.config.title,
        "Dataset": f"{dataset.name} ({dataset.fingerprint})",
        "Training images": f"{result.train_images:,}",
        "Validation images": f"{result.val_images:,}",
        "Parameters": f"{result.parameters:,}",
        "Model file": f"{result.model_bytes / 1e6:.1f} MB{_is_away(run)}",
        "Forward pass": f"{result.latency_ms:.1f} ms an image",
        "Training took": f"{result.total_s:.0f} s",
    }


def caveats(runs: Mapping[str, Run]) -> list[str]:
    """Return the caveats on the runs' metrics: one sentence for each run that has one."""
    return [f"{letter}: {run.caveat}" for letter, run in runs.items() if run.caveat]


def _is_away(run: Run) -> str:
    return "" if run.can_classify else ", not here"


def _difference(result: Comparison) -> tuple[str, str]:
    gap = result.difference
    better = "A" if gap.value > 0 else "B"
    if result.is_significant:
        opening = f"{better} is better, and chance is a poor explanation."
    else:
        opening = "No evidence of a difference: chance may explain it."
    flips = result.a_right_b_wrong + result.b_right_a_wrong
    few = " So few images tell the two apart that the interval is too narrow: go by the test."
    return opening, (
        f"On the {result.images:,} validation images that both share, at a threshold of "
        f"{THRESHOLD:g}, accuracy A − B is "
        f"{points(gap.value)} points (95 % interval {points(gap.low)} to {points(gap.high)}). "
        f"A alone is right on {result.a_right_b_wrong:,}, B alone on {result.b_right_a_wrong:,} "
        f"(exact McNemar test, p = {result.mcnemar_p:.2g}).{few if flips < _FEW_FLIPS else ''}"
    )


def _equivalence(result: Comparison) -> tuple[str, str]:
    found = result.equivalence
    margin = counted(round(100 * found.margin, 9), "point")
    p = f"Two one-sided tests: p = {found.p:.2g}."
    if found.shown:
        return f"They are equivalent within {margin}: a larger difference is ruled out.", p
    return f"They are not shown to be equivalent within {margin}.", p


def _right(result: Comparison, run: str) -> str:
    interval = result.interval_a if run == "a" else result.interval_b
    return f"{interval.value:.2%} ({interval.low:.2%} to {interval.high:.2%})"


def _with_interval(found: Interval | None, form: str) -> str:
    if found is None:
        return "–"
    return f"{found.value:{form}} ({found.low:{form}} to {found.high:{form}})"
