"""The number of photos of each class, in a line."""

from collections.abc import Sequence

import pandas as pd

from catsdogs.labels import CAT, DOG, Classes
from catsdogs.text import literal


def of(labels: pd.Series, classes: Classes) -> str:
    """Return the counts in ``labels``, as Markdown: "300 cats · 298 dogs"."""
    counts = [int((labels == label).sum()) for label in (CAT, DOG)]
    return " · ".join(_words(counts, classes))


def listed(counts: Sequence[int], classes: Classes) -> str:
    """Return the count of each label, as Markdown: "300 cats, 298 dogs"."""
    return ", ".join(_words(counts, classes))


def _words(counts: Sequence[int], classes: Classes) -> list[str]:
    words = [classes.counted(label, count) for label, count in enumerate(counts)]
    # The comma in "1,200 cats" would be escaped, too.
    return words if classes.are_pets else [literal(one) for one in words]
