"""Trial after trial, until all have ended. It knows neither processes nor files."""

from collections.abc import Callable, Sequence

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

    ``record`` is called with each as soon as it has ended. ``epochs`` returns how long a trial with
    these values is.
    """
    done = list(ended)
    for number in range(len(done) + 1, proposals.planned_trials(space, settings) + 1):
        values = proposals.proposed(space, settings, done)
        trial = train(number, values, _rule(space, settings, tuple(done), epochs(values)))
        done.append(trial)
        record(trial)
    return done


def _rule(space: Space, settings: SearchSettings, done: Sequence[Trial], epochs: int) -> Prunes:
    def prunes(losses: Sequence[float]) -> bool:
        return settings.prune and proposals.is_worse(losses, space, done, epochs=epochs)

    return prunes
