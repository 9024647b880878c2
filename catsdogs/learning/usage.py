"""Reports what the worker uses of the machine, between its other events."""

import os
import time
from collections.abc import Callable
from typing import Any

from catsdogs.background.job import Emit, Event
from catsdogs.system import hardware, processes

# Measuring takes at most this share of the time.
_MOST_SHARE = 0.01
# As curves are: a point is worth drawing once the time has visibly grown.
_LEAST_S, _SEEN_SHARE = 1.0, 0.005


def metered(emit: Emit, *, clock: Callable[[], float] = time.monotonic) -> Emit:
    """Return an ``emit`` that also reports this process' use of the machine, before some events.

    It starts no thread, so a worker that reports nothing for a while is measured afterwards.
    """
    meter = _Meter(emit, clock)

    def emit_metered(event: str, **fields: Any) -> Event:
        meter.report_if_due()
        return emit(event, **fields)

    return emit_metered


class _Meter:
    def __init__(self, emit: Emit, clock: Callable[[], float]) -> None:
        self._emit, self._clock = emit, clock
        self._process = processes.identity_of(os.getpid())
        self._has_gpu = bool(hardware.gpus()) and not hardware.hides_gpus()
        self._began = self._last = clock()
        self._due, self._used_s = self._began + _LEAST_S, self._processor_s()

    def _processor_s(self) -> float:
        used = processes.usage(self._process)
        return used[0] if used else 0.0

    def report_if_due(self) -> None:
        now = self._clock()
        if now < self._due or (used := processes.usage(self._process)) is None:
            return
        cores = (used[0] - self._used_s) / (now - self._last)
        fields: dict[str, float] = {"cores": round(cores, 2), "memory_bytes": used[1]}
        if self._has_gpu and (gpu := hardware.gpu_use()):
            fields |= {"gpu": round(gpu[0], 2), "gpu_memory_bytes": gpu[1]}
        self._emit("usage", **fields)
        self._last, self._used_s = now, used[0]
        took = self._clock() - now
        self._due = now + max(_LEAST_S, _SEEN_SHARE * (now - self._began), took / _MOST_SHARE)
