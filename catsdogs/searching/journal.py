"""The trials that have ended, in a journal file that Optuna and its dashboard read.

A trial is one line, written when it has ended. The file is JSON lines and nothing of it is
unpickled: Optuna pickles only snapshots, which this kind of journal does not have.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catsdogs.runs.search import JOURNAL, Search
from catsdogs.searching.proposals import End, Trial, as_optuna
from catsdogs.searching.space import Space

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Unlocked:
    """A lock that is always free: one process carries a search on, and holds a lock of its own.

    Optuna's lock stays behind when its holder is killed, and the next one waits for half a minute.
    """

    def acquire(self) -> bool:
        """Take the lock."""
        return True

    def release(self) -> None:
        """Free the lock."""


def read(search: Search) -> list[Trial]:
    """Return the trials that have ended, in the order of their numbers."""
    return [_trial(found) for found in _study(search).get_trials(deepcopy=False)]


def append(search: Search, space: Space, trial: Trial) -> None:
    """Record a trial that has ended."""
    _study(search).add_trial(as_optuna(trial, space))


def _study(search: Search) -> "optuna.Study":
    import optuna
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    path = search.folder / JOURNAL
    _cut_torn_line(search)
    lock: Any = Unlocked()
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(path), lock_obj=lock))
    return optuna.create_study(storage=storage, study_name=search.name, load_if_exists=True)


def _cut_torn_line(search: Search) -> None:
    """Remove the part of a line that a killed process left: Optuna would refuse the whole file."""
    path = search.folder / JOURNAL
    if path.exists():
        with path.open("rb+") as stream:
            content = stream.read()
            stream.truncate(content.rfind(b"\n") + 1)


def _trial(found: "optuna.trial.FrozenTrial") -> Trial:
    import optuna

    states = optuna.trial.TrialState
    end = {states.COMPLETE: End.COMPLETE, states.PRUNED: End.PRUNED}.get(found.state, End.FAILED)
    losses = tuple(found.intermediate_values[step] for step in sorted(found.intermediate_values))
    return Trial(found.params, end, found.value, losses)
