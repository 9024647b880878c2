"""The photos that a run has seen before, by their content and the side that they were on."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from catsdogs.errors import RunError
from catsdogs.runs import model_files
from catsdogs.runs.run import Run

TRAINING, VALIDATION, TEST = SIDES = ("training", "validation", "test")


@dataclass(frozen=True)
class SeenBefore:
    """The digests of a run's photos by side; None where the run did not keep them."""

    training: frozenset[str] | None
    validation: frozenset[str] | None
    test: frozenset[str]

    @classmethod
    def of(cls, run: Run) -> "SeenBefore":
        """Return what a run has seen. Files that are missing or damaged count as not kept."""
        training = validation = None
        test = frozenset[str]()
        with suppress(RunError):
            test = model_files.test_digests(run)
        with suppress(RunError):
            training = model_files.training_digests(run)
        with suppress(RunError):
            validation = model_files.validation_digests(run)
        return cls(training, validation, test)

    def side(self, digest: str) -> str:
        """Return the side of a photo, one of ``SIDES``; "" if it is on none or that is unknown."""
        for name, digests in zip(SIDES, self._sides, strict=True):
            if digests and digest in digests:
                return name
        return ""

    def counts(self, digests: Iterable[str]) -> dict[str, int | None]:
        """Return how many of the photos are on each side; None where that is unknown."""
        found = list(digests)
        return {
            name: None if known is None else sum(digest in known for digest in found)
            for name, known in zip(SIDES, self._sides, strict=True)
        }

    @property
    def _sides(self) -> tuple[frozenset[str] | None, ...]:
        return self.training, self.validation, self.test
