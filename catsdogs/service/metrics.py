"""Counters and durations, in the text format of Prometheus.

See https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# A client can invent methods, and each label takes memory.
_METHODS, _OTHER = ("GET", "HEAD", "POST"), "other"
_NO_ROUTE = "none"


class Metrics:
    """The counts since the service started. Only the thread of the event loop changes them."""

    def __init__(self) -> None:
        self._requests = Counter[tuple[str, str, int]]()
        self._refusals, self._pictures = Counter[str](), Counter[str]()
        self._buckets: dict[str, list[int]] = defaultdict(lambda: [0] * (len(_BOUNDS_S) + 1))
        self._seconds: dict[str, float] = defaultdict(float)

    def count_request(self, route: str, method: str, status: int, *, seconds: float) -> None:
        """Count a request that was answered with ``status`` after ``seconds``."""
        self._requests[route, method, status] += 1
        self._buckets[route][bisect_left(_BOUNDS_S, seconds)] += 1
        self._seconds[route] += seconds

    def count_refusal(self, reason: str) -> None:
        """Count a request that was refused."""
        self._refusals[reason] += 1

    def count_picture(self, outcome: str) -> None:
        """Count a picture: "answered", or the code of the reason that it could not be read."""
        self._pictures[outcome] += 1

    def text(self, gauges: dict[str, tuple[str, int]]) -> str:
        """Return everything as text; ``gauges`` are further values by name, with their help."""
        return "".join(f"{line}\n" for line in self._lines(gauges))

    def _lines(self, gauges: dict[str, tuple[str, int]]) -> Iterator[str]:
        yield from _head("catsdogs_requests_total", "counter", "Requests by route and status.")
        for (route, method, status), count in sorted(self._requests.items()):
            labels = f'route="{route}",method="{method}",status="{status}"'
            yield f"catsdogs_requests_total{{{labels}}} {count}"
        yield from self._histogram()
        yield from _head("catsdogs_refusals_total", "counter", "Refused requests by reason.")
        for reason, count in sorted(self._refusals.items()):
            yield f'catsdogs_refusals_total{{reason="{reason}"}} {count}'
        yield from _head("catsdogs_pictures_total", "counter", "Pictures by outcome.")
        for outcome, count in sorted(self._pictures.items()):
            yield f'catsdogs_pictures_total{{outcome="{outcome}"}} {count}'
        for name, (help_text, value) in gauges.items():
            yield from _head(name, "gauge", help_text)
            yield f"{name} {value}"

    def _histogram(self) -> Iterator[str]:
        name = "catsdogs_request_seconds"
        yield from _head(name, "histogram", "Seconds from the first byte to the end of an answer.")
        for route, counts in sorted(self._buckets.items()):
            total = 0
            for bound, count in zip([*map(str, _BOUNDS_S), "+Inf"], counts, strict=True):
                total += count
                yield f'{name}_bucket{{route="{route}",le="{bound}"}} {total}'
            yield f'{name}_sum{{route="{route}"}} {self._seconds[route]:.6f}'
            yield f'{name}_count{{route="{route}"}} {total}'


class Counting:
    """Counts the requests that it passes on, with their durations."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            route = getattr(scope.get("endpoint"), "__name__", _NO_ROUTE)
            took_s = time.perf_counter() - began
            method = scope["method"] if scope["method"] in _METHODS else _OTHER
            self._metrics.count_request(route, method, status, seconds=took_s)


def _head(name: str, kind: str, help_text: str) -> tuple[str, str]:
    return f"# HELP {name} {help_text}", f"# TYPE {name} {kind}"
