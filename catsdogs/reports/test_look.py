"""A look at a run's locked test set: measured, counted, and written into the model card.

``python -m catsdogs.reports.test_look FOLDER`` is the same as a task, whose subject is a run's id.
"""

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from catsdogs.background import tasks
from catsdogs.errors import Cancelled, RunError
from catsdogs.evaluation import intervals, metrics
from catsdogs.evaluation.metrics import Evaluation
from catsdogs.images.parallel import Engine, Progress
from catsdogs.inference import test_set
from catsdogs.inference.test_set import LockedAnswers
from catsdogs.reports.model_card import model_card
from catsdogs.runs import layout, looks, store
from catsdogs.runs.looks import LockedMetrics, Look, Measured
from catsdogs.runs.run import Run
from catsdogs.system import files

KIND = tasks.Kind("test", "catsdogs.reports.test_look")
_KEPT = ("accuracy", "balanced_accuracy", "log_loss")
PHASES = {"measure": "Measuring on the test set"}


@dataclass(frozen=True)
class Looked:
    """A look's results: the answers, their metrics, and all ``looks`` so far, this one last."""

    answers: LockedAnswers
    evaluation: Evaluation
    intervals: dict[str, Any]
    looks: list[Look]

    def to_json(self) -> dict[str, Any]:
        """Return the metrics, and when somebody looked, as JSON-ready values."""
        refused = self.answers.refused
        return {
            **self.evaluation.to_json(),
            "intervals": {name: asdict(found) for name, found in self.intervals.items()},
            "neither": refused,
            "looks": len(self.looks),
            "looked_at": [one.at for one in self.looks],
        }


def look(
    run: Run, *, by: str, engine: Engine | None = None, progress: Progress | None = None
) -> Looked:
    """Measure the run on its locked test set, and count the look before anybody sees the metrics.

    ``by`` is the command or the page that asks. ``engine`` is that of ``test_set.answers``.

    Raises:
        ConfigError: for a run without a test set.
        DatasetError: if the photos are no longer those that the run locked away.
        RunError: if a file of the run is missing or damaged, or the look cannot be counted.
    """
    answers = test_set.answers(run, engine=engine, progress=progress)
    evaluation = metrics.evaluate(answers.labels, answers.p_dog, classes=run.classes)
    found = intervals.of_metrics(answers.labels, answers.p_dog)
    kept = LockedMetrics(
        images=evaluation.images,
        neither=answers.refused,
        **{name: Measured(**asdict(found[name])) for name in _KEPT if name in found},
    )
    counted = Look(
        at=looks.now(),
        images=evaluation.images,
        by=by,
        model=run.result.sha256.get(layout.LITERT_MODEL, ""),
        metrics=kept,
    )
    return Looked(answers, evaluation, found, _kept(run, counted))


def _kept(run: Run, counted: Look) -> list[Look]:
    """Count a look, and write the model card again with it; return all looks."""
    try:
        all_looks = looks.append(run, counted)
        card = model_card(run, run.state, run.result, all_looks)
        files.write_text(run.folder / layout.MODEL_CARD, card)
    except OSError as error:
        raise RunError(
            f"Expected to count the look at the test set in {run.folder}. Received: {error}. "
            "Nothing is shown that is not counted: free the folder, then try again."
        ) from None
    return all_looks


def measure(subject: str, report: tasks.Report, should_stop: tasks.ShouldStop) -> dict[str, Any]:
    """Do the task: look at the test set of the run with the id ``subject``.

    Raises:
        Cancelled: once ``should_stop`` returns True; the look is not counted then.
    """

    def progress(done: int, total: int) -> None:
        if should_stop():
            raise Cancelled("Measuring was cancelled. The look was not counted.")
        report("measure", done, total)

    found = look(store.find_with_model(subject), by="Compare", progress=progress)
    return {"looks": len(found.looks)}


def main(folder: Path) -> int:
    """Do the task in ``folder``; return the exit status of its process."""
    return tasks.main(folder, measure)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
