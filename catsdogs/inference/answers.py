"""The answers of a panel for many pictures: as records, a table and counts."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from catsdogs import text
from catsdogs.dataset import labelling
from catsdogs.errors import UnreadableImage
from catsdogs.images.parallel import map_ordered
from catsdogs.images.picture import Picture
from catsdogs.images.thumbnails import SIDE_PX, square_jpeg
from catsdogs.inference.panel import Answer, Decision, Panel
from catsdogs.labels import PETS, UNLABELLED, Classes, label_of_path
from catsdogs.runs.models import MODELS
from catsdogs.text import printable

if TYPE_CHECKING:
    import pandas as pd

# A page keeps its pictures in memory; a background task handles more.
MOST_PICTURES = 5_000
MOST_BYTES_EACH = 25 << 20
MOST_BYTES_TOGETHER = 500 << 20
_LARGEST_SIDE_PX = max(model.side for model in MODELS.values())

Read = Callable[[], bytes]


@dataclass(frozen=True)
class Seen:
    """The answers of a panel's runs for one picture, or the reason it could not be read.

    ``changes`` describes what decoding changed. ``thumbnail`` is a JPEG, if one was requested.
    """

    name: str
    answers: tuple[Answer, ...] = ()
    changes: tuple[str, ...] = ()
    error: UnreadableImage | None = None
    thumbnail: bytes | None = None

    def labels(self, decision: Decision) -> list[str]:
        """Return the label from each run."""
        return [answer.label(decision) for answer in self.answers]

    def disagree(self, decision: Decision) -> bool:
        """Return whether two runs give it different labels."""
        return len(set(self.labels(decision))) > 1

    @property
    def spread(self) -> float:
        """How far apart the runs' calibrated P(dog) are, 0 for one run."""
        said = [answer.calibrated_p_dog for answer in self.answers]
        return max(said) - min(said) if said else 0.0

    @property
    def classes(self) -> Classes:
        """The classes that the runs tell apart."""
        return self.answers[0].classes if self.answers else PETS

    @property
    def truth(self) -> str | None:
        """The label in its name ("cat.1.jpg", "dogs/7.png"), or None."""
        path = self.name.replace("\\", "/")
        label: int | None = label_of_path(path)
        if not self.classes.are_pets:
            label = labelling.of_own(*self.classes.names).label(path)
        return None if label is None or label == UNLABELLED else self.classes.name(label)

    def without_heatmaps(self) -> "Seen":
        """Return a copy without heat maps, which take most of the memory."""
        bare = (replace(answer, heatmap=np.empty((0, 0), np.float32)) for answer in self.answers)
        return replace(self, answers=tuple(bare))

    def to_json(self, decision: Decision) -> dict[str, Any]:
        """Return the record that the command line prints and the service sends."""
        error = self.error
        return {
            "file": self.name,
            "error": {"code": error.code, "message": str(error)} if error else None,
            "changes": list(self.changes),
            "results": [_result(answer, decision) for answer in self.answers],
        }


_TIME = "milliseconds"
# The columns of ``table`` that are not about one run, and that of the thumbnail on a page.
OWN_COLUMNS = ("Picture", "File", "Named", "Disagree", "Decoding", "Error")


def see(name: str, read: Read, panel: Panel, *, thumbnail: bool = False) -> Seen:
    """Return the answers of ``panel`` for the picture whose content ``read`` returns."""
    try:
        picture = Picture(read())
        with picture.held(at_least_px=_LARGEST_SIDE_PX):
            answers = tuple(panel.answers(picture))
            small = square_jpeg(picture.upright(at_least_px=SIDE_PX)) if thumbnail else None
            return Seen(name, answers, tuple(picture.changes()), thumbnail=small)
    except UnreadableImage as error:
        # The frames would keep the file's content in memory as long as the answer.
        error.__traceback__ = error.__context__ = None
        return Seen(name, error=error)


def see_all(
    sources: Sequence[tuple[str, Read]], panel: Panel, *, thumbnails: bool = False
) -> Iterator[Seen]:
    """Yield ``see`` of each (name, read), in order, on a few threads."""
    yield from map_ordered(
        sources, lambda source: see(source[0], source[1], panel, thumbnail=thumbnails)
    )


def table(seen: Sequence[Seen], titles: dict[str, str], decision: Decision) -> "pd.DataFrame":
    """Return one row per picture; ``titles`` name the runs' columns by run id."""
    import pandas as pd

    are_named, rows = any(one.truth for one in seen), []
    # Start with answered pictures: columns follow the order of their first row.
    for position, one in sorted(enumerate(seen), key=lambda pair: not pair[1].answers):
        row: dict[str, Any] = {"File": printable(one.name)}
        if are_named:
            row["Named"] = one.truth
        for answer in one.answers:
            title = titles[answer.run_id]
            row[title] = answer.label(decision)
            positive = answer.classes.positive
            row[f"{title}: P({positive})"] = answer.calibrated_p_dog
            row[f"{title}: raw P({positive})"] = answer.p_dog
            if answer.seen:
                row[f"{title}: seen before"] = answer.seen
            if answer.both is not None:
                row[f"{title}: may show both"] = answer.may_show_both(decision)
            row[f"{title}: {_TIME}"] = round(answer.latency_ms, 2)
            if answer.likeness:
                row[f"{title}: likeness"] = answer.likeness.similarity
                row[f"{title}: most like"] = printable(answer.likeness.nearest[0].path)
        if len(titles) > 1:
            row["Disagree"] = one.disagree(decision) if one.answers else None
        row["Decoding"] = ", ".join(one.changes)
        row["Error"] = str(one.error) if one.error else ""
        rows.append((position, row))
    frame = pd.DataFrame([row for _, row in rows], index=[position for position, _ in rows])
    return frame.sort_index()


def csv(seen: Sequence[Seen], titles: dict[str, str], decision: Decision) -> str:
    """Return ``table`` as CSV, with no cell that a spreadsheet would run as a formula.

    It has no measured times, so the same pictures give the same file.
    """
    times = [f"{title}: {_TIME}" for title in titles.values()]
    return text.csv(table(seen, titles, decision).drop(columns=times, errors="ignore"))


def counts(seen: Sequence[Seen], decision: Decision) -> dict[str, Counter[str]]:
    """Return how often each run gives each label, by run id."""
    found: dict[str, Counter[str]] = {}
    for one in seen:
        for answer in one.answers:
            found.setdefault(answer.run_id, Counter())[answer.label(decision)] += 1
    return found


def confusion(seen: Sequence[Seen], decision: Decision) -> dict[str, Counter[tuple[str, str]]]:
    """Return the count of each pair (truth, label given), by run id."""
    found: dict[str, Counter[tuple[str, str]]] = {}
    for one in seen:
        for answer in one.answers:
            if one.truth:
                pairs = found.setdefault(answer.run_id, Counter())
                pairs[one.truth, answer.label(decision)] += 1
    return found


def _result(answer: Answer, decision: Decision) -> dict[str, Any]:
    likeness, classes = answer.likeness, answer.classes
    return {
        "run": answer.run_id,
        "label": answer.label(decision),
        classes.key("p_dog"): answer.p_dog,
        classes.key("calibrated_p_dog"): answer.calibrated_p_dog,
        "probabilities": classes.probabilities(answer.calibrated_p_dog),
        "both": answer.both if answer.both is None else answer.may_show_both(decision),
        "latency_ms": round(answer.latency_ms, 2),
        "seen": answer.seen or None,
        "likeness": likeness.similarity if likeness else None,
        "likeness_score": likeness.score if likeness else None,
        "judge_problem": answer.judge_problem or None,
        "nearest": [
            {"file": one.path, "label": classes.name(one.label), "similarity": one.similarity}
            for one in (likeness.nearest if likeness else ())
        ],
    }
