"""Slices of a dataset that have names: filters that you keep, and clusters of similar photos."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd

from catsdogs import paths, people
from catsdogs.dataset import decision_file, index
from catsdogs.errors import ConfigError, DatasetError
from catsdogs.health import findings, gallery_query
from catsdogs.health.flags import FLAGS
from catsdogs.health.gallery_query import Query
from catsdogs.health.snapshot import Snapshot
from catsdogs.labels import Classes
from catsdogs.system import files
from catsdogs.text import printable

LONGEST_NAME = 60
# As the columns of ``columns`` begin; evaluation/slices.py reads them.
OWN, CLUSTER = "slice: ", "cluster: "


@dataclass(frozen=True)
class OwnSlice:
    """A filter of the Dataset page under a name."""

    name: str
    query: Query


def file(root: Path) -> Path:
    """Return the file with the slices that were kept for the dataset in ``root``."""
    return paths.review_dir(root) / "slices.json"


def read(root: Path) -> list[OwnSlice]:
    """Return the kept slices, in the order in which they were kept.

    Raises:
        DatasetError: if their file cannot be read.
    """
    found = decision_file.read(
        file(root),
        list[OwnSlice],
        what="your slices",
        again="keep them again",
        without="only the measured kinds of photos remain",
    )
    return found or []


def keep(root: Path, name: str, query: Query) -> None:
    """Keep a filter under a name; one that exists gets the new filter.

    Raises:
        ConfigError: if the name is empty or too long.
        NotAllowed: when the acting person may only look.
        DatasetError, OSError: if the file cannot be read or written.
    """
    people.require_editor("keep slices")
    name = printable(" ".join(name.split()))
    if not 0 < len(name) <= LONGEST_NAME:
        raise ConfigError(
            f"Expected a name of 1 to {LONGEST_NAME} characters. Received: {len(name)}."
        )
    others = [one for one in read(root) if one.name != name]
    _write(root, [*others, OwnSlice(name, query)])


def forget(root: Path, name: str) -> None:
    """Remove a slice; its photos stay as they are.

    Raises:
        NotAllowed: when the acting person may only look.
        DatasetError, OSError: if the file cannot be read or written.
    """
    people.require_editor("remove slices")
    _write(root, [one for one in read(root) if one.name != name])


def columns(root: Path, dataset: index.Dataset, found: findings.Findings | None) -> pd.DataFrame:
    """Return a column for each slice by digest: 1 for its photos, 0 for the others of the dataset.

    A slice with a filter that this version does not know is left out. If the kept slices cannot be
    read, all of them are: ``read`` says why.
    """
    table = findings.joined(dataset, found)
    members = {
        f"{CLUSTER}{name}": table["cluster"] == number for number, name in _clusters(table).items()
    }
    snapshot = Snapshot(dataset, found, is_current=True)
    kept = list[OwnSlice]()
    with suppress(DatasetError):
        kept = read(root)
    for one in kept:
        if _is_known(one.query, dataset.classes):
            rows = gallery_query.find(snapshot, one.query).rows
            is_inside = np.isin(np.arange(len(table)), rows)
            members[f"{OWN}{one.name}"] = pd.Series(is_inside, table.index)
    return pd.DataFrame(members, index=table.index).astype(float).groupby(table["digest"]).max()


def _is_known(query: Query, classes: Classes) -> bool:
    return (
        query.label in ("", *classes.names)
        and query.flag in ("", *FLAGS)
        and query.area_of in ("", *gallery_query.AXES)
        and query.sort in gallery_query.SORTS
        and query.ranges.keys() <= set(gallery_query.RANGES)
    )


def typical(root: Path) -> dict[str, tuple[str, str]]:
    """Return path and digest of the most typical photo of each cluster, by the cluster's name."""
    dataset = index.last_scan(root)
    if dataset is None:
        return {}
    table = findings.joined(dataset, findings.load(root))
    return {name: _most_typical(table, number) for number, name in _clusters(table).items()}


def _clusters(table: pd.DataFrame) -> dict[int, str]:
    """Return the name of each cluster, by its number: "1, like cat.12.jpg"."""
    numbers = sorted({int(number) for number in table["cluster"].unique() if number >= 0})
    paths = {number: _most_typical(table, number)[0] for number in numbers}
    return {
        number: f"{number + 1}, like {printable(path.rpartition('/')[2])}"
        for number, path in paths.items()
    }


def _most_typical(table: pd.DataFrame, number: int) -> tuple[str, str]:
    of_cluster = table[table["cluster"] == number]
    best = of_cluster["typicality"].argmax()
    return of_cluster["path"].iloc[best], of_cluster["digest"].iloc[best]


def _write(root: Path, slices: list[OwnSlice]) -> None:
    file(root).parent.mkdir(parents=True, exist_ok=True)
    files.write_json(file(root), msgspec.to_builtins(slices))
