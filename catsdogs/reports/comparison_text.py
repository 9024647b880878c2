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

# The metrics of ``intervals.of_metrics``: their titles and formats.
_METRICS = {
    "accuracy": ("Accuracy", ".2%"),
    "cat_recall": ("Cats recognised", ".2%"),
    "dog_recall": ("Dogs recognised", ".2%"),
    "log_loss": ("Log loss", ".4f"),
    "brier": ("Brier score", ".4f"),
    "roc_auc": ("ROC AUC", ".5f"),
}
# With fewer flips, approximate tests are inaccurate, and the bootstrap even more: McNemar's rule of
# thumb for using the exact test.
_FEW_FLIPS = 25
OWN_METRICS = f"Each run on all of its own validation images, at a threshold of {THRESHOLD:g}"
OWN_ANSWERS = "The runs share no validation images, so each is shown on its own."
ABOUT_METRICS = (
    "Accuracy, and the shares of cats and dogs that are recognised: higher is better. Log loss and "
    "Brier score: the distance of P(dog) from the truth. Lower is better, and confident mistakes "
    "cost most. ROC AUC: how often a dog gets a higher P(dog) than a cat. 1 is best."
)
ABOUT_CHARTS = (
    "ROC: the share of dogs that are recognised, against the share of cats classified as dogs, at "
    "every threshold. Precision: the share of correct answers among the answers “dog”. Recall: the "
    "share of dogs that are recognised. AUC and AP: the areas under these curves. 1 is best. "
    "Reliability: 70 % of the images with a P(dog) of 70 % should be dogs. ECE is the mean "
    "deviation from this. 0 is best. F1 balances precision and recall. Support is the number of "
    "images."
)
ABOUT_SUSPECTS = (
    "A label is suspect if the health check's classifier predicts the other class. That classifier "
    "uses MobileNetV2, so leaving these images out favours MobileNetV2 most."
)


def verdict(result: Comparison) -> list[tuple[str, str]]:
    """Return the result of each test: a plain sentence, and the numbers behind it."""
    return [_difference(result), _equivalence(result)]


def without_suspects(result: Comparison, left_out: int) -> str:
    """Return the result of a comparison without ``left_out`` images with suspect labels."""
    gap = result.difference
    return (
        f"Without the {counted(left_out, 'image')} with suspect labels: A "
        f"{_right(result, 'a')}, B {_right(result, 'b')}, A − B {points(gap.value)} points "
        f"({points(gap.low)} to {points(gap.high)}), p = {result.mcnemar_p:.2g}."
    )


def left_out(result: Comparison) -> list[str]:
    """Return sentences on which images are excluded, and why."""
    said = []
    for letter, count in (("A", result.only_in_a), ("B", result.only_in_b)):
        if count:
            said.append(
                f"{counted(count, 'validation image')} of {letter} excluded: the other run may "
                "have been trained on them."
            )
    if result.relabelled:
        said.append(
            f"{counted(result.relabelled, 'image')} excluded: the two runs used different labels."
        )
    return said


def points(share: float) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    return f"{share * 100:+.2f}".replace("-", "−")


def metric_table(columns: Mapping[str, Mapping[str, Interval]]) -> pd.DataFrame:
    """Return a table with one row per metric and one column per run, with 95 % intervals."""
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
    """Return the classification report: one row per class, and their mean."""
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
        "Forward pass": f"{result.latency_ms:.1f} ms per image",
        "Training time": f"{result.total_s:.0f} s",
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
        opening = f"{better} is better, and the difference is very unlikely to be chance."
    else:
        opening = "No evidence of a difference: it may well be chance."
    flips = result.a_right_b_wrong + result.b_right_a_wrong
    few = " The runs differ on few images, so the interval is too narrow: rely on the test."
    return opening, (
        f"On the {result.images:,} validation images that both share, at a threshold of "
        f"{THRESHOLD:g}, accuracy A − B is "
        f"{points(gap.value)} points (95 % interval {points(gap.low)} to {points(gap.high)}). "
        f"Only A is right on {result.a_right_b_wrong:,}, only B on {result.b_right_a_wrong:,} "
        f"(exact McNemar test, p = {result.mcnemar_p:.2g}).{few if flips < _FEW_FLIPS else ''}"
    )


def _equivalence(result: Comparison) -> tuple[str, str]:
    found = result.equivalence
    margin = counted(round(100 * found.margin, 9), "point")
    p = f"Two one-sided tests: p = {found.p:.2g}."
    if found.shown:
        return f"They are equivalent within {margin}: the test rules out a larger difference.", p
    return f"The test does not show that they are equivalent within {margin}.", p


def _right(result: Comparison, run: str) -> str:
    interval = result.interval_a if run == "a" else result.interval_b
    return f"{interval.value:.2%} ({interval.low:.2%} to {interval.high:.2%})"


def _with_interval(found: Interval | None, form: str) -> str:
    if found is None:
        return "–"
    return f"{found.value:{form}} ({found.low:{form}} to {found.high:{form}})"
