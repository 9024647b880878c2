"""The tables of evaluate, compare and classify."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from string import ascii_uppercase
from typing import Any

from rich.text import Text

from catsdogs.cli.fitting import Grid, shortened
from catsdogs.cli.tables import Readable, facts, listed, percent, plain, unreadable_files
from catsdogs.comparison.differences import Difference
from catsdogs.evaluation import slices
from catsdogs.evaluation.metrics import SIGNIFICANT
from catsdogs.exports.agreement import Agreement
from catsdogs.labels import NEITHER, Classes
from catsdogs.runs.seen_before import TRAINING
from catsdogs.text import capital, counted

# The health check judges labels with MobileNetV2's vectors.
_FLATTERS = "this favours MobileNetV2"
_LEAST_P = 0.0001
# Four answers leave a picture's name 28 of 80 columns.
_RUNS_A_TABLE = 4
# The longest names of runs beside their metrics, and in the titles of a table of 80 columns.
_LONGEST_NAME, _LONGEST_TITLE = 32, 18
Form = Callable[[float], str]
_BOTH = " (both?)"  # It may show both classes.


def evaluated(result: dict[str, Any]) -> Readable:
    """Return the metrics of a run on a dataset, its confusion matrix and its report."""
    shown: dict[str, tuple[str, Form]] = {
        "accuracy": ("accuracy", percent),
        "balanced accuracy": ("balanced_accuracy", percent),
        "majority baseline": ("majority_baseline", percent),
        "log loss": ("log_loss", _decimals),
        "Brier score": ("brier", _decimals),
        "ROC AUC": ("roc_auc", _decimals),
        "average precision": ("average_precision", _decimals),
        "calibration error": ("ece", _decimals),
    }
    metrics = facts(
        {"run": result["run"], "images": f"{result['images']:,}"}
        | {title: _with_interval(result, name, form) for title, (name, form) in shown.items()}
        | {"without suspects": _accuracy_without(result.get("without_suspects"))}
        | {"weaker on": _weaker_on(result.get("weakest", []))}
        | _seen(result)
        | _looks(result)
    )
    return [metrics, _matrix(result), *unreadable_files(result["unreadable"])]


def _seen(result: dict[str, Any]) -> dict[str, str | None]:
    """Return how many images of a dataset the run has seen, and its accuracy on the others."""
    if (seen := result.get("seen")) is None:
        return {}
    if seen["training"] is None:
        return {"seen before": "unknown: the run kept no list of its training images"}
    sides = [f"{seen['training']:,} of {result['images']:,} images in its training"]
    sides += [f"{seen[side]:,} in its {side} set" for side in ("validation", "test") if seen[side]]
    return {"seen before": ", ".join(sides), "without those": _without_seen(result["without_seen"])}


def _without_seen(found: dict[str, Any] | None) -> str | None:
    if found is None:
        return None
    accuracy = found["accuracy"]
    return (
        f"accuracy {percent(accuracy['value'])} ({_interval(accuracy, percent)}) on the "
        f"{found['images']:,} images that it was not trained on"
    )


def _looks(result: dict[str, Any]) -> dict[str, str | None]:
    """Return how often somebody looked at the run's test set, where this was a look."""
    if "looked_at" in result:
        neither, days = result["neither"], ", ".join(at[:10] for at in result["looked_at"])
        refused = None if neither is None else f"{neither:,} of {result['images']:,} images"
        return {"called neither": refused, "looks": f"{result['looks']:,} ({days})"}
    if (result.get("seen") or {}).get("test"):
        return {"looks": f"{result['looks']:,} at its test set, this one included"}
    return {}


def _matrix(result: dict[str, Any]) -> Grid:
    predicted = (f"Predicted {name}>" for name in result["classes"])
    rows = [
        (
            name,
            *(f"{count:,}" for count in counts),
            *(percent(result["report"][name][key]) for key in ("precision", "recall", "f1-score")),
        )
        for name, counts in zip(result["classes"], result["confusion_matrix"], strict=True)
    ]
    return Grid(("Actual", *predicted, "Precision>", "Recall>", "F1>"), rows)


def exported(measured: Agreement | None, classes: Classes) -> dict[str, str]:
    """Return the facts of a model in another format; none where nothing was measured."""
    if measured is None:
        return {}
    return {
        "accuracy": f"{percent(measured.val_accuracy)} of {measured.images:,} validation images",
        "same label": f"{percent(measured.same_label)} of them, compared with the exact model",
        "changed": plain(
            f"{measured.to_cat:,} to {classes.negative}, {measured.to_dog:,} to {classes.positive}"
        ),
        "largest difference": plain(f"{measured.largest_difference:.2g} in P({classes.positive})"),
    }


def _accuracy_without(sound: dict[str, Any] | None) -> str | None:
    if sound is None:
        return None
    found = sound["accuracy"]
    return (
        f"accuracy {percent(found['value'])} ({_interval(found, percent)}) without the "
        f"{sound['suspects']:,} images whose label the health check doubts; {_FLATTERS}"
    )


def _with_interval(result: dict[str, Any], name: str, form: Form) -> str | None:
    interval = result["intervals"].get(name)
    value = result.get(name, interval["value"] if interval else None)
    if value is None:
        return None
    return form(value) + (f" ({_interval(interval, form)})" if interval else "")


def _interval(interval: dict[str, float], form: Form) -> str:
    return f"95 % interval: {form(interval['low'])} to {form(interval['high'])}"


def _decimals(value: float) -> str:
    return f"{value:.4f}"


def compared(
    result: dict[str, Any],
    *,
    headline: str,
    names: Mapping[str, str],
    differing: Iterable[Difference],
) -> Readable:
    """Return which run is better, where each is right, and whether that could be chance.

    ``headline`` says the first in a sentence. ``names`` are those of runs A and B, by letter.
    """
    a, b = (shortened(name, _LONGEST_NAME) for name in names.values())
    difference, equivalence = result["difference"], result["equivalence"]
    low, high = (f"{difference[end] * 100:+.2f}" for end in ("low", "high"))
    margin = counted(round(100 * equivalence["margin"], 9), "point")
    shown = "shown" if equivalence["shown"] else "not shown"
    metrics = facts(
        {
            a: _accuracy(result, "a"),
            b: _accuracy(result, "b"),
            "images": f"{result['images']:,}; neither run was trained on them",
            "balanced accuracy": _balanced(result),
            "left out": _left_out(result, names),
            "difference": f"{difference['value'] * 100:+.2f} points for {names['A']} "
            f"(95 % interval: {low} to {high})",
            "McNemar's test": _p_value(result["mcnemar_p"]),
            "equivalence": f"within {margin}: {shown} "
            f"(two one-sided tests, {_p_value(equivalence['p'])})",
            "without suspects": _without_suspects(result["without_suspects"]),
            "weaker on": _weaker_on_of_both(result, names),
            "they differ in": ", ".join(one.title for one in differing)
            or "nothing that is recorded",
        }
    )
    caveats = [
        Text(f"{names[letter.upper()]}: {caveat}") for letter, caveat in result["caveats"].items()
    ]
    return [Text(headline), metrics, *caveats, _both(result, names)]


def _weaker_on(weakest: list[dict[str, Any]]) -> str | None:
    """Return the kind of photos on which a run is clearly weaker, if there is one."""
    if not weakest or weakest[0]["p"] >= SIGNIFICANT:
        return None
    worst = weakest[0]
    return (
        f"{slices.title(worst['kind'], worst['name'])} ({percent(worst['accuracy']['value'])} of "
        f"{worst['images']:,} images right, others {percent(worst['others'])}, "
        f"{_p_value(worst['p'])}, corrected)"
    )


def _weaker_on_of_both(result: dict[str, Any], names: Mapping[str, str]) -> str | None:
    by_name = {names[letter.upper()]: _weaker_on(of) for letter, of in result["weakest"].items()}
    return "; ".join(f"{name}: {weak}" for name, weak in by_name.items() if weak) or None


def _balanced(result: dict[str, Any]) -> str | None:
    """Return both runs' mean recall of both classes, beside that of always naming one class."""
    found = result["balanced_accuracy_a"], result["balanced_accuracy_b"]
    if None in found:
        return None
    shares = " and ".join(percent(share) for share in found)
    return f"{shares}; the majority baseline has {percent(result['majority_baseline'])} right"


def _both(result: dict[str, Any], names: Mapping[str, str]) -> Grid:
    """Return how many images both, one or none of the runs gets right."""
    a, b = (shortened(name, _LONGEST_TITLE) for name in names.values())
    rows = [
        (f"{a} right", f"{result['both_right']:,}", f"{result['a_right_b_wrong']:,}"),
        (f"{a} wrong", f"{result['b_right_a_wrong']:,}", f"{result['both_wrong']:,}"),
    ]
    return Grid(("", f"{b} right>", f"{b} wrong>"), rows)


def _p_value(p: float) -> str:
    return f"p = {p:.2g}" if p >= _LEAST_P else f"p < {_LEAST_P}"


def _accuracy(result: dict[str, Any], run: str) -> str:
    interval = _interval(result[f"interval_{run}"], percent)
    return f"{result[run]}: {percent(result[f'accuracy_{run}'])} right ({interval})"


def _without_suspects(sound: dict[str, Any] | None) -> str | None:
    if sound is None:
        return None
    return (
        f"{percent(sound['accuracy_a'])} and {percent(sound['accuracy_b'])} right on the "
        f"{sound['images']:,} images whose label the health check does not doubt, "
        f"{_p_value(sound['mcnemar_p'])}; {_FLATTERS}"
    )


def _left_out(result: dict[str, Any], names: Mapping[str, str]) -> str | None:
    reasons = {
        "only_in_a": f"only {names['A']} was measured on",
        "only_in_b": f"only {names['B']} was measured on",
        "relabelled": "have another label now",
    }
    return (
        ", ".join(f"{result[name]:,} {reason}" for name, reason in reasons.items() if result[name])
        or None
    )


def classified(answers: list[dict[str, Any]]) -> Readable:
    """Return a row per picture, the counts of each run, what decoding changed, and failures."""
    runs = list(dict.fromkeys(r["run"] for answer in answers for r in answer["results"]))
    letters = dict(zip(runs, _letters(len(runs)), strict=True))
    failed = [
        {"path": answer["file"], "detail": answer["error"]["message"]}
        for answer in answers
        if answer["error"]
    ]
    several = [runs[first : first + _RUNS_A_TABLE] for first in range(0, len(runs), _RUNS_A_TABLE)]
    return [
        *(_said(answers, {run: letters[run] for run in some}) for some in several),
        *([_counts(answers, letters)] if runs else []),
        *_changed(answers),
        *unreadable_files(failed),
    ]


def _changed(answers: list[dict[str, Any]]) -> Readable:
    """Return what decoding changed in each picture: orientation, colours, brightness and others."""
    rows = [(one["file"], ", ".join(one["changes"])) for one in answers if one["changes"]]
    titles = ("Decoded differently", "How")
    return listed(titles, rows, shorten=titles[:1], wrap=titles[1:]) if rows else []


def _letters(count: int) -> list[str]:
    """Return A to Z, then A1 to Z1 and so on."""
    return [f"{ascii_uppercase[n % 26]}{n // 26 or ''}" for n in range(count)]


def _said(answers: list[dict[str, Any]], letters: dict[str, str]) -> Grid:
    """Return each picture with the answers of some runs."""
    rows = []
    for answer in answers:
        said = {result["run"]: _answer(result) for result in answer["results"]}
        if said:
            rows.append([answer["file"], *(said.get(run, "–") for run in letters)])
    titles = ["Answer>"] if len(letters) == 1 else [f"Run {one}>" for one in letters.values()]
    return Grid(("Picture", *titles), rows, shorten=("Picture",))


def _answer(result: dict[str, Any]) -> str:
    """Return an answer with the probability of its class; "neither" has none.

    A mark follows if the picture may show both classes.
    """
    label = result["label"]
    if label == NEITHER:
        return label
    sure = percent(result["probabilities"][label], 1)
    return f"{label} {sure}{_BOTH if result['both'] else ''}"


def _labels(answers: list[dict[str, Any]]) -> list[str]:
    """Return the labels that an answer can have: both classes, and "neither"."""
    first = next(one for answer in answers for one in answer["results"])
    return [*first["probabilities"], NEITHER]


def _counts(answers: list[dict[str, Any]], letters: dict[str, str]) -> Grid:
    """Return how often each run gave each answer, how many pictures it was trained on, its time.

    The pictures it was trained on are left out if there are none, or nothing is known about them.
    """
    rows, was_trained_on_any, known = [], False, _labels(answers)
    for run, letter in letters.items():
        found = [one for answer in answers for one in answer["results"] if one["run"] == run]
        labels = Counter(one["label"] for one in found)
        mean_ms = sum(one["latency_ms"] for one in found) / len(found)
        counts = (f"{labels[label]:,}" for label in known)
        trained_on = sum(one["seen"] == TRAINING for one in found)
        was_trained_on_any |= trained_on > 0
        rows.append([letter, run, *counts, f"{mean_ms:.0f} ms", f"{trained_on:,}"])
    said = (f"{capital(label)}>" for label in known)
    titles = ["", "Run", *said, "Time per picture>", "Trained on>"]
    if not was_trained_on_any:
        titles, rows = titles[:-1], [row[:-1] for row in rows]
    return Grid(titles, rows, drop=("Time per picture",), shorten=("Run",))
