"""A run's events as server-sent events: those so far, then each new one, until the run ends.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from catsdogs.background import event_log
from catsdogs.errors import RunError
from catsdogs.runs import layout, store
from catsdogs.service.run_routes import found
from catsdogs.service.service import Service
from catsdogs.system import files

_POLL_S = 0.25
# Proxies close connections that are silent for a minute.
_SILENT_POLLS = 60
_AT_ONCE_BYTES = 1 << 20


async def run_events(request: Request) -> StreamingResponse:
    """Send a run's events. ``Last-Event-ID`` continues after an event that was received."""
    service: Service = request.app.state.service
    run = await run_in_threadpool(found, request)
    last = request.headers.get("last-event-id", "")
    service.streams.require()
    return StreamingResponse(
        _counted(_messages(run.folder, int(last) if last.isdecimal() else 0), service),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store"},
    )


async def _counted(messages: AsyncIterator[str], service: Service) -> AsyncIterator[str]:
    # A client may leave before the first message; then nothing of this runs.
    with service.streams.place(is_granted=True):
        async for message in messages:
            yield message


async def _messages(folder: Path, position: int) -> AsyncIterator[str]:
    silent = 0
    while True:
        # In this order: events that come after the state was read are sent the next time.
        is_active = await run_in_threadpool(_is_active, folder)
        lines = await run_in_threadpool(_lines, folder / layout.EVENTS, position)
        for line in lines:
            position += len(line)
            if (event := event_log.decoded_object(line)) is not None:
                yield f"id: {position}\nevent: {_kind(event)}\ndata: {json.dumps(event)}\n\n"
        if not lines and not is_active:
            yield f"id: {position}\nevent: end\ndata: {{}}\n\n"
            return
        silent = 0 if lines else silent + 1
        if silent and silent % _SILENT_POLLS == 0:
            yield ": waiting\n\n"
        if not lines:
            await asyncio.sleep(_POLL_S)


def _is_active(folder: Path) -> bool:
    try:
        return store.load(folder).state.is_active
    except RunError:  # It was deleted.
        return False


def _kind(event: dict[str, object]) -> str:
    """Return the kind of an event, as one word."""
    return "".join(filter(str.isalnum, str(event.get("event", ""))))[:40] or "message"


def _lines(path: Path, position: int) -> list[bytes]:
    """Return the complete lines from ``position`` on, with their line breaks; not all of many."""
    try:
        with files.opened_plain(path) as stream:
            stream.seek(position)
            content = stream.read(_AT_ONCE_BYTES)
    except OSError:
        return []
    return content[: content.rfind(b"\n") + 1].splitlines(keepends=True)
