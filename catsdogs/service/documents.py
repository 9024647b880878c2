"""The types of the JSON documents that the service takes and sends.

Those that it sends describe what ``classify --json`` prints; the tests compare both.
"""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL, THRESHOLD
from catsdogs.inference.panel import Decision

Share = Annotated[float, Meta(ge=0, le=1)]
MOST_RUNS, MOST_URLS = 8, 20
Heatmap = list[list[float]]


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to classify.

    ``runs`` are ids of runs, or the beginnings of ids; without any, those that the service was
    started with answer. A calibrated P(dog) of at least ``threshold`` is a dog. With ``neither``,
    pictures of neither are called so, and ``false_refusal`` is the share of pets that may be
    rejected. With ``heatmap``, each result has its evidence by place.
    """

    runs: Annotated[tuple[str, ...], Meta(max_length=MOST_RUNS)] = ()
    threshold: Share = THRESHOLD
    neither: bool = True
    false_refusal: float = DEFAULT_FALSE_REFUSAL
    heatmap: bool = False

    @property
    def decision(self) -> Decision:
        """How probabilities become a label.

        Raises:
            ConfigError: for a value that is out of range.
        """
        return Decision(self.threshold, self.false_refusal if self.neither else None)


class Base64File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture or an archive in a JSON document; ``data`` is its content in base64."""

    name: str
    data: bytes


class ClassifyRequest(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files to classify, and how. ``urls`` are public web addresses of further pictures."""

    files: list[Base64File] = []
    urls: Annotated[list[str], Meta(max_length=MOST_URLS)] = []


class Problem(Struct, frozen=True, kw_only=True):
    """A reason: ``code`` for programs, ``message`` for people."""

    code: str
    message: str


class Nearest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A training photo that is similar to the picture."""

    file: str
    label: str
    similarity: float


class Result(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer of one run: ``label`` is the name of a class, or "neither".

    ``probabilities`` are calibrated, by class. ``p_dog`` is the raw one of a dog; a run on other
    classes has ``p_positive`` instead, that of its second class. ``heatmap`` has rows of evidence,
    positive for a dog (or that class), if requested.
    """

    run: str
    label: str
    probabilities: dict[str, Share]
    p_dog: Share | UnsetType = UNSET
    calibrated_p_dog: Share | UnsetType = UNSET
    p_positive: Share | UnsetType = UNSET
    calibrated_p_positive: Share | UnsetType = UNSET
    both: bool | None
    latency_ms: float
    seen: str | None
    likeness: float | None
    likeness_score: float | None
    judge_problem: str | None
    nearest: list[Nearest]
    heatmap: Heatmap | None = None


class Answered(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture with the answers of the runs, or with the reason that it could not be read."""

    file: str
    error: Problem | None
    changes: list[str]
    results: list[Result]


class RunBrief(Struct, frozen=True, kw_only=True):
    """A run in a list, as ``runs list --json`` prints it."""

    run: str
    state: str
    model: str
    recipe: str
    data: str
    val_accuracy: float | None
    test_images: int
    looks: int
    message: str | None
    reference: bool
    caveat: str | None
    name: str
    note: str
    starred: bool


class Tensor(Struct, frozen=True, kw_only=True):
    """A tensor of the Open Inference Protocol. ``image`` has the bytes of N files, in base64."""

    name: str
    shape: list[int]
    datatype: str
    data: list[str | list[str]] | None = None
    parameters: dict[str, str | int | float | bool] = {}


class InferRequest(Struct, frozen=True, kw_only=True):
    """A request of the Open Inference Protocol.

    ``parameters`` may have ``threshold``, ``neither`` and ``false_refusal``.
    """

    inputs: list[Tensor]
    id: str = ""
    parameters: dict[str, str | int | float | bool] = {}


class Refusal(Struct, frozen=True, kw_only=True):
    """Why a request was refused."""

    error: Problem
