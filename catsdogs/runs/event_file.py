"""The events of a run: appended by several processes, read while they grow."""

from functools import lru_cache
from pathlib import Path

from catsdogs.background import event_log, job
from catsdogs.background.event_log import Follower
from catsdogs.background.job import Emit
from catsdogs.runs import layout
from catsdogs.runs.events import ENDS, Event, Folding, RunView, is_sound

appending = job.appending
read_events = job.read_events


class Journal:
    """What the worker of a run reports, and the view of all events so far.

    The worker holds the run's lock, so it knows the view without reading its own events.
    """

    def __init__(self, folder: Path, emit: Emit) -> None:
        self._emit, self._folding = emit, Folding()
        for event in read_events(folder):
            self._folding.add(event)

    def emit(self, event: str, **values: object) -> Event:
        """Report an event, visible at once, and return it.

        Raises:
            OSError: with the path.
        """
        reported = self._emit(event, **values)
        self._folding.add(reported)
        return reported

    @property
    def view(self) -> RunView:
        """The view that all events so far amount to."""
        return self._folding.view()


def read_ending(folder: Path) -> Event | None:
    """Return the last event if it is the end of the run.

    Raises:
        OSError: when there are events that cannot be read.
    """
    try:
        last = event_log.read_last(folder / layout.EVENTS, event_log.decoded_object)
    except FileNotFoundError:
        return None
    return last if last and last.get("event") in [*ENDS] and is_sound(last) else None


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


# A view holds thousands of events: enough for the runs that pages show at one time, and no more.
@lru_cache(maxsize=8)
def _follower(folder: Path) -> Follower[Event, Folding]:
    events = folder / layout.EVENTS
    return Follower(events, event_log.decoded_object, start=Folding, add=Folding.add)
