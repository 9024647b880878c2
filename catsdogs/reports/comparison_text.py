"""Metrics → the sentences and table cells of a page and a report. Plain text, with runs' names."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from catsdogs import text
from catsdogs.comparison.differences import differences
from catsdogs.comparison.own_answers import OwnMetrics
from catsdogs.dataset.balance import Balance
from catsdogs.evaluation.intervals import Interval
from catsdogs.evaluation.metrics import THRESHOLD, Evaluation
from catsdogs.evaluation.paired import Comparison
from catsdogs.inference.latency import FEWEST, MOST, Latency
from catsdogs.labels import CAT, DOG, PETS, Classes
from catsdogs.runs import looks
from catsdogs.runs.looks import LockedMetrics, Measured
from catsdogs.runs.run import Run
from catsdogs.text import capital, counted, percent, printable

Names = Mapping[str, str]  # The names of runs A and B, by letter.

ACCURACY = "Accuracy"
# A table has it where the classes of a run differ by more than 60:40.
_BALANCED = "balanced_accuracy"
# The metrics of ``intervals.of_metrics``: their titles, which may name a class, and formats.
_METRICS = {
    "accuracy": (ACCURACY, ".2%"),
    _BALANCED: ("Balanced accuracy", ".2%"),
    "cat_recall": ("{} recognised", ".2%"),
    "dog_recall": ("{} recognised", ".2%"),
    "log_loss": ("Log loss", ".4f"),
    "brier": ("Brier score", ".4f"),
    "roc_auc": ("ROC AUC", ".5f"),
}
# With fewer flips, approximate tests are inaccurate, and the bootstrap even more: McNemar's rule of
# thumb for using the exact test.
_FEW_FLIPS = 25
_VERY_UNLIKELY = 0.001  # a p-value
_LEAST_P = 0.0001
OWN_METRICS = f"Each run on all of its own validation photos, at a threshold of {THRESHOLD:g}"
OWN_ANSWERS = "The runs share no validation photos, so each is shown on its own."
ABOUT_LATENCY = (
    "The forward pass was measured now, alternately for all models, on one processor core: the "
    f"median of {FEWEST} to {MOST} passes, and the quartiles."
)
ABOUT_SUSPECTS = (
    "A label is suspect if the health check's classifier predicts the other class. That classifier "
    "uses MobileNetV2, so leaving these photos out favours MobileNetV2 most."
)


@dataclass(frozen=True)
class _Side:
    """One of two runs: its name, its accuracy, and how many photos only it gets right."""

    name: str
    accuracy: Interval
    alone: int


def headline(result: Comparison, names: Names) -> tuple[str, str]:
    """Return the result in one sentence, as its opening words and the rest."""
    first, second = _better_first(result, names)
    more = first.alone - second.alone
    if more == 0:
        right = f"{result.both_right + first.alone:,} of {counted(result.images, 'photo')}"
        return "No difference:", f"each of the two gets {right} right."
    gap = f"{more:,} more of {counted(result.images, 'photo')} right"
    if result.is_significant:
        unlikely = "very unlikely" if result.mcnemar_p < _VERY_UNLIKELY else "unlikely"
        return f"{first.name} is better:", f"it gets {gap}, and that is {unlikely} to be chance."
    return "No clear winner:", f"{first.name} gets {gap}, and that could be chance."


def better(result: Comparison) -> str:
    """Return the letter of the run that gets more photos right; "A" when they are equal."""
    return "B" if result.b_right_a_wrong > result.a_right_b_wrong else "A"


def verdict(result: Comparison, names: Names) -> list[tuple[str, str]]:
    """Return the result of each test: a plain sentence, and the numbers behind it."""
    found = [(" ".join(headline(result, names)), evidence(result, names))]
    return [*found, equivalence(result)] if is_near_margin(result) else found


def evidence(result: Comparison, names: Names) -> str:
    """Return the accuracies, their difference, and McNemar's test."""
    first, second = _better_first(result, names)
    few = " The runs differ on few photos, so the interval is too narrow: rely on the test."
    flips = first.alone + second.alone
    return (
        f"{first.name} gets {_shares(first.accuracy)} of the "
        f"{counted(result.images, 'shared validation photo')} right, and {second.name} "
        f"{_shares(second.accuracy)}. "
        f"{_gap(result)}. Only {first.name} is right on {first.alone:,}, only {second.name} on "
        f"{second.alone:,} (exact McNemar test, {p_value(result.mcnemar_p)})."
        f"{few if flips < _FEW_FLIPS else ''}"
    )


def is_near_margin(result: Comparison) -> bool:
    """Whether the accuracies may differ by less than the margin, so that equivalence matters."""
    margin, gap = result.equivalence.margin, result.difference
    return gap.low < margin and gap.high > -margin


def equivalence(result: Comparison) -> tuple[str, str]:
    """Return whether the runs are equivalent within the margin, and the test behind it."""
    found = result.equivalence
    margin = counted(round(100 * found.margin, 9), "point")
    p = f"Two one-sided tests: {p_value(found.p)}."
    if found.shown:
        return f"They are equivalent within {margin}: the test rules out a larger difference.", p
    return f"The test does not show that they are equivalent within {margin}.", p


def without_suspects(result: Comparison, left_out: int, names: Names) -> str:
    """Return the result of a comparison without ``left_out`` photos with suspect labels."""
    first, second = _better_first(result, names)
    return (
        f"Without the {counted(left_out, 'photo')} with suspect labels: {first.name} "
        f"{_shares(first.accuracy)}, {second.name} {_shares(second.accuracy)}. {_gap(result)}, "
        f"{p_value(result.mcnemar_p)}."
    )


def left_out(result: Comparison, names: Names) -> list[str]:
    """Return sentences on which photos are excluded, and why."""
    said = []
    for name, count in ((names["A"], result.only_in_a), (names["B"], result.only_in_b)):
        if count:
            said.append(
                f"{counted(count, 'validation photo')} of {name} excluded: the other run may have "
                "been trained on them."
            )
    if result.relabelled:
        said.append(
            f"{counted(result.relabelled, 'photo')} excluded: the two runs used different labels."
        )
    return said


def points(share: float) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    return f"{share * 100:+.2f}".replace("-", "−")


def p_value(p: float) -> str:
    """Return "p = 0.012", or "p < 0.0001"."""
    return f"p = {p:.2g}" if p >= _LEAST_P else f"p < {_LEAST_P:.4f}"


def metric_table(metrics: Mapping[str, OwnMetrics], *, classes: Classes = PETS) -> pd.DataFrame:
    """Return a table with one row per metric and one column per run, with 95 % intervals.

    ``metrics`` are by the runs' names. After a health check, each run has a second column.
    """
    columns = {}
    for name, found in metrics.items():
        columns[name] = found.whole
        if found.sound is not None:
            suspects = counted(found.suspects, "suspect label")
            columns[f"{name} without {suspects}"] = found.sound
    names = {"cat_recall": classes.plural(CAT), "dog_recall": classes.plural(DOG)}
    rows = {
        title.format(capital(names.get(metric, ""))): [
            _with_interval(of.get(metric), form) for of in columns.values()
        ]
        for metric, (title, form) in _METRICS.items()
        if metric != _BALANCED or any(found.balance.is_uneven for found in metrics.values())
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(columns))


def locked_metrics(found: LockedMetrics) -> pd.DataFrame:
    """Return a run's figures on its test set, with 95 % intervals: a row each."""
    shown = {
        "Accuracy": _measured(found.accuracy, ".2%"),
        "Balanced accuracy": _measured(found.balanced_accuracy, ".2%"),
        "Log loss": _measured(found.log_loss, ".4f"),
    }
    if found.neither is not None:
        shown["Called neither"] = f"{found.neither:,} of {counted(found.images, 'photo')}"
    return pd.DataFrame({"Test set": shown})


def _measured(found: Measured | None, form: str) -> str:
    return _with_interval(Interval(found.value, found.low, found.high) if found else None, form)


def baselines(balances: Mapping[str, Balance]) -> list[str]:
    """Return the majority baseline of each run whose validation classes are uneven.

    ``balances`` are by the runs' names. Runs with the same photos share a sentence.
    """
    uneven = {name: balance for name, balance in balances.items() if balance.is_uneven}
    if len(uneven) > 1 and len(set(uneven.values())) == 1:
        uneven = {"both runs": next(iter(uneven.values()))}
    return [
        f"Validation photos of {name}: {balance.words}; {balance.baseline_words}."
        for name, balance in uneven.items()
    ]


def answer(p_dog: float, *, threshold: float = THRESHOLD, classes: Classes = PETS) -> str:
    """Return a run's answer with the probability of that class: "cat 97.1 %"."""
    label = classes.of(p_dog, threshold)
    return text.answer(label, classes.probability(label, p_dog))


def answered(photo: Mapping[Hashable, Any], names: Names, *, classes: Classes = PETS) -> str:
    """Return the label of a shared photo, and the answers of both runs."""
    said = ", ".join(
        f"{name} says {answer(photo[f'p_dog_{letter.lower()}'], classes=classes)}"
        for letter, name in names.items()
    )
    return f"Labelled {classes.name(photo['label'])}: {said}"


def own_answer(label: int, p_dog: float, *, classes: Classes) -> str:
    """Return the label of a photo, and the answer of a run: "cat, but it says dog 97.1 %"."""
    truth, said = classes.name(label), answer(p_dog, classes=classes)
    return f"{truth}, {'and' if classes.of(p_dog) == truth else 'but'} it says {said}"


def report(evaluation: Evaluation, *, classes: Classes = PETS) -> pd.DataFrame:
    """Return the classification report: one row per class, and their mean."""
    rows = {name: evaluation.report[name] for name in (*classes.names, "macro avg")}
    return pd.DataFrame(rows).T.astype({"support": int})


def matrix(evaluation: Evaluation, *, classes: Classes = PETS) -> pd.DataFrame:
    """Return the confusion matrix as a table: a row per label, a column per answer."""
    return pd.DataFrame(
        evaluation.confusion_matrix,
        index=[f"label {label}" for label in classes.names],
        columns=[f"predicted {label}" for label in classes.names],
    )


def facts(run: Run, latency: Latency | None = None) -> dict[str, str]:
    """Return a run's training data and cost, with its ``latency`` if it was measured again."""
    result, dataset = run.result, run.about.dataset
    return {
        "Model": run.config.title,
        "Dataset": f"{dataset.name} ({dataset.fingerprint})",
        "Training photos": f"{result.train_images:,}",
        "Validation photos": f"{result.val_images:,}",
        "Test set": _test_set(run),
        "Parameters": f"{result.parameters:,}",
        "Model file": f"{result.model_bytes / 1e6:.1f} MB{_is_away(run)}",
        "Forward pass": str(latency) if latency else f"{result.latency_ms:.1f} ms, after training",
        "Training time": text.duration(result.total_s),
    }


DIFFERS = "Differences"


def difference_table(a: Run, b: Run, names: Names) -> pd.DataFrame:
    """Return a row for each setting, kind of photo, package or part that the runs do not share."""
    rows = [(one.kind, one.title, one.a, one.b) for one in differences(a, b)]
    return pd.DataFrame(rows, columns=["", DIFFERS, names["A"], names["B"]]).map(printable)


def _test_set(run: Run) -> str:
    if not run.result.test_images:
        return "none"
    return f"{counted(run.result.test_images, 'photo')}, {looks.said(looks.read(run))}"


def caveats(runs: Mapping[str, Run]) -> list[str]:
    """Return the caveats on the metrics of ``runs``, by name: a sentence for each run with one."""
    return [f"{name}: {run.caveat}" for name, run in runs.items() if run.caveat]


def _better_first(result: Comparison, names: Names) -> tuple[_Side, _Side]:
    a = _Side(names["A"], result.interval_a, result.a_right_b_wrong)
    b = _Side(names["B"], result.interval_b, result.b_right_a_wrong)
    return (b, a) if better(result) == "B" else (a, b)


def _gap(result: Comparison) -> str:
    """Return the difference in points with its interval, positive for the better run."""
    gap = result.difference
    value, low, high = gap.value, gap.low, gap.high
    if better(result) == "B":
        value, low, high = -value, -high, -low
    return f"The gap is {points(value)} points (95 % interval {points(low)} to {points(high)})"


def _is_away(run: Run) -> str:
    return "" if run.can_classify else ", not here"


def _shares(found: Interval) -> str:
    return f"{percent(found.value)} ({percent(found.low)} to {percent(found.high)})"


def _with_interval(found: Interval | None, form: str) -> str:
    if found is None:
        return "–"
    return f"{found.value:{form}} ({found.low:{form}} to {found.high:{form}})"
