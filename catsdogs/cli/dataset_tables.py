"""Tables of the commands on datasets."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from catsdogs.cli.tables import (
    Readable,
    facts,
    listed,
    percent,
    plain,
    readable,
    unreadable_files,
    with_reasons,
)
from catsdogs.dataset.balance import Balance
from catsdogs.dataset.listing import ASIDE
from catsdogs.health.flags import FLAGS
from catsdogs.labels import CAT, DOG, Classes
from catsdogs.text import counted, printable


def scanned(result: dict[str, Any], classes: Classes) -> Readable:
    """Return the counts and sizes of a dataset."""
    negatives, positives = result[classes.key("cats")], result[classes.key("dogs")]
    names = ("unlabelled", "excluded", "relabelled", "other_files")
    others = {name.replace("_", " "): f"{result[name]:,}" for name in names if result[name]}
    aside = [counted(n, ASIDE[group]) for group, n in result["skipped"].items() if group in ASIDE]
    counts = facts(
        {
            "images": f"{result['images']:,}: {printable(classes.counted(CAT, negatives))}, "
            f"{printable(classes.counted(DOG, positives))}",
            "balance": _balance(Balance(negatives, positives, classes)),
            **others,
            "tables": _tables(result["tables"]),
            "ignored": ", ".join(aside) or None,
            **_split(result["given_split"], classes),
            "width": _range(result["width"]),
            "height": _range(result["height"]),
            "unreadable": f"{len(result['unreadable']):,}",
            "time": readable(result["seconds"]),
        }
    )
    closed = [(folder["path"], folder["reason"]) for folder in result["unreadable_folders"]]
    folders = with_reasons("Unreadable folder", closed)
    return [counts, *folders, *unreadable_files(result["unreadable"])]


def alike(result: dict[str, Any]) -> Readable:
    """Return the images most similar to a picture."""
    rows = [(one["path"], f"{one['similarity']:.3f}") for one in result["alike"]]
    return listed(("Image", "Similarity"), rows, shorten=("Image",))


def advice(text: str) -> Readable:
    """Return a sentence below the tables; nothing for an empty one."""
    return [Text(f"\nUnlabelled images. {text}")] if text else []


def _split(given: Mapping[str, Any] | None, classes: Classes) -> dict[str, str]:
    """Return the facts about the split that a dataset comes with, and about its leaks."""
    if given is None:
        return {}
    positives = given[classes.key("dogs")]
    balances = {
        side: Balance.of(n, positives[side], classes) for side, n in given["counts"].items()
    }
    by_side = [f"{side}: {found.words}" for side, found in balances.items() if found]
    facts_of_it = {"own split": given["described"], "by side": plain("; ".join(by_side))}
    if given["leaks"]:
        facts_of_it["leakage"] = (
            f"{counted(len(given['leaks']), 'picture')} on several sides, such as "
            f"{' and '.join(given['leaks'][0][:2])}; training leaves out "
            f"{counted(given['left_out'], 'photo')}"
        )
    return facts_of_it


def _balance(found: Balance) -> str | None:
    """Return the classes of a dataset, with what follows for accuracy where they differ much."""
    if not found.images:
        return None
    means = f"; {found.baseline_words}" if found.is_uneven else ""
    return plain(f"{found.words}{means}")


def checked(result: dict[str, Any]) -> Readable:
    """Return the findings of a check, the worst first; JSON has all of them."""
    exact, near = result["exact_duplicates"], result["near_duplicates"]
    suspects, outliers = result["suspect_labels"], result["outliers"]
    text: Readable = [
        facts(
            {
                "images": f"{result['images']:,}",
                "unreadable": f"{len(result['unreadable']):,}",
                "exact duplicates": _groups(exact),
                "near duplicates": _groups(near),
                "leakage": _leaks(result["leaks"]),
                "suspect labels": f"{len(suspects):,}",
                "outliers": f"{len(outliers):,}",
                **{_flag(name): f"{len(found):,}" for name, found in result["odd"].items()},
                "not checked": result["not_checked"] or None,
                "sampled": result.get("sampled"),
                "time": readable(result["seconds"]),
            }
        ),
        *unreadable_files(result["unreadable"]),
    ]
    if suspects:
        doubts = [(s["path"], s["label"], percent(s["p_label"]), s["hint"]) for s in suspects]
        titles = ("Suspect label", "Label", "Probability>", "Hint")
        text += listed(titles, doubts, shorten=titles[:1], wrap=titles[-1:])
    if result["shortcuts"]:
        rows = [
            (s["shortcut"], f"{percent(s['accuracy'], 1)} ± {percent(s['standard_error'], 1)}")
            for s in result["shortcuts"]
        ]
        text += listed(("Shortcut", "Balanced accuracy with nothing else>"), rows)
    return text


def _tables(found: list[dict[str, Any]]) -> str | None:
    """Return the tables near the images with their columns, and how to use them."""
    if not found:
        return None
    names = [f"{one['path']} ({', '.join(filter(None, one['columns']))})" for one in found]
    useful = any(one["says_labels"] for one in found)
    how = "; to take labels: data annotations PATH --import TABLE" if useful else ""
    return f"{', '.join(names)}{how}"


def _flag(name: str) -> str:
    """Return a flag's title as facts are named: without a capital, unless it is an acronym."""
    title = FLAGS[name].title
    return title if title[:2].isupper() else f"{title[0].lower()}{title[1:]}"


def _range(sizes: Mapping[str, float] | None) -> str | None:
    if sizes is None:
        return None
    return f"{sizes['min']:,} to {sizes['max']:,} px, median {sizes['median']:,.0f} px"


def _leaks(leaks: Sequence[Sequence[str]]) -> str | None:
    if not leaks:
        return None
    return f"{counted(len(leaks), 'picture')} on several sides of the dataset's own split"


def _groups(groups: Sequence[Sequence[str]]) -> str:
    return f"{sum(map(len, groups)):,} files, in groups: {len(groups):,}" if groups else "0"
