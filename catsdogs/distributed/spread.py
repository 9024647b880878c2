"""Batches of files on the workers of a cluster, whatever becomes of its nodes.

A batch whose worker dies goes to another worker. Ray starts a dead worker again where a core is
free, which can be on another node, later, or never: nothing waits for it.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from catsdogs.distributed import sent_files
from catsdogs.distributed.versions import difference, versions
from catsdogs.distributed.worker import Item, Order, Ready, Worker
from catsdogs.errors import EngineError, Unreachable, UnreadableImage
from catsdogs.images import picture
from catsdogs.images.parallel import FromFile, Read, Work

_BATCH = 16  # files: their vectors fit into one message of Ray
_BATCH_BYTES = 4 << 20
_CALLS_EACH = 2  # the next batch is there when a worker has finished one
_WINDOW = 8  # batches of each worker that may wait for an earlier one
_MOST_DEATHS = 3  # of workers by the same files
_SAMPLES = 3
# A new machine can take minutes to start; a batch takes at most seconds.
_PATIENCE_S = 300


@dataclass(frozen=True)
class _Batch:
    """The files from ``start`` to ``end``, and how many workers died while they computed them."""

    start: int
    end: int
    deaths: int = 0


class Spread:
    """The work on some files. ``ray`` is the connected module; ``workers`` says how many cores."""

    def __init__(self, ray: Any, reads: Sequence[Read], work: Work, *, workers: int) -> None:
        self._ray, self._reads = ray, reads
        self._order = ray.put(Order(work, sent_files.contents(work.needs()), _samples(reads)))
        self._again: deque[_Batch] = deque()
        # A worker that gets a suspect batch has no other: only one can be the cause of its death.
        self._suspects: deque[_Batch] = deque()
        self._begun = 0
        self._done: dict[int, list[Any]] = {}
        self._numbers = count()
        # A worker that starts again gets a new number, and so loses what it was asked before.
        self._started: dict[int, tuple[Any, Ready]] = {}
        self._calls: dict[int, int] = {}
        self._starting: dict[Any, Any] = {}
        self._running: dict[Any, tuple[int, _Batch]] = {}
        most = -(-len(reads) // _BATCH)
        made = ray.remote(num_cpus=1, max_restarts=-1)(Worker)
        self._all = [made.remote() for _ in range(min(workers, most))]
        for worker in self._all:
            self._start(worker)

    def outcomes(self) -> Iterator[Any]:
        """Yield the value of each file in order, or its UnreadableImage.

        Raises:
            EngineError: if no worker can compute.
        """
        position = 0
        try:
            while position < len(self._reads):
                self._hand_out(before=position + _WINDOW * _BATCH * len(self._all))
                if position not in self._done:
                    self._take_in()
                    continue
                values = self._done.pop(position)
                yield from values
                position += len(values)
        finally:
            for worker in self._all:
                self._ray.kill(worker)

    def _start(self, worker: Any) -> None:
        # Retried by Ray until the worker has a place.
        call = worker.start.options(max_task_retries=-1).remote(self._order)
        self._starting[call] = worker

    def _hand_out(self, *, before: int) -> None:
        while self._suspects and (number := self._least_busy(at_most=0)) is not None:
            self._hand(self._suspects.popleft(), number, calls=_CALLS_EACH)
        while (number := self._least_busy(at_most=_CALLS_EACH - 1)) is not None:
            batch = self._next(before)
            if batch is None:
                return
            self._hand(batch, number, calls=1)

    def _least_busy(self, *, at_most: int) -> int | None:
        number = min(self._calls, key=self._calls.__getitem__, default=None)
        return None if number is None or self._calls[number] > at_most else number

    def _hand(self, batch: _Batch, number: int, *, calls: int) -> None:
        worker, ready = self._started[number]
        sent, items = self._items(batch, has_files=ready.has_files)
        self._running[worker.outcomes.remote(items)] = (number, sent)
        self._calls[number] += calls

    def _next(self, before: int) -> _Batch | None:
        if self._again:
            return self._again.popleft()
        start, end = self._begun, min(self._begun + _BATCH, len(self._reads))
        if start >= min(end, before):
            return None
        self._begun = end
        return _Batch(start, end)

    def _items(self, batch: _Batch, *, has_files: bool) -> tuple[_Batch, list[Item]]:
        """Return the files of a batch as a worker gets them; of large contents, only the first."""
        items, size_bytes = list[Item](), 0
        for read in self._reads[batch.start : batch.end]:
            item = _item(read, has_files=has_files)
            items.append(item)
            size_bytes += len(item) if isinstance(item, bytes) else 0
            if size_bytes >= _BATCH_BYTES:
                break
        middle = batch.start + len(items)
        if middle < batch.end:
            rest = _Batch(middle, batch.end, batch.deaths)
            (self._suspects if batch.deaths else self._again).append(rest)
        return _Batch(batch.start, middle, batch.deaths), items

    def _take_in(self) -> None:
        """Wait for workers that have started or finished a batch."""
        calls = [*self._running, *self._starting]
        ready, _ = self._ray.wait(calls, num_returns=1, timeout=_PATIENCE_S)
        if not ready:
            raise EngineError(
                f"Expected a free core in the cluster within {_PATIENCE_S // 60} minutes. "
                "Received: none. See: ray status. Results are kept: repeat the command later."
            )
        ready, _ = self._ray.wait(calls, num_returns=len(calls), timeout=0)
        for call in ready:
            if call in self._starting:
                self._has_started(self._starting.pop(call), call)
            else:
                self._has_finished(*self._running.pop(call), call)

    def _has_started(self, worker: Any, call: Any) -> None:
        ready: Ready = self._ray.get(call)
        if problem := ready.problem or difference(versions(), ready.versions):
            raise EngineError(
                f"Expected workers like this machine. Received: one on {ready.node}, with "
                f"{problem}. Give all machines the same project and the same packages."
            )
        number = next(self._numbers)
        self._started[number] = (worker, ready)
        self._calls[number] = 0

    def _has_finished(self, number: int, batch: _Batch, call: Any) -> None:
        errors = self._ray.exceptions
        try:
            self._done[batch.start] = self._ray.get(call)
            if number in self._calls:  # It may have died since.
                self._calls[number] -= _CALLS_EACH if batch.deaths else 1
        except errors.RayTaskError as error:
            # The work itself failed, as it would on this machine.
            raise error.cause from None
        except errors.RayError:
            self._repeat(batch)
            if found := self._started.pop(number, None):
                del self._calls[number]
                self._start(found[0])

    def _repeat(self, batch: _Batch) -> None:
        """Compute a batch again: the third time each file alone, and then no more."""
        deaths = batch.deaths + 1
        if deaths < _MOST_DEATHS:
            self._suspects.append(_Batch(batch.start, batch.end, deaths))
        elif batch.end - batch.start > 1:
            self._suspects.extend(_Batch(n, n + 1, 1) for n in range(batch.start, batch.end))
        else:
            self._done[batch.start] = [
                UnreadableImage(
                    "damaged", f"{deaths} processes ended while they computed on it. Remove it."
                )
            ]


def _item(read: Read, *, has_files: bool) -> Item:
    if has_files and isinstance(read, FromFile):
        return read.path.absolute()
    try:
        return read()
    except Unreachable:
        raise
    except UnreadableImage as error:
        return error


def _samples(reads: Sequence[Read]) -> tuple[tuple[Any, str], ...]:
    """Return some of the files, from the first to the last, with the digests of their contents."""
    found = [read.path.absolute() for read in reads if isinstance(read, FromFile)]
    samples = []
    for path in found[:: 1 + len(found) // _SAMPLES]:
        try:
            samples.append((path, picture.digest(picture.read_bytes(path))))
        except UnreadableImage:
            continue
    return tuple(samples)
