"""Counts and sizes of a dataset's images, and the reason for each file that is not used."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from catsdogs.dataset.balance import Balance
from catsdogs.dataset.given_splits import GivenSplit, given_split
from catsdogs.dataset.index import Dataset, Rest
from catsdogs.dataset.listing import ASIDE, BROKEN_LINK
from catsdogs.labels import CAT, DOG
from catsdogs.system import archives, file_kinds
from catsdogs.text import counted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SizeRange:
    """Smallest, median and largest width or height, in pixels."""

    min: int
    median: float
    max: int


@dataclass(frozen=True)
class UnreadableFile:
    """An image file that does not decode. ``reason`` is ``UnreadableImage.code``."""

    path: str
    reason: str
    detail: str


@dataclass(frozen=True)
class UnreadableFolder:
    """A folder that cannot be listed, with the system's reason."""

    path: str
    reason: str


@dataclass(frozen=True)
class Summary:
    """A dataset in numbers.

    ``images`` = ``cats`` + ``dogs`` are the usable ones. ``skipped`` counts all other entries by
    reason, each once, and ``found`` is the sum of both. For other classes, ``cats`` counts the
    negative and ``dogs`` the positive one. ``other_types`` counts the other files by
    suffix. Entries below hidden folders and ``unreadable_folders`` are not counted.
    ``given_split`` is about the usable images.
    """

    images: int
    cats: int
    dogs: int
    unlabelled: int
    excluded: int
    relabelled: int
    unreadable: list[UnreadableFile]
    other_files: int
    other_types: dict[str, int]
    width: SizeRange | None
    height: SizeRange | None
    fingerprint: str
    found: int
    skipped: dict[str, int]
    unreadable_folders: list[UnreadableFolder]
    given_split: GivenSplit | None


def summarise(dataset: Dataset) -> Summary:
    """Return the counts and size ranges of ``dataset``."""
    usable, skipped = dataset.usable, _skipped(dataset)
    return Summary(
        images=len(usable),
        cats=int((usable["label"] == CAT).sum()),
        dogs=int((usable["label"] == DOG).sum()),
        unlabelled=dataset.unlabelled,
        excluded=dataset.excluded,
        relabelled=dataset.relabelled,
        unreadable=_unreadable(dataset),
        other_files=dataset.other_files,
        other_types=dataset.rest.other_types,
        width=_range(usable["width_px"]),
        height=_range(usable["height_px"]),
        fingerprint=dataset.fingerprint(),
        found=len(usable) + sum(skipped.values()),
        skipped={reason: count for reason, count in skipped.items() if count},
        unreadable_folders=[
            UnreadableFolder(path, reason) for path, reason in dataset.rest.closed_folders.items()
        ],
        given_split=given_split(usable),
    )


def document(dataset: Dataset) -> dict[str, Any]:
    """Return the summary as the JSON document of ``catsdogs data scan --json``."""
    summary = summarise(dataset)
    balance = Balance(summary.cats, summary.dogs)
    more = {
        "majority_baseline": balance.baseline if summary.images else None,
        "classes": list(dataset.classes.names),
    }
    return dataset.classes.document(asdict(summary) | more)


def described(rest: Rest) -> str:
    """Return the entries that are not pictures in words: "2 .parquet files, 1 broken link"."""
    return in_words(ignored(rest))


def ignored(rest: Rest) -> Counter[str]:
    """Return the number of entries that are not pictures, by noun: ".parquet file"."""
    named = {**rest.other_types, "other": rest.other_files - sum(rest.other_types.values())}
    files = {f"{suffix} file".strip(): count for suffix, count in named.items() if count}
    groups = {ASIDE[name]: count for name, count in rest.aside.items() if count and name in ASIDE}
    return Counter({**files, **groups})


def in_words(counts: Mapping[str, int]) -> str:
    """Return counts by noun in words."""
    return ", ".join(counted(count, noun) for noun, count in counts.items())


def instead(rest: Rest) -> str:
    """Return what is in a folder without images and what to do, as the end of an error message."""
    found = described(rest)
    if not found:
        return "none. Check the path."
    kinds = map(file_kinds.of_suffix, rest.other_types)
    advice = next((kind.advice for kind in kinds if kind), "Check the path.")
    if any(f"x{suffix}".endswith(archives.SUFFIXES) for suffix in rest.other_types):
        advice = "Type the path of the archive itself."
    if rest.aside.get(BROKEN_LINK):
        advice = "Copy or download the files that the links lead to."
    reasons = [f"{name}: {reason}" for name, reason in rest.closed_folders.items()]
    return " ".join((f"none, but {found}.", *reasons[:1], *([] if reasons else [advice])))


def _unreadable(dataset: Dataset) -> list[UnreadableFile]:
    records = dataset.unreadable[["path", "problem", "problem_detail"]]
    return [UnreadableFile(*texts) for texts in records.itertuples(index=False, name=None)]


def _skipped(dataset: Dataset) -> dict[str, int]:
    """Return the number of entries that are not used, by reason."""
    return {
        "unlabelled": dataset.unlabelled,
        "excluded": dataset.excluded,
        **dataset.unreadable["problem"].value_counts().sort_index().to_dict(),
        "other_files": dataset.other_files,
        **dataset.rest.aside,
    }


def _range(values: "pd.Series") -> SizeRange | None:
    if values.empty:
        return None
    return SizeRange(int(values.min()), float(values.median()), int(values.max()))
