"""A trial as a run of the queue: started, followed, ended early; or taken up after a kill."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from catsdogs.errors import Cancelled
from catsdogs.runs import queue, store
from catsdogs.runs.about import SearchReference
from catsdogs.runs.events import State
from catsdogs.runs.run import Run
from catsdogs.runs.search import Search
from catsdogs.searching import space
from catsdogs.searching.engine import Prunes
from catsdogs.searching.proposals import End, Trial
from catsdogs.searching.space import Point

_POLL_S = 0.3
PRUNED = "Stopped by its search: at this epoch, half of the trials before it were better."
_STOPPED = "Stopped with its search."


@dataclass(frozen=True)
class Trainer:
    """Trains the trials of ``search``; ``should_stop`` says when to stop it."""

    search: Search
    should_stop: Callable[[], bool] = lambda: False

    def train(self, number: int, values: Point, prunes: Prunes) -> Trial:
        """Do the trial with this number, or the rest of it, and return how it ended.

        Raises:
            Cancelled: when the search is to stop; the run is stopped then, with its model.
            DatasetError: when the data cannot be opened.
        """
        run = self._taken_up(number, values, prunes)
        run = self._followed(run, prunes)
        if run.state is State.LOST:
            # The system may have been short of memory for a moment.
            run = self._followed(queue.resume(run), prunes)
        return _ended(run, values, prunes)

    def _taken_up(self, number: int, values: Point, prunes: Prunes) -> Run:
        """Return the run of this trial: a new one, or the one that a killed search has left."""
        known = self.search.trials(store.list_runs()[0]).get(number)
        if known is None:
            name = SearchReference(name=self.search.name, trial=number)
            return queue.start(
                space.applied(values, self.search.base), search=name, on=self.search.settings.on
            )
        was_stopped = known.state is State.STOPPED and not prunes(_losses(known))
        return queue.resume(known) if was_stopped or known.state is State.LOST else known

    def _followed(self, run: Run, prunes: Prunes) -> Run:
        """Return the run once it has ended."""
        seen = 0
        while run.state.is_active:
            if self.should_stop():
                self._stop(run)
            if run.state is State.QUEUED:
                queue.start_queued()
            losses = _losses(run)
            if run.state is State.RUNNING and len(losses) > seen:
                seen = len(losses)
                if prunes(losses):
                    queue.request_stop(run, PRUNED)
            time.sleep(_POLL_S)
            run = store.load(run.folder)
        return run

    def _stop(self, run: Run) -> None:
        if run.state is not State.STOPPING:
            queue.request_stop(run, _STOPPED)
        while store.load(run.folder).state.is_active:
            time.sleep(_POLL_S)
        raise Cancelled("The search was stopped. The same command continues it.")


def _losses(run: Run) -> list[float]:
    """Return the validation loss after each whole epoch."""
    return [epoch.val_loss for epoch in run.view.epochs if not epoch.is_cut_short]


def _ended(run: Run, values: Point, prunes: Prunes) -> Trial:
    """Return the record of a run that has ended.

    A run that was quicker than the request to stop counts as pruned, too: the next proposals must
    not depend on the speed of the machine.
    """
    losses = _losses(run)
    if not run.is_usable:
        return Trial(values, End.FAILED, losses=tuple(losses))
    is_whole = run.state is State.FINISHED and not prunes(losses)
    end = End.COMPLETE if is_whole else End.PRUNED
    if end is End.PRUNED:
        first = next((n for n in range(1, len(losses) + 1) if prunes(losses[:n])), len(losses))
        losses = losses[:first]
        return Trial(values, end, min(losses, default=run.result.val_loss), tuple(losses))
    return Trial(values, end, run.result.val_loss, tuple(losses))
