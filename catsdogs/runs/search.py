"""A search: several runs that differ in some settings, to find out which are best.

    artifacts/searches/<name>/search.json   what is searched, and the settings that stay the same
                              journal.log   the trials that have ended, as Optuna records them
                              result.json   the best trial, and how good it is

Each trial is an ordinary run; its ``config.json`` names the search.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from catsdogs import paths
from catsdogs.distributed import ray_engine
from catsdogs.errors import ConfigError, RunError
from catsdogs.runs import layout
from catsdogs.runs.config import SETTINGS, RunConfig
from catsdogs.runs.looks import LockedMetrics
from catsdogs.runs.run import Run
from catsdogs.system import files
from catsdogs.text import percent, printable

SAMPLERS = {
    "tpe": "TPE: learns from the runs so far",
    "random": "Random: each run by chance",
    "grid": "Grid: even steps",
}
MOST_TRIALS, MOST_AT_ONCE = 500, 100
JOURNAL, LOCK = "journal.log", ".lock"
_SETTINGS, _RESULT = "search.json", "result.json"
_MOST_JSON_BYTES = 1 << 20


class SearchSettings(Struct, frozen=True, kw_only=True):
    """The settings of a search.

    ``base`` has the settings of all trials, ``space`` the searched ones, each as
    "name=low..high" or "name=a,b". ``fingerprint`` is that of the dataset. ``at_once`` trials train
    at the same time, so each is chosen by those that are this many before it. ``on`` says
    where they train.
    """

    base: dict[str, Any]
    space: tuple[str, ...]
    trials: int = 12
    sampler: str = "tpe"
    prune: bool = False
    seed: int = 1
    fingerprint: str = ""
    at_once: int = 1
    on: str = ray_engine.LOCAL
    created_at: str = ""

    def __post_init__(self) -> None:
        """Check the values that do not depend on the searched settings.

        Raises:
            ConfigError: naming the first value that is out of range.
        """
        for holds, noun, expected, received in (
            (1 <= self.trials <= MOST_TRIALS, "trials", f"1 to {MOST_TRIALS}", self.trials),
            (
                self.sampler in SAMPLERS,
                "a sampler",
                f"one of {', '.join(SAMPLERS)}",
                self.sampler,
            ),
            (
                1 <= self.at_once <= MOST_AT_ONCE,
                "trials at once",
                f"1 to {MOST_AT_ONCE}",
                self.at_once,
            ),
            (0 <= self.seed < 2**32, "a seed of the search", "0 to 4294967295", self.seed),
        ):
            if not holds:
                raise ConfigError(f"Expected {noun}: {expected}. Received: {received}.")


class SearchResult(Struct, frozen=True, kw_only=True):
    """The best trial, and how good it is.

    ``run`` has the lowest validation loss of ``candidates`` trials. ``accuracy`` and ``loss`` were
    measured on the ``images`` validation images that chose it; ``expected_accuracy`` and
    ``expected_loss`` are the estimates for new images. ``test`` has the metrics on the locked test
    set. ``importance`` is each setting's share of the differences in loss, learned from
    ``importance_trials`` trials.
    """

    run: str
    trial: int
    candidates: int
    images: int
    accuracy: float
    expected_accuracy: float
    loss: float
    expected_loss: float
    test: LockedMetrics | None = None
    importance: dict[str, float] = {}
    importance_trials: int = 0
    is_final: bool = False

    @property
    def optimism(self) -> str:
        """How much of the validation accuracy and loss is probably luck, in sentences."""
        measured, expected = percent(self.accuracy), percent(self.expected_accuracy)
        if self.candidates == 1:
            return f"It was not chosen among others: {measured} on the validation photos."
        points = f"{(self.accuracy - self.expected_accuracy) * 100:.1f}"
        better = "hardly" if points == "0.0" else f"{points} points"
        return (
            f"The best of {self.candidates} looks {better} better than it is: "
            f"{measured} on the validation photos, expected on new photos {expected}. "
            f"Its validation loss of {self.loss:.4f} is lucky too: expect {self.expected_loss:.4f}."
        )

    @property
    def tested(self) -> str:
        """The metrics on the locked test set, in a sentence; "" without one."""
        if self.test is None:
            return ""
        found = self.test.accuracy
        return (
            f"Measured once on {self.test.images:,} locked test photos: {percent(found.value)} "
            f"({found.low * 100:.1f} to {found.high * 100:.1f})."
        )


@dataclass(frozen=True)
class Search:
    """A search on disk. ``result`` is None before the first trial has a model."""

    name: str
    settings: SearchSettings
    result: SearchResult | None = None

    @property
    def folder(self) -> Path:
        """The folder of its files."""
        return _root() / self.name

    @property
    def names(self) -> list[str]:
        """The names of the searched settings."""
        return [text.partition("=")[0] for text in self.settings.space]

    @property
    def base(self) -> RunConfig:
        """The settings that all trials share."""
        return RunConfig.from_json(self.settings.base)

    @property
    def is_complete(self) -> bool:
        """Whether all trials have ended and the best one was measured."""
        return self.result is not None and self.result.is_final

    def trials(self, runs: Sequence[Run]) -> dict[int, Run]:
        """Return the runs that are trials of this search, by their number from 1."""
        found = {
            run.about.search.trial: run
            for run in sorted(runs, key=lambda run: run.about.created_at)
            if run.about.search is not UNSET and run.about.search.name == self.name
        }
        return dict(sorted(found.items()))


def create(settings: SearchSettings) -> Search:
    """Return the search with these settings: the one that exists, or else a new one."""
    values = msgspec.to_builtins(msgspec.structs.replace(settings, created_at=""))
    # Older versions did not have these, and their searches keep their names.
    if settings.at_once == 1:
        del values["at_once"]
    if settings.on == ray_engine.LOCAL:
        del values["on"]
    key = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:8]
    name = f"{settings.base['model']}-{key}"
    if (_root() / name / _SETTINGS).is_file():
        return load(name)
    now = datetime.now().astimezone().isoformat()
    settings = msgspec.structs.replace(settings, created_at=now)
    files.write_json(_root() / name / _SETTINGS, msgspec.to_builtins(settings))
    return Search(name, settings)


def save_result(search: Search, result: SearchResult) -> None:
    """Write the result of a search."""
    files.write_json(search.folder / _RESULT, msgspec.to_builtins(result))


def load(name: str) -> Search:
    """Return the search ``name``.

    Raises:
        RunError: if it is missing or damaged.
    """
    folder = _root() / name
    try:
        settings = _read(folder / _SETTINGS, SearchSettings)
        result = _read(folder / _RESULT, SearchResult) if (folder / _RESULT).exists() else None
        found = Search(name, settings, result)
        RunConfig.from_json(settings.base)
        if unknown := set(found.names) - SETTINGS.keys():
            raise ValueError(f"settings that runs do not have: {', '.join(sorted(unknown))}")
    except (OSError, ValueError, RecursionError, msgspec.ValidationError, ConfigError) as error:
        raise RunError(
            f"Expected a search in {printable(folder.name)}. Received: {printable(str(error))}. "
            "Restore its files, or delete the folder."
        ) from None
    return found


def list_searches() -> tuple[list[Search], list[RunError]]:
    """Return the searches, newest first, and an error for each folder without a usable one."""
    found, broken = [], []
    for folder in _folders():
        try:
            found.append(load(folder.name))
        except RunError as error:
            broken.append(error)
    return sorted(found, key=lambda one: one.settings.created_at, reverse=True), broken


def find(prefix: str) -> Search:
    """Return the search of this name, or the only one whose name begins with it.

    Raises:
        RunError: when none or more than one matches.
    """
    names = [folder.name for folder in _folders() if folder.name.startswith(prefix)]
    matches = [prefix] if prefix in names else names
    if len(matches) != 1 or not prefix:
        found = ", ".join(matches[:5]) or "no such search"
        raise RunError(
            "Expected the name of a search or the beginning of exactly one. Received: "
            f"{prefix!r} ({found}). See: python -m catsdogs runs searches"
        )
    return load(matches[0])


def _root() -> Path:
    return paths.artifacts_dir() / layout.SEARCHES


def _folders() -> list[Path]:
    root = _root()
    return sorted(child for child in root.iterdir() if child.is_dir()) if root.is_dir() else []


def _read(path: Path, kind: type[Any]) -> Any:
    content = files.read_plain(path, most_bytes=_MOST_JSON_BYTES)
    return msgspec.convert(json.loads(content.decode("utf-8")), kind)
