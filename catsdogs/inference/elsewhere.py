"""Answers of runs as work for an engine, which may be on other machines."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from catsdogs.errors import UnreadableImage
from catsdogs.images.parallel import Engine
from catsdogs.inference.answers import Read, Seen, see
from catsdogs.inference.panel import Panel, judge
from catsdogs.inference.predictor import Predictor
from catsdogs.runs import layout, model_files
from catsdogs.runs.run import Run

_NEEDED = (
    *(layout.LITERT_MODEL, layout.REFERENCES, layout.PREDICTIONS),
    *(layout.TRAINING, layout.TEST),
)
Place = Callable[[Path], Path]


@dataclass(frozen=True)
class Probability:
    """Work: the P(dog) of a run for each photo."""

    run: Run

    def needs(self) -> Sequence[Path]:
        """Return the files of the run."""
        return _files(self.run)

    def loaded(self, place: Place) -> Callable[[bytes], float]:
        """Return the function; see ``Work``."""
        return Predictor(_moved(self.run, place)).p_dog


@dataclass(frozen=True)
class Answers:
    """Work: the ``Seen`` of each picture, without its name and without heat maps.

    ``judges`` say "neither" for ``runs`` that need another one.
    """

    runs: tuple[Run, ...]
    judges: tuple[Run, ...]

    @classmethod
    def of(cls, runs: Sequence[Run], usable: Sequence[Run]) -> "Answers":
        """Return the work of ``Panel(runs, usable, Predictor)``."""
        found = (judge(run, usable) for run in runs)
        judges = {one.run_id: one for one in found if one}
        return cls(tuple(runs), tuple(judges.values()))

    def needs(self) -> Sequence[Path]:
        """Return the files of all runs."""
        known = {run.run_id: run for run in (*self.runs, *self.judges)}
        return [path for run in known.values() for path in _files(run)]

    def loaded(self, place: Place) -> Callable[[bytes], Seen]:
        """Return the function; see ``Work``."""
        runs, judges = ([_moved(run, place) for run in some] for some in (self.runs, self.judges))
        panel = Panel(runs, judges, Predictor)

        def seen(content: bytes) -> Seen:
            found = see("", lambda: content, panel)
            if found.error:
                raise found.error
            return found.without_heatmaps()

        return seen


def see_by(engine: Engine, sources: Sequence[tuple[str, Read]], answers: Answers) -> Iterator[Seen]:
    """Yield what ``see_all`` yields, without heat maps, computed by ``engine``."""
    outcomes = engine.outcomes([read for _, read in sources], answers)
    for (name, _), found in zip(sources, outcomes, strict=True):
        is_error = isinstance(found, UnreadableImage)
        yield Seen(name, error=found) if is_error else replace(found, name=name)


def _files(run: Run) -> list[Path]:
    paths = (model_files.place(run, name) for name in _NEEDED)
    return [path for path in paths if path.is_file()]


def _moved(run: Run, place: Place) -> Run:
    return replace(run, folder=place(run.folder))
