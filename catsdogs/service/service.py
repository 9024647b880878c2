"""Shared by all requests: the loaded runs, the limits, the counters."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from weakref import WeakValueDictionary

from catsdogs.inference.panel import Panel, judge
from catsdogs.inference.predictor import Predictor
from catsdogs.runs import layout, store
from catsdogs.runs.model_files import place
from catsdogs.runs.run import Run
from catsdogs.service.admission import Limit
from catsdogs.service.guard import Access
from catsdogs.service.metrics import Metrics

# Each model of a panel takes 20 to 45 MB.
_MOST_PANELS = 3
# Listing a thousand runs takes longer than an answer.
_FRESH_S = 1.0
MOST_REQUESTS, MOST_STREAMS = 32, 16
MOST_BYTES_OF_ALL = 2 << 30

K = TypeVar("K")
V = TypeVar("V")
_Key = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class _Chosen:
    """The panel for some names, as the files of the runs were at a time."""

    at: float
    panel: Panel


class Models:
    """Panels of runs, each loaded once. Any thread may use them."""

    def __init__(
        self, default: Sequence[str] = (), *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Answer with the runs ``default`` if a request names none."""
        self._default, self._clock = tuple(default), clock
        self._lock = threading.Lock()
        self._chosen: dict[tuple[str, ...], _Chosen] = {}
        self._panels: dict[_Key, Panel] = {}
        # A predictor stays as long as a panel that uses it.
        self._predictors: WeakValueDictionary[tuple[str, int], Predictor] = WeakValueDictionary()

    @property
    def loaded(self) -> int:
        """How many models are in memory."""
        return len(self._predictors)

    def panel(self, names: Sequence[str] = ()) -> Panel:
        """Return the panel of the named runs, or of those that answer by default.

        Raises:
            RunError, OSError: if a run does not exist, or its files are missing or damaged.
        """
        asked = tuple(names) or self._default
        with self._lock:
            chosen = self._chosen.get(asked)
            if chosen is None or self._clock() - chosen.at > _FRESH_S:
                chosen = _Chosen(self._clock(), self._loaded(store.named_or_best(asked)))
                _keep(self._chosen, asked, chosen, most=_MOST_PANELS)
            return chosen.panel

    def _loaded(self, runs: list[Run]) -> Panel:
        usable = [run for run in store.list_runs()[0] if run.can_classify]
        judges = (judge(run, usable) for run in runs)
        key = tuple(_version(run) for run in (*runs, *judges) if run)
        found = self._panels.get(key) or Panel(runs, usable, self._predictor)
        _keep(self._panels, key, found, most=_MOST_PANELS)
        return found

    def _predictor(self, run: Run) -> Predictor:
        key = _version(run)
        found = self._predictors.get(key) or Predictor(run)
        self._predictors[key] = found
        return found


@dataclass(frozen=True)
class Service:
    """Everything that the routes use. Paths outside ``API`` begin with ``prefix``."""

    access: Access
    models: Models
    prefix: str = ""
    metrics: Metrics = field(default_factory=Metrics)
    requests: Limit = field(default_factory=lambda: Limit(MOST_REQUESTS, "requests"))
    streams: Limit = field(default_factory=lambda: Limit(MOST_STREAMS, "streams of events"))
    bytes: Limit = field(default_factory=lambda: Limit(MOST_BYTES_OF_ALL, "bytes of all requests"))


def _version(run: Run) -> tuple[str, int]:
    return run.run_id, place(run, layout.LITERT_MODEL).stat().st_mtime_ns


def _keep(kept: dict[K, V], key: K, value: V, *, most: int) -> None:
    """Put a value last, and forget the one that was used longest ago if there are too many."""
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > most:
        del kept[next(iter(kept))]
