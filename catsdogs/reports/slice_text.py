"""The slices of a comparison in words and as a table."""

from collections.abc import Mapping

import pandas as pd

from catsdogs.evaluation.weakest import LEAST, Weakness
from catsdogs.reports.comparison_text import p_value
from catsdogs.text import percent

Found = Mapping[str, list[Weakness]]  # By the runs' names, each with its clearest weakness first.

TITLE = "Kinds of photos, the clearest weakness first"
ABOUT = (
    "p is the chance of so many more mistakes than on the other photos, if all kinds were equally "
    "difficult (Fisher's exact test). It is corrected for the number of kinds (Holm, 1979): one of "
    f"many is the worst by chance alone. Kinds of fewer than {LEAST} photos are left out."
)


def sentence(name: str, found: list[Weakness]) -> str:
    """Return where a run is clearly weaker, or that no slice stands out."""
    if not found:
        return f"There are too few photos of different kinds to say where {name} is weaker."
    worst = found[0]
    if not worst.is_significant:
        return f"No kind of photos stands out for {name}, among {worst.looked_at} kinds."
    more = sum(one.is_significant for one in found) - 1
    others = f" {more} more below." if more else ""
    return (
        f"{name} makes more mistakes on **{worst.title}**: {percent(worst.accuracy.value)} of "
        f"{worst.images:,} photos are right, and {percent(worst.others)} of the others "
        f"({p_value(worst.p)}).{others}"
    )


def ranked(found: Found) -> list[tuple[str, str]]:
    """Return the slices of all runs as kind and name, the clearest weakness of any run first."""
    everything = sorted((one for of_run in found.values() for one in of_run), key=lambda one: one.p)
    return list(dict.fromkeys((one.kind, one.name) for one in everything))


def table(found: Found) -> pd.DataFrame:
    """Return a row for each slice in the order of ``ranked``, with every run's accuracy and p."""
    by_run = {name: {(one.kind, one.name): one for one in of} for name, of in found.items()}
    rows = []
    for slice_ in ranked(found):
        of_slice = {name: of[slice_] for name, of in by_run.items() if slice_ in of}
        first = next(iter(of_slice.values()))
        row = {"Kind of photos": first.title, "Photos": f"{first.images:,}"}
        for name, one in of_slice.items():
            right = f"{percent(one.accuracy.value)}, others {percent(one.others)}"
            row |= {name: right, f"p of {name}": p_value(one.p)}
        rows.append(row)
    return pd.DataFrame(rows)
