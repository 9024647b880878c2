"""Trial after trial, or several at once, until all have ended.

It knows neither processes nor files.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from catsdogs.runs.search import SearchSettings
from catsdogs.searching import proposals
from catsdogs.searching.proposals import Trial
from catsdogs.searching.space import Point, Space

Prunes = Callable[[Sequence[float]], bool]  # the validation losses so far → end the trial?
# (number from 1, its values, when to end it early) → how it ended
Train = Callable[[int, Point, Prunes], Trial]


def carry_on(
    space: Space,
    settings: SearchSettings,
    *,
    ended: Sequence[Trial],
    epochs: Callable[[Point], int],
    train: Train,
    record: Callable[[Trial], None],
) -> list[Trial]:
    """Run the trials after those that have ``ended``; return all of them.

    ``train`` is called in threads, for ``settings.at_once`` trials at the same time. ``record`` is
    called with each trial in the order of their numbers. ``epochs`` returns how long a trial with
    these values is. An error of a trial is raised when the trials beside it have ended.
    """
    done = list(ended)
    running = deque[Future[Trial]]()
    with ThreadPoolExecutor(settings.at_once, thread_name_prefix="trial") as threads:
        for number in range(len(done) + 1, proposals.planned_trials(space, settings) + 1):
            if len(running) == settings.at_once:
                _take_in(running, done, record)
            # Others may have ended, too. Which ones depends on their speed, so they do not count.
            known = tuple(done[: max(0, number - settings.at_once)])
            values = proposals.proposed(space, settings, known, number=number)
            rule = _rule(space, settings, known, epochs(values))
            running.append(threads.submit(train, number, values, rule))
        while running:
            _take_in(running, done, record)
    return done


def _take_in(
    running: deque[Future[Trial]], done: list[Trial], record: Callable[[Trial], None]
) -> None:
    """Wait for the trial with the lowest number and record it."""
    trial = running.popleft().result()
    done.append(trial)
    record(trial)


def _rule(space: Space, settings: SearchSettings, known: Sequence[Trial], epochs: int) -> Prunes:
    def prunes(losses: Sequence[float]) -> bool:
        return settings.prune and proposals.is_worse(losses, space, known, epochs=epochs)

    return prunes
