"""One fixed-size array per photo, such as its pixels or vector: computed once, stored on disk.

A row depends only on a photo's content. It is stored by the content's digest, so that later runs,
splits and copies of the dataset find it. Rows are stored in memory-mapped shards of a few
megabytes. Writers only add shards, so several can write at the same time, and an interrupted
computation loses only seconds of work.
"""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from catsdogs.errors import UnreadableImage
from catsdogs.images.parallel import Engine, FromFile, OnThreads, Progress, Work
from catsdogs.system import files

_SHARD_BYTES = 64 << 20
_SHARD_S = 5  # a process that is killed loses the rows since its last shard
# Writing a shard takes seconds: if one is unfinished for this long, its writer was killed.
_ABANDONED_S = 24 * 3600
_BATCH = 64  # photos that are computed together


@dataclass(frozen=True)
class Rows:
    """The arrays of N records. ``missing`` maps the path of a photo without one to its error."""

    shards: list[np.ndarray]
    places: np.ndarray  # (N, 2): shard and row; -1 if missing
    missing: dict[str, UnreadableImage]

    def take(self, positions: np.ndarray) -> np.ndarray:
        """Return copies of the rows of these records, stacked on the first axis; 0 if missing.

        There must be a shard.
        """
        places, like = self.places[positions], self.shards[0]
        taken = np.zeros((len(places), *like.shape[1:]), dtype=like.dtype)
        for shard in np.unique(places[:, 0][places[:, 0] >= 0]):
            of_shard = places[:, 0] == shard
            taken[of_shard] = self.shards[shard][places[of_shard, 1]]
        return taken

    def spread(self, positions: np.ndarray, count: int) -> "Rows":
        """Return the rows of ``count`` records: these rows at ``positions``, none elsewhere."""
        places = np.full((count, 2), -1)
        places[positions] = self.places
        return Rows(self.shards, places, self.missing)

    def followed_by(self, other: "Rows") -> "Rows":
        """Return the rows of N + M records: these, followed by those of ``other``."""
        is_there = other.places[:, :1] >= 0
        return Rows(
            [*self.shards, *other.shards],
            np.concatenate([self.places, other.places + is_there * (len(self.shards), 0)]),
            {**self.missing, **other.missing},
        )


@dataclass(frozen=True)
class Read:
    """The rows of the records at ``positions``, read whenever they are indexed, like an array.

    ``field`` is one of those of a structured row.
    """

    rows: Rows
    positions: np.ndarray
    field: str = ""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.positions)

    def __getitem__(self, items: slice | np.ndarray) -> np.ndarray:
        """Return copies of some rows."""
        taken = self.rows.take(self.positions[items])
        return taken[self.field] if self.field else taken


def rows_of(
    root: Path,
    records: pd.DataFrame,
    *,
    store: Path,
    row: np.dtype[Any],
    work: Work,
    engine: Engine | None = None,
    together: Callable[[np.ndarray], np.ndarray] | None = None,
    progress: Progress | None = None,
) -> Rows:
    """Return the rows of ``records`` from ``store``, after computing the missing ones.

    ``work`` has one value of dtype ``row`` (a dtype with its shape, or a structured one) for a
    file's content. ``engine`` computes it, by default on several threads. With ``together``, that
    function turns the values, stacked on the first axis, into rows. ``progress`` counts all N
    records; cached ones count from the start.
    """
    files.remove_unfinished(store, older_than_s=_ABANDONED_S)
    stored = set(_places(_load(store, row)))
    todo = records[~records["digest"].isin(stored)].drop_duplicates("digest")
    reads = [FromFile(root / name) for name in todo["path"]]
    values = (engine or OnThreads()).outcomes(reads, work) if reads else iter(())
    outcomes = _in_batches(values, together) if together else values
    failed = _keep(todo, outcomes, store, row, _counting(progress, records, todo))
    shards = _load(store, row)
    places = _places(shards)
    nowhere = (-1, -1)
    return Rows(
        [shard["row"] for shard in shards],
        np.array([places.get(digest, nowhere) for digest in records["digest"]]).reshape(-1, 2),
        {
            path: failed[digest]
            for path, digest in zip(records["path"], records["digest"], strict=True)
            if digest in failed
        },
    )


def stored(store: Path, row: np.dtype[Any]) -> Iterator[tuple[list[str], np.ndarray]]:
    """Yield the digests and the rows of each shard in ``store``. A digest may come twice."""
    for shard in _load(store, row):
        yield [digest.decode() for digest in shard["digest"]], shard["row"]


def _counting(
    progress: Progress | None, records: pd.DataFrame, todo: pd.DataFrame
) -> Callable[[int], None]:
    known = len(records) - len(todo)
    return lambda done: progress(known + done, len(records)) if progress else None


def _in_batches(
    outcomes: Iterable[Any], together: Callable[[np.ndarray], np.ndarray]
) -> Iterator[Any]:
    """Yield the row of each outcome in order; errors unchanged."""
    remaining = iter(outcomes)
    while batch := list(islice(remaining, _BATCH)):
        values = [value for value in batch if not isinstance(value, UnreadableImage)]
        rows = iter(together(np.stack(values)) if values else ())
        yield from (v if isinstance(v, UnreadableImage) else next(rows) for v in batch)


def _keep(
    todo: pd.DataFrame,
    outcomes: Iterable[Any],
    store: Path,
    row: np.dtype[Any],
    advance: Callable[[int], None],
) -> dict[str, UnreadableImage]:
    """Store the row of each record; return the errors, by digest."""
    entry = _entry(row)
    shard: list[tuple[str, Any]] = []
    failed: dict[str, UnreadableImage] = {}
    saved_at = time.monotonic()
    try:
        for done, (digest, outcome) in enumerate(zip(todo["digest"], outcomes, strict=True), 1):
            if isinstance(outcome, UnreadableImage):
                failed[digest] = outcome
            else:
                shard.append((digest, outcome))
            is_due = time.monotonic() - saved_at >= _SHARD_S
            if shard and (is_due or len(shard) * entry.itemsize >= _SHARD_BYTES):
                _save(store, shard, entry)
                shard, saved_at = [], time.monotonic()
            advance(done)
    finally:
        if shard:
            _save(store, shard, entry)
    return failed


def _save(store: Path, rows: list[tuple[str, Any]], entry: np.dtype[Any]) -> None:
    shard = np.empty(len(rows), dtype=entry)
    shard["digest"] = [digest for digest, _ in rows]
    shard["row"] = [row for _, row in rows]
    with files.replacing(store / f"{uuid.uuid4().hex}.npy") as temporary:
        np.save(temporary, shard, allow_pickle=False)


def _load(store: Path, row: np.dtype[Any]) -> list[np.ndarray]:
    """Return the shards that can be read. The rows of other shards are computed again."""
    shards = []
    # Names that begin with a dot are unfinished shards of other writers.
    for path in sorted(path for path in store.glob("*.npy") if not path.name.startswith(".")):
        with suppress(OSError, ValueError, EOFError):
            shard = np.load(path, mmap_mode="r", allow_pickle=False)
            if shard.dtype == _entry(row) and shard.ndim == 1:
                shards.append(shard)
    return shards


def _entry(row: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype([("digest", "S32"), ("row", row)])


def _places(shards: list[np.ndarray]) -> dict[str, tuple[int, int]]:
    return {
        digest.decode(): (number, row)
        for number, shard in enumerate(shards)
        for row, digest in enumerate(shard["digest"])
    }
