"""Classifying every picture of a folder, as a task that writes a CSV.

``python -m catsdogs.inference.folder_task FOLDER``; its subject is an ``Order``.
"""

import hashlib
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from catsdogs import paths
from catsdogs.background import tasks
from catsdogs.dataset.summary import in_words
from catsdogs.errors import Cancelled, RunError
from catsdogs.inference import answers, gathering, kaggle
from catsdogs.inference.answers import Seen
from catsdogs.inference.panel import Decision, Panel
from catsdogs.inference.predictor import Predictor
from catsdogs.runs import store
from catsdogs.runs.run import Run
from catsdogs.system import files

KIND = tasks.Kind("classify", "catsdogs.inference.folder_task")
PHASES = {"list": "Listing the files", "classify": "Classifying"}


@dataclass(frozen=True)
class Order:
    """A request to classify a folder: with which runs (by id), and how to read their answers."""

    path: str
    runs: tuple[str, ...]
    threshold: float
    false_refusal: float | None

    def subject(self) -> str:
        """Return it as a task's subject."""
        return json.dumps(asdict(self))

    @classmethod
    def of_subject(cls, subject: str) -> "Order":
        """Return the order that ``subject`` was made from."""
        about = json.loads(subject)
        return cls(**{**about, "runs": tuple(about["runs"])})


def classify(subject: str, report: tasks.Report, should_stop: tasks.ShouldStop) -> dict[str, Any]:
    """Carry out an order; return where the CSV is, and counts by run id.

    Raises:
        Cancelled: once ``should_stop`` returns True; nothing is written then.
        DatasetError, RunError: when there is nothing to classify, or to classify it with.
    """
    order = Order.of_subject(subject)
    decision = Decision(order.threshold, order.false_refusal)
    report("list", 0, 0)
    root = Path(order.path)
    found = gathering.in_folder(root)
    sources = found.sources
    runs = [store.find_with_model(run_id) for run_id in order.runs]
    if not runs:
        raise RunError("Expected at least one run. Received: none. Choose one.")
    usable = [run for run in store.list_runs()[0] if run.can_classify]
    panel, seen = Panel(runs, usable, Predictor), []
    for done, one in enumerate(answers.see_all(sources, panel), start=1):
        if should_stop():
            raise Cancelled("Classifying was cancelled. Nothing was written.")
        seen.append(one.without_heatmaps())
        report("classify", done, len(sources))
    target = _csv_file(subject)
    files.write_text(target, answers.csv(seen, {run.run_id: run.run_id for run in runs}, decision))
    confusion = answers.confusion(seen, decision)
    return {
        "csv": str(target),
        "kaggle": _submitted(seen, runs, subject),
        "classes": list(panel.classes.names),
        "pictures": len(seen),
        "ignored": in_words(found.ignored),
        "unreadable": sum(one.error is not None for one in seen),
        "disagreements": sum(one.disagree(decision) for one in seen),
        "counts": {
            run_id: dict(counts) for run_id, counts in answers.counts(seen, decision).items()
        },
        "judge_problems": [] if order.false_refusal is None else list(panel.problems.values()),
        "right": {run_id: _right(pairs) for run_id, pairs in confusion.items()},
    }


def main(folder: Path) -> int:
    """Do the task in ``folder``; return the exit status of its process."""
    return tasks.main(folder, classify)


def forget(subject: str) -> None:
    """Remove the files that a task wrote."""
    for file in (_csv_file(subject), _kaggle_file(subject)):
        file.unlink(missing_ok=True)


def _submitted(seen: list[Seen], runs: list[Run], subject: str) -> dict[str, str] | None:
    """Write a submission to Kaggle if one run answered about numbered pictures.

    Returns its path, and the log loss to expect in words.
    """
    if len(runs) != 1 or not kaggle.are_numbered([one.name for one in seen]):
        return None
    try:
        bounds = kaggle.clip_of(runs[0])
    except RunError:  # Its predictions are damaged; the answers are not.
        return None
    target = _kaggle_file(subject)
    files.write_text(target, kaggle.submission(seen, runs[0], bounds))
    return {"csv": str(target), "promise": kaggle.promise(bounds)}


def _kaggle_file(subject: str) -> Path:
    own = _csv_file(subject)
    return own.with_name(f"{own.stem}-kaggle.csv")


def _right(pairs: Any) -> list[int]:
    """Return how many labelled pictures a run is right about, and how many there are."""
    return [sum(n for (truth, said), n in pairs.items() if truth == said), pairs.total()]


def _csv_file(subject: str) -> Path:
    key = hashlib.sha256(subject.encode()).hexdigest()[:16]
    return paths.cache_dir() / "classified" / f"{key}.csv"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
