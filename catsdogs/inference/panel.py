"""Several runs that classify the same picture, side by side.

MobileNetV2's vectors separate pets from other pictures well; a custom CNN's hardly do
(docs/log.md). So each run has a judge for "neither": itself, or a run of MobileNetV2 that was
trained on the same data.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from threadpoolctl import threadpool_limits

from catsdogs.errors import ConfigError, RunError
from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL, THRESHOLD
from catsdogs.images.picture import Picture, digest
from catsdogs.inference.predictor import Output, Predictor
from catsdogs.inference.rejection import FALSE_REFUSALS, Likeness
from catsdogs.labels import NEITHER, PETS, Classes
from catsdogs.runs import layout
from catsdogs.runs.run import Run
from catsdogs.runs.seen_before import SeenBefore


@dataclass(frozen=True)
class Decision:
    """How probabilities become a label.

    A calibrated P(dog) of at least ``threshold`` is a dog. ``false_refusal`` is the share of photos
    of the two classes that may be rejected, one of ``rejection.FALSE_REFUSALS``; None disables
    "neither".
    """

    threshold: float = THRESHOLD
    false_refusal: float | None = DEFAULT_FALSE_REFUSAL

    def __post_init__(self) -> None:
        """Check both values.

        Raises:
            ConfigError: naming the first that is out of range.
        """
        if not 0 <= self.threshold <= 1:
            raise ConfigError(
                f"Expected a threshold from 0 to 1. Received: {self.threshold:g}. It is a "
                "probability."
            )
        if self.false_refusal not in (None, *FALSE_REFUSALS):
            raise ConfigError(
                f"Expected a share of photos of the two classes that may be called neither: one of "
                f"{', '.join(map(str, FALSE_REFUSALS))}. Received: {self.false_refusal:g}."
            )


@dataclass(frozen=True)
class Answer:
    """The answer of one run for one picture.

    Show ``calibrated_p_dog``; ``p_dog`` is the model's raw output. ``heatmap`` is that of
    ``predictor.Output``. ``latency_ms`` is the time to decode for all runs plus this model's
    forward pass; when pictures run in parallel, it includes waiting. ``likeness`` is None without a
    judge; ``judge_problem`` says why the judge does not work, "" if it does or there is none.
    ``seen`` is the side of the run's dataset that has the same picture, one of
    ``seen_before.SIDES``; "" if none has it, or that is unknown. ``both`` tells whether the picture
    may show both classes; None if the run cannot tell. ``classes`` are those of the run.
    """

    run_id: str
    p_dog: float
    calibrated_p_dog: float
    heatmap: np.ndarray
    latency_ms: float
    likeness: Likeness | None
    judge_problem: str = ""
    seen: str = ""
    both: bool | None = None
    classes: Classes = PETS

    def label(self, decision: Decision) -> str:
        """Return the name of a class, "cat" or "dog", or "neither"."""
        refused = decision.false_refusal
        if refused is not None and self.likeness and self.likeness.is_neither(refused):
            return NEITHER
        return self.classes.of(self.calibrated_p_dog, decision.threshold)

    def may_show_both(self, decision: Decision) -> bool:
        """Return whether it is a pet, and the picture may also show one of the other class."""
        return bool(self.both) and self.label(decision) != NEITHER


class Panel:
    """The predictors of some runs, and the judge of each.

    ``classes`` are those that all runs tell apart. ``problems`` says for a run, by id, why the
    judge that it needs does not work.
    """

    def __init__(
        self, runs: Sequence[Run], usable: Sequence[Run], load: Callable[[Run], Predictor]
    ) -> None:
        """Load ``runs``, and from ``usable``, newest first, the judges that they need.

        A judge that cannot be loaded is a ``problem``: the user did not choose it, so the chosen
        runs still answer, without "neither".

        Raises:
            RunError: if a file of one of ``runs`` is missing or damaged, or they tell different
                classes apart.
        """
        for other in runs[1:]:
            other.require_classes(runs[0].classes)
        _one_thread_a_product()
        self.classes = runs[0].classes if runs else PETS
        self._runs = [run.run_id for run in runs]
        self._predictors = {run.run_id: load(run) for run in runs}
        self._seen = {run.run_id: SeenBefore.of(run) for run in runs}
        self._judges: dict[str, str] = {}
        self.problems: dict[str, str] = {}
        for run in runs:
            if found := judge(run, usable):
                try:
                    if found.run_id not in self._predictors:
                        self._predictors[found.run_id] = load(found)
                    self._judges[run.run_id] = found.run_id
                except (RunError, OSError) as error:
                    self.problems[run.run_id] = (
                        f"{run.run_id} cannot say neither: it uses {found.run_id} for that, which "
                        f"cannot be loaded. {error}"
                    )

    @property
    def run_ids(self) -> list[str]:
        """The runs that answer, in the order of their answers."""
        return list(self._runs)

    def answers(self, picture: Picture) -> list[Answer]:
        """Return the answer of each run for a picture. Safe to call from several threads.

        Raises:
            UnreadableImage: with the reason.
        """
        began = time.perf_counter()
        for predictor in self._predictors.values():
            picture.upright(at_least_px=predictor.side)
        decoded = time.perf_counter()
        outputs, took_ms = {}, {}
        for run_id, predictor in self._predictors.items():
            started = time.perf_counter()
            outputs[run_id] = predictor(picture)
            took_ms[run_id] = (decoded - began + time.perf_counter() - started) * 1000
        judges = set(self._judges.values())
        likeness = {name: self._likeness(name, outputs[name]) for name in judges}
        content = digest(picture.content)
        return [
            Answer(
                *(run_id, outputs[run_id].p_dog),
                self._predictors[run_id].calibrated(outputs[run_id].p_dog),
                outputs[run_id].heatmap,
                took_ms[run_id],
                likeness.get(self._judges.get(run_id, "")),
                self.problems.get(run_id, ""),
                self._seen[run_id].side(content),
                self._predictors[run_id].shows_both(picture, outputs[run_id].heatmap),
                self.classes,
            )
            for run_id in self._runs
        ]

    def _likeness(self, judge: str, output: Output) -> Likeness | None:
        references = self._predictors[judge].references
        if references is None or output.embedding is None:
            return None
        return references.likeness(output.embedding)


@cache
def _one_thread_a_product() -> None:
    """Compute matrix products on the thread that asks, for the rest of this process.

    Pictures already keep all cores busy; more threads for each product take half of their speed.
    """
    threadpool_limits(1, user_api="blas")


def judge(run: Run, usable: Sequence[Run]) -> Run | None:
    """Return the run that detects "neither" for ``run``: itself, another one, or None."""
    if run.config.info.judges_neither and _can_judge(run):
        return run
    alike = (
        other
        for other in usable
        if other.config.info.judges_neither
        and (other.config.data, other.classes) == (run.config.data, run.classes)
    )
    return next(filter(_can_judge, alike), run if _can_judge(run) else None)


def _can_judge(run: Run) -> bool:
    return (run.folder / layout.REFERENCES).is_file()
