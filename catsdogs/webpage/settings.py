"""A run's numbers that the JavaScript needs, beside its model and its vectors."""

import math
from dataclasses import dataclass

import msgspec
from msgspec import UnsetType

from catsdogs.inference.panel import Decision
from catsdogs.inference.rejection import Evidence, References
from catsdogs.runs.result import BothResult
from catsdogs.runs.run import Run


@dataclass(frozen=True)
class _Weights:
    """An ``Evidence`` as lists: its kernel row by row, D × 3 numbers."""

    kernel: list[float]
    bias: list[float]
    weight: float


@dataclass(frozen=True)
class _Neither:
    """The sizes and limits that belong to the vectors (M, ``size``).

    ``floor`` is None if the run had too few photos to set one.
    """

    size: int
    floor: float | None
    evidence: _Weights | None


@dataclass(frozen=True)
class _Settings:
    """The settings of one run, as the JavaScript reads them.

    ``key`` is the name of its probability in JSON.
    """

    run: str
    classes: tuple[str, str]
    key: str
    side: int
    threshold: float
    temperature: float
    references: _Neither | None
    judge: str
    both: BothResult | None


def settings(
    run: Run, references: References | None, decision: Decision, *, judge: str = ""
) -> bytes:
    """Return the settings as JSON. ``judge`` is the id of the run that decides on "neither".

    Without ``references``, or with a ``decision`` that never says "neither", they name no vectors.
    """
    refused = decision.false_refusal
    found = _Settings(
        run=run.run_id,
        classes=run.classes.names,
        key=run.classes.key("p_dog"),
        side=run.config.info.side,
        threshold=decision.threshold,
        temperature=run.result.calibration.temperature,
        references=_neither(references, refused) if references and refused is not None else None,
        judge=judge,
        both=None if isinstance(run.result.both, UnsetType) else run.result.both,
    )
    return msgspec.json.encode(found)


def _neither(references: References, refused: float) -> _Neither:
    floor, evidence = references.floors[refused], references.evidence
    return _Neither(
        size=references.vectors_int8.shape[1],
        floor=floor if math.isfinite(floor) else None,
        evidence=_weights(evidence) if evidence else None,
    )


def _weights(evidence: Evidence) -> _Weights:
    return _Weights(evidence.kernel.ravel().tolist(), evidence.bias.tolist(), evidence.weight)
