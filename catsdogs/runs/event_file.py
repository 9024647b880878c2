"""The events of a run: appended by several processes, read while they grow."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from catsdogs.background import event_log, job
from catsdogs.background.event_log import Follower
from catsdogs.background.job import Emit
from catsdogs.runs import layout
from catsdogs.runs.events import Ended, Event, parsed
from catsdogs.runs.view import Folding, RunView

appending = job.appending
read_events = job.read_events


class Journal:
    """Reports the events of a run for its worker, and keeps the view of all events so far.

    The worker holds the run's lock, so it knows the view without reading its own events.
    """

    def __init__(self, folder: Path, emit: Emit) -> None:
        self._emit, self._folding = emit, Folding()
        for values in read_events(folder):
            if (event := parsed(values)) is not None:
                self._folding.add(event)

    def emit(self, event: str, **fields: Any) -> dict[str, Any]:
        """Report an event, visible at once, and return it as it was written.

        Raises:
            OSError: with the path.
            ValueError: when a field does not fit this kind of event.
        """
        reported = self._emit(event, **fields)
        # As readers will see it: JSON has no subclasses of numbers and strings.
        understood = _decoded(json.dumps(reported).encode())
        if understood is None:
            raise ValueError(f"Expected an event of a known kind. Received: {reported}.")
        self._folding.add(understood)
        return reported

    @property
    def view(self) -> RunView:
        """The view that all events so far amount to."""
        return self._folding.view()


def read_ending(folder: Path) -> Ended | None:
    """Return the last event if it is the end of the run.

    Raises:
        OSError: when there are events that cannot be read.
    """
    try:
        last = event_log.read_last(folder / layout.EVENTS, _decoded)
    except FileNotFoundError:
        return None
    return last if isinstance(last, Ended) else None


def read_view(folder: Path) -> RunView:
    """Return the view that the events so far amount to, reading only those that are new.

    Raises:
        OSError: when there are events that cannot be read.
    """
    try:
        with _follower(folder).state() as folding:
            return folding.view()
    except FileNotFoundError:
        return RunView()


def _decoded(line: bytes) -> Event | None:
    values = event_log.decoded_object(line)
    return None if values is None else parsed(values)


# A view holds thousands of events: enough for the runs that pages show at one time, and no more.
@lru_cache(maxsize=8)
def _follower(folder: Path) -> Follower[Event, Folding]:
    events = folder / layout.EVENTS
    return Follower(events, _decoded, start=Folding, add=Folding.add)
