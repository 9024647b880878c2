"""The tables of evaluate, compare and classify."""

from collections import Counter
from typing import Any

from catsdogs.cli.tables import Readable, cell, facts, new_table, unreadable_files
from catsdogs.evaluation.metrics import SIGNIFICANT
from catsdogs.labels import CLASS_NAMES, NEITHER
from catsdogs.text import counted

# The health check judges labels with MobileNetV2's vectors.
_FLATTERS = "this flatters MobileNetV2 most"
_LABELS = (*CLASS_NAMES, NEITHER)


def evaluated(result: dict[str, Any]) -> Readable:
    """Return the metrics of a run on a dataset, its confusion matrix and its report."""
    shown = {
        "accuracy": ("accuracy", ".2%"),
        "log loss": ("log_loss", ".4f"),
        "Brier score": ("brier", ".4f"),
        "ROC AUC": ("roc_auc", ".4f"),
        "average precision": ("average_precision", ".4f"),
        "calibration error": ("ece", ".4f"),
    }
    metrics = facts(
        {"run": result["run"], "images": f"{result['images']:,}"}
        | {title: _with_interval(result, name, form) for title, (name, form) in shown.items()}
        | {"without suspects": _accuracy_without(result["without_suspects"])}
    )
    columns = ("Precision>", "Recall>", "F1>")
    matrix = new_table("Truly", *(f"Called {name}>" for name in CLASS_NAMES), *columns)
    for name, row in zip(CLASS_NAMES, result["confusion_matrix"], strict=True):
        report = result["report"][name]
        shares = (report[key] for key in ("precision", "recall", "f1-score"))
        matrix.add_row(name, *(f"{n:,}" for n in row), *(f"{share:.2%}" for share in shares))
    return [metrics, matrix, *unreadable_files(result["unreadable"])]


def _accuracy_without(sound: dict[str, Any] | None) -> str | None:
    if sound is None:
        return None
    found = sound["accuracy"]
    return (
        f"accuracy {found['value']:.2%} ({_interval(found, '.2%')}), leaving out the "
        f"{sound['suspects']:,} images whose label a health check doubts; {_FLATTERS}"
    )


def _with_interval(result: dict[str, Any], name: str, form: str) -> str | None:
    if result[name] is None:
        return None
    interval = result["intervals"].get(name)
    range_text = f" ({_interval(interval, form)})" if interval else ""
    return f"{result[name]:{form}}{range_text}"


def _interval(interval: dict[str, float], form: str) -> str:
    return f"95% interval: {interval['low']:{form}} to {interval['high']:{form}}"


def compared(result: dict[str, Any]) -> Readable:
    """Return where each run is right, and whether the difference could be chance."""
    difference, p, equivalence = (
        result[name] for name in ("difference", "mcnemar_p", "equivalence")
    )
    low, high = (f"{difference[end] * 100:+.2f}" for end in ("low", "high"))
    verdict = "could be chance" if p >= SIGNIFICANT else "is hardly chance"
    margin = counted(round(100 * equivalence["margin"], 9), "point")
    shown = "shown" if equivalence["shown"] else "not shown"
    metrics = facts(
        {
            "A": _accuracy(result, "a"),
            "B": _accuracy(result, "b"),
            "images": f"{result['images']:,}, which neither was trained on",
            "left out": _left_out(result),
            "A − B": f"{difference['value'] * 100:+.2f} points (95% interval: {low} to {high})",
            "McNemar's test": f"p = {p:.3g}: the difference {verdict}",
            "equivalence": f"within {margin} {shown} "
            f"(two one-sided tests, p = {equivalence['p']:.3g})",
            "without suspects": _without_suspects(result["without_suspects"]),
            **{f"note on {letter.upper()}": text for letter, text in result["caveats"].items()},
        }
    )
    table = new_table("", "B right>", "B wrong>")
    table.add_row("A right", f"{result['both_right']:,}", f"{result['a_right_b_wrong']:,}")
    table.add_row("A wrong", f"{result['b_right_a_wrong']:,}", f"{result['both_wrong']:,}")
    return [metrics, table]


def _accuracy(result: dict[str, Any], run: str) -> str:
    interval = _interval(result[f"interval_{run}"], ".2%")
    return f"{result[run]}: {result[f'accuracy_{run}']:.2%} right ({interval})"


def _without_suspects(sound: dict[str, Any] | None) -> str | None:
    if sound is None:
        return None
    return (
        f"{sound['accuracy_a']:.2%} and {sound['accuracy_b']:.2%} right on the {sound['images']:,} "
        f"images whose labels a health check does not doubt, p = {sound['mcnemar_p']:.3g}; "
        f"{_FLATTERS}"
    )


def _left_out(result: dict[str, Any]) -> str | None:
    reasons = {
        "only_in_a": "that only A was measured on",
        "only_in_b": "that only B was measured on",
        "relabelled": "labelled differently by now",
    }
    return (
        ", ".join(f"{result[name]:,} {reason}" for name, reason in reasons.items() if result[name])
        or None
    )


def classified(answers: list[dict[str, Any]]) -> Readable:
    """Return a row per answer, and counts; unreadable files are listed with the reason."""
    table = new_table("File", "Says", "P(dog)>", "Time>", "Run", folds=("File",))
    failed, counts = [], dict[str, Counter[str]]()
    for answer in answers:
        if answer["error"]:
            failed.append({"path": answer["file"], "detail": answer["error"]["message"]})
        for result in answer["results"]:
            counts.setdefault(result["run"], Counter())[result["label"]] += 1
            table.add_row(
                cell(answer["file"]),
                result["label"],
                f"{result['calibrated_p_dog']:.2%}",
                f"{result['latency_ms']:.1f} ms",
                cell(result["run"]),
            )
    tables = [table] if table.row_count else []
    if len(answers) > 1 and counts:
        summary = new_table("Run", *(f"{label.capitalize()}>" for label in _LABELS))
        for run, labels in counts.items():
            summary.add_row(cell(run), *(f"{labels[label]:,}" for label in _LABELS))
        tables.append(summary)
    return [*tables, *unreadable_files(failed)]
