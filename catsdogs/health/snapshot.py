"""The current state of a dataset for the app: its photos, users' decisions and findings.

The first snapshot reads the folder. Each later one returns what is known, and at most once a minute
a thread checks whether files were added, removed or changed. So no click waits for the dates of all
files.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd

from catsdogs.dataset import (
    annotations,
    corrections,
    duplicates,
    index,
    labelling,
    rescan,
    table_sides,
)
from catsdogs.dataset.given_splits import GivenSplit, given_split
from catsdogs.dataset.index import Dataset
from catsdogs.dataset.split import split
from catsdogs.dataset.tags import names_in
from catsdogs.errors import ConfigError, DatasetError
from catsdogs.health import checkup
from catsdogs.health.findings import Findings, joined, load, summary_file
from catsdogs.health.flags import flags
from catsdogs.images.parallel import Progress
from catsdogs.storage import reading

_REFRESH_AFTER_S = 60
# A listing of an address costs requests, which some providers charge for.
_REFRESH_ADDRESS_AFTER_S = 900
TRAINING, VALIDATION, TEST = SIDES = ("training", "validation", "test")
NO_SIDE = ""
# Findings with a degree, and the column whose lowest values are the worst.
WORST_FIRST = {"suspect": "label_quality", "outlier": "similarity"}


@dataclass(frozen=True)
class Snapshot:
    """The current state of a dataset. ``is_current``: no photo changed since the check."""

    dataset: Dataset
    findings: Findings | None
    is_current: bool

    @cached_property
    def table(self) -> pd.DataFrame:
        """The row of ``findings.joined`` for each readable photo."""
        return joined(self.dataset, self.findings)

    @cached_property
    def sides(self) -> pd.Series:
        """The side of each row of ``table``, in the split of a run with the default settings."""
        return pd.Series(_sides(self.table), index=self.table.index)

    @cached_property
    def mixed(self) -> np.ndarray:
        """The positions in ``table`` in an order that looks random and depends on content alone."""
        # Sorting texts takes ten times as long as sorting numbers.
        order = duplicates.beginnings(self.table["digest"]).argsort(kind="stable")
        return order.astype(np.int32)

    @cached_property
    def queues(self) -> dict[str, np.ndarray]:
        """The positions in ``table`` of the photos with each of ``WORST_FIRST``, worst first."""
        found = {name: np.flatnonzero(self.flags[name]) for name in WORST_FIRST}
        values = {name: self.table[column].to_numpy() for name, column in WORST_FIRST.items()}
        return {n: rows[values[n][rows].argsort(kind="stable")] for n, rows in found.items()}

    @cached_property
    def copied(self) -> np.ndarray:
        """A mask of the rows of ``table`` that show the same picture as another one."""
        digest, group = self.table["digest"], self.table["group"]
        is_near = digest != group
        return (self.flags["exact"] | is_near | digest.isin(group[is_near])).to_numpy()

    @cached_property
    def tags(self) -> list[str]:
        """The names of all tags of its photos, in alphabetical order."""
        return names_in(self.table)

    @cached_property
    def given_split(self) -> GivenSplit | None:
        """The split that the dataset comes with; None without one."""
        return given_split(self.dataset.usable)

    def checked(self, rows: np.ndarray) -> pd.DataFrame:
        """Return the rows of ``table`` of the photos at ``rows`` of the findings, in that order."""
        own = self.table["row"].to_numpy()
        places = np.flatnonzero(np.isin(own, rows))
        place_of = dict(zip(own[places].tolist(), places.tolist(), strict=True))
        return self.table.iloc[[place_of[row] for row in rows.tolist() if row in place_of]]

    @cached_property
    def flags(self) -> pd.DataFrame:
        """A Boolean column for each kind of finding, with the rows of ``table``."""
        return flags(self.table)


class Watch:
    """Keeps the snapshot of one folder up to date. Safe to share between threads."""

    def __init__(
        self,
        root: Path,
        *,
        progress: Progress | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the dataset in ``root``: from its last scan or, the first time, by reading it.

        Raises:
            DatasetError: if ``root`` is not a folder.
        """
        self.root, self._clock = root, clock
        self._is_at_address = reading.is_below(root)
        index.require_folder(root)
        self._read_at = self._changed_at()
        last = index.last_scan(root)
        # The last scan of many files is shown first.
        is_slow = self._is_at_address or (last is not None and _is_large(last))
        if last is not None and is_slow:
            self._scanned, self._scanned_at = last, -math.inf
        else:
            self._scanned, self._scanned_at = _first_scan(root, progress), clock()
        self._content, self._joined_at = _content_of(self._scanned), self._corrected_at()
        self._lock, self._thread = threading.Lock(), threading.Thread()
        self._version: tuple[int, ...] = ()
        self._snapshot: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """Return the current state. A folder is read again in the background after a minute, and an
        address after a quarter of an hour.

        Raises:
            DatasetError: if the folder no longer exists.
        """
        index.require_folder(self.root)
        with self._lock:
            if self._is_due() and not self._thread.is_alive():
                self._thread = threading.Thread(target=self.refresh, daemon=True)
                self._thread.start()
            changed_at = self._changed_at()
            version = (id(self._scanned), *changed_at)
            if self._snapshot is None or version != self._version:
                self._snapshot, self._version = self._new_snapshot(changed_at), version
            return self._snapshot

    def _is_due(self) -> bool:
        after_s = _REFRESH_ADDRESS_AFTER_S if self._is_at_address else _REFRESH_AFTER_S
        return self._clock() - self._scanned_at > after_s

    def refresh(self) -> None:
        """Read what changed in the folder now. If the folder is gone, keep the last state."""
        read_at, is_large = self._changed_at(), _is_large(self._scanned)
        try:
            scanned = rescan.rescanned(self.root) if is_large else index.scan(self.root)
        except DatasetError:
            return
        finally:
            self._scanned_at = self._clock()
        if scanned is None:
            return
        content, joined_at = _content_of(scanned), self._corrected_at()
        with self._lock:
            self._scanned, self._read_at = scanned, read_at
            self._content, self._joined_at = content, joined_at

    def _new_snapshot(self, changed_at: list[int]) -> Snapshot:
        dataset = self._scanned
        if changed_at != self._read_at:
            dataset = index.with_current_decisions(dataset)
        if (joined_at := self._corrected_at()) != self._joined_at:
            self._content, self._joined_at = _content_of(dataset), joined_at
        found = load(self.root)
        found = found.sharing(dataset.pictures) if found else None
        is_current = found is not None and found.summary.content == self._content()
        return Snapshot(dataset, found, is_current)

    def _changed_at(self) -> list[int]:
        """Return when decisions and findings were last written, in nanoseconds; 0 for never."""
        written = (
            annotations.log_file(self.root),
            labelling.file(self.root),
            duplicates.groups_file(self.root),
            table_sides.file(self.root),
            summary_file(self.root),
        )
        return [_written_at(path) for path in written] + self._corrected_at()

    def _corrected_at(self) -> list[int]:
        """Return when corrections joined, and when they changed, as in ``_changed_at``."""
        joined_at = _written_at(corrections.switch(self.root))
        places = corrections.places(labelling.load(self.root).classes) if joined_at else []
        return [joined_at, *map(_written_at, places)]


def _content_of(dataset: Dataset) -> Callable[[], str]:
    """Return a function that computes ``checkup.content`` once, for the findings of a check."""
    return cache(partial(checkup.content, dataset))


def _first_scan(root: Path, progress: Progress | None) -> Dataset:
    if not reading.is_below(root) and rescan.has_many(root) and (found := rescan.rescanned(root)):
        return found
    return index.scan(root, progress=progress)


def _is_large(dataset: Dataset) -> bool:
    return len(dataset.records) >= rescan.MANY


def _written_at(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _sides(table: pd.DataFrame) -> np.ndarray:
    sides = np.full(len(table), NO_SIDE, dtype=object)
    usable = np.flatnonzero(~table["excluded"] & table["label"].isin([0, 1]))
    records = table[["group", "label", "given"]].iloc[usable]
    try:
        found = split(records)
    except ConfigError:
        return sides
    for side, positions in zip(SIDES, (found.train, found.validation, found.test), strict=True):
        sides[usable[positions]] = side
    return sides
