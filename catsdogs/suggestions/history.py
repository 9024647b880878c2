"""How good the suggestions were after each round. The log lies beside the user's decisions."""

from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from catsdogs import paths
from catsdogs.background import event_log
from catsdogs.suggestions.suggested import Summary


@dataclass(frozen=True)
class Round:
    """After ``answers`` labels by hand, ``right`` of ``measured`` photos were answered right."""

    answers: int
    right: int
    measured: int
    measured_on: str


def add(root: Path, summary: Summary) -> None:
    """Record a round, if it was measured.

    Raises:
        OSError: if it cannot be written.
    """
    if summary.measured:
        done = Round(summary.answers, summary.right, summary.measured, summary.measured_on)
        file(root).parent.mkdir(parents=True, exist_ok=True)
        event_log.append(file(root), asdict(done))


def load(root: Path) -> list[Round]:
    """Return the last round for each number of answers, the smallest number first."""
    try:
        rounds = event_log.read(file(root), _decoded)
    except OSError:
        return []
    return sorted({one.answers: one for one in rounds}.values(), key=lambda one: one.answers)


def file(root: Path) -> Path:
    """Return the log of the rounds for the dataset in ``root``."""
    return paths.review_dir(root) / "suggestions.jsonl"


def _decoded(line: bytes) -> Round | None:
    record = event_log.decoded_object(line)
    try:
        return None if record is None else msgspec.convert(record, Round)
    except msgspec.ValidationError:
        return None
