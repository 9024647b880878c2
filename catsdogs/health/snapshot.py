"""A dataset as the app looks at it: its photos, what was decided, what the check found.

The first look at a folder reads it. Every later one shows what is known and, once a minute, has a
thread look whether files have come, gone or changed: no click waits for so many files' dates.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from catsdogs import paths
from catsdogs.dataset import index
from catsdogs.dataset.index import Dataset
from catsdogs.dataset.split import DEFAULT_SEED, DEFAULT_VALIDATION, require_splittable, split
from catsdogs.errors import ConfigError, DatasetError
from catsdogs.health import checkup
from catsdogs.health.flags import flags
from catsdogs.images.parallel import Progress

_LOOK_AGAIN_S = 60
# So many files' dates take a second to read: then what was there last time has to do at first.
_LARGE = 50_000
TRAINING, VALIDATION, NEITHER_SIDE = "training", "validation", ""


@dataclass(frozen=True)
class Snapshot:
    """What is known of a dataset now. ``is_current``: no photo changed since the check."""

    dataset: Dataset
    findings: checkup.Findings | None
    is_current: bool

    @cached_property
    def table(self) -> pd.DataFrame:
        """``checkup.joined``'s row for each readable photo, with its ``side`` of the split.

        The split is that of a run with the default share and seed.
        """
        table = checkup.joined(self.dataset, self.findings)
        return table.assign(side=_sides(table))

    @cached_property
    def flags(self) -> pd.DataFrame:
        """A Boolean column for each kind of finding; rows as in ``table``."""
        return flags(self.table)


class Watch:
    """Keeps an eye on one folder. Safe to share between threads."""

    def __init__(
        self,
        root: Path,
        *,
        progress: Progress | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the dataset in ``root``: as it was last seen, or, the first time, by reading it.

        Raises:
            DatasetError: when ``root`` is no folder.
        """
        self.root, self._clock = root, clock
        index.require_folder(root)
        last = index.last_scan(root)
        if last is None or len(last.records) < _LARGE:
            self._scanned, self._scanned_at = index.scan(root, progress=progress), clock()
        else:
            self._scanned, self._scanned_at = last, -math.inf
        self._content = checkup.content(self._scanned)
        self._lock, self._thread = threading.Lock(), threading.Thread()
        self._stamp: tuple[float, ...] = ()
        self._look: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """Return what is known now; a folder not looked at for a minute is, in the background.

        Raises:
            DatasetError: when the folder has gone.
        """
        index.require_folder(self.root)
        with self._lock:
            if self._clock() - self._scanned_at > _LOOK_AGAIN_S and not self._thread.is_alive():
                self._thread = threading.Thread(target=self.refresh, daemon=True)
                self._thread.start()
            stamp = (id(self._scanned), *self._changed_at())
            if self._look is None or stamp != self._stamp:
                self._look, self._stamp = self._new_look(), stamp
            return self._look

    def refresh(self) -> None:
        """Read what is new in the folder, now. A folder that has gone stays as it was."""
        try:
            scanned = index.scan(self.root)
        except DatasetError:
            return
        finally:
            self._scanned_at = self._clock()
        content = checkup.content(scanned)
        with self._lock:
            self._scanned, self._content = scanned, content

    def _new_look(self) -> Snapshot:
        dataset = index.decided_anew(self._scanned)
        findings = checkup.load(self.root)
        current = findings is not None and findings.summary["content"] == self._content
        return Snapshot(dataset, findings, current)

    def _changed_at(self) -> list[float]:
        """When decisions and findings were last written."""
        decided = paths.review_dir(self.root)
        written = (
            *(decided / "annotations.jsonl", decided / "near_duplicates.json"),
            checkup.summary_file(self.root),
        )
        return [path.stat().st_mtime_ns if path.exists() else 0 for path in written]


def _sides(table: pd.DataFrame) -> np.ndarray:
    sides = np.full(len(table), NEITHER_SIDE, dtype=object)
    usable = np.flatnonzero(~table["excluded"] & table["label"].isin([0, 1]))
    records = table.iloc[usable]
    try:
        require_splittable(records, validation=DEFAULT_VALIDATION)
    except ConfigError:
        return sides
    train, validation = split(records, validation=DEFAULT_VALIDATION, seed=DEFAULT_SEED)
    sides[usable[train]], sides[usable[validation]] = TRAINING, VALIDATION
    return sides
