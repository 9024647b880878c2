"""The run folder on disk: ``artifacts/<run_id>/``. Files appear whole; events are appended.

A page lists a thousand runs at every click, and a run has thousands of events. So a listed run
knows only what its last event says, and reads the others when its ``view`` is asked for.
"""

import hashlib
import json
import shutil
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import lru_cache
from math import nan
from pathlib import Path
from secrets import token_hex
from typing import Any

import pandas as pd

from catsdogs import files, paths
from catsdogs.backbones import IMAGENET, SHIPPED
from catsdogs.data.sources import SAMPLE_NAME
from catsdogs.errors import ConfigError, RunError
from catsdogs.processes import Identity, is_alive
from catsdogs.runs.config import RunConfig
from catsdogs.runs.event_file import EVENTS, read_ending, read_view
from catsdogs.runs.events import Event, RunView, State
from catsdogs.text import printable

CONFIG, STOP, LOG = "config.json", "stop", "worker.log"
KERAS_MODEL, LITERT_MODEL, REFERENCES = "model.keras", "model.tflite", "references.npz"
REMARKS = "remarks.json"
PREDICTIONS, EVALUATION, MODEL_CARD = "predictions.parquet", "evaluation.json", "model_card.md"
CHECKPOINT, RESERVE, EARLIER = "checkpoint.npz", ".reserve", ".earlier"
LONGEST_NAME, LONGEST_NOTE = 80, 2000
_LONGEST_REASON = 300
_NOT_LEFT = dict.fromkeys(
    ("val_loss", "train_images", "parameters", "model_bytes", "latency_ms"), nan
)
# What damaged files make their readers raise.
_UNUSABLE = (
    *(ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError),
    ConfigError,
)
# More than any run writes: its settings take a kilobyte, an event a tenth of one.
_MOST_JSON_BYTES, _MOST_EVENT_BYTES = 1 << 20, 256 << 20
_COMPUTED_WITH = (KERAS_MODEL, LITERT_MODEL, PREDICTIONS, REFERENCES)
MODEL_FILES = (*_COMPUTED_WITH, EVALUATION, MODEL_CARD)


@dataclass(frozen=True)
class Remarks:
    """What its owner says of a run."""

    name: str = ""
    note: str = ""
    starred: bool = False

    @property
    def line(self) -> str:
        """The note in one line."""
        return " / ".join(self.note.splitlines())


@dataclass(frozen=True)
class Run:
    """A run as it was on disk when it was loaded. ``about`` is the whole of ``config.json``.

    ``state`` takes dead workers and requested stops into account. ``ending`` is the last event of
    a run that has ended, ``worker`` the process of one that has not. ``earlier`` are the figures of
    the model that is still there while the run is resumed or extended.
    """

    run_id: str
    folder: Path
    config: RunConfig
    about: dict[str, Any]
    state: State
    ending: Event | None = None
    worker: Identity | None = None
    earlier: dict[str, Any] | None = None
    remarks: Remarks = Remarks()

    @property
    def view(self) -> RunView:
        """Everything that its events say by now; nothing where they cannot be read just then."""
        view = RunView()
        with suppress(OSError):
            view = read_view(self.folder)
        return replace(view, state=self.state)

    @property
    def result(self) -> dict[str, Any]:
        """The figures of a run with a model, NaN where it left none; else nothing.

        Without its accuracy, and on how many images, a model cannot be told from any other.
        """
        found = (self.ending or {}).get("result") or self.earlier or {}
        if "val_accuracy" not in found or "val_images" not in found:
            return {}
        return {**_NOT_LEFT, **found, "seconds": {"total": nan, **found.get("seconds", {})}}

    @property
    def message(self) -> str:
        """Why it ended, where there is more to say than that it did."""
        return (self.ending or {}).get("message") or ""

    @property
    def is_usable(self) -> bool:
        """Whether it has a model that can classify, perhaps from before it failed or goes on."""
        return bool(self.result)

    @property
    def is_reference(self) -> bool:
        """Whether it came with the project, and is there to stay."""
        return self.about.get("reference") is True

    @property
    def command(self) -> str:
        """The command line that repeats it."""
        return "make reference DATA=…" if self.is_reference else self.config.command()

    @property
    def can_classify(self) -> bool:
        """Whether it is usable for new pictures: some reference runs come without their model."""
        return self.is_usable and not (
            self.is_reference and not (self.folder / LITERT_MODEL).is_file()
        )

    @property
    def began_from(self) -> str:
        """What MobileNetV2 began with: IMAGENET, SHIPPED, or 12 hex digits of another file."""
        known = self.result or self.view.resolved
        return known.get("weights", IMAGENET)

    @property
    def caveat(self) -> str:
        """What a reader of its figures must know; "" where nothing is unusual."""
        if self.began_from != SHIPPED:
            return ""
        return (
            "It began from the MobileNetV2 that comes with this project, which has learned from "
            "photos of Dogs vs. Cats already: on such photos the validation score is optimistic."
        )

    @property
    def epochs_done(self) -> int:
        """How many epochs it has behind it, the last perhaps in part."""
        known = (self.ending or {}).get("epochs")
        return len(self.view.epochs) if known is None else known

    @property
    def epochs_planned(self) -> int:
        """How many epochs it is to have, extensions included."""
        known = (self.ending or {}).get("planned")
        return self.view.epochs_planned(self.config.all_epochs) if known is None else known

    @property
    def name(self) -> str:
        """Its model and recipe, after the name that its owner gave it, and "reference" where so."""
        own = self.remarks.name
        name = f"{own} ({self.config.title})" if own else self.config.title
        return f"{name} · reference" if self.is_reference else name

    @property
    def title(self) -> str:
        """A short name for pages: its name, its seed, and when the run was made."""
        created = datetime.fromisoformat(self.about["created_at"])
        return f"{self.name} · seed {self.config.seed} · {created:%d %b %H:%M:%S}"


def create(config: RunConfig, about: dict[str, Any]) -> Path:
    """Make the folder of a new run, with its configuration, and return it."""
    now = datetime.now().astimezone()
    run_id = f"{now:%Y%m%d-%H%M%S}-{config.model}-{token_hex(2)}"
    folder = paths.artifacts_dir() / run_id
    folder.mkdir(parents=True)
    content = {"run": run_id, "created_at": now.isoformat(), "config": config.to_json(), **about}
    try:
        files.write_json(folder / CONFIG, content)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def counts(run: Run) -> dict[str, int]:
    """Return what the last event says of a run's epochs, for those who read no other."""
    view = run.view
    return {"epochs": len(view.epochs), "planned": view.epochs_planned(run.config.all_epochs)}


def load(folder: Path) -> Run:
    """Read one run.

    Raises:
        RunError: when its configuration is missing or unusable, or it does not stand here itself.
    """
    events = _signature(folder / EVENTS)
    try:
        _require_plain(folder)
        run = _read(folder, _signature(folder / CONFIG), events)
        run = replace(run, remarks=_read_remarks(folder, _signature(folder / REMARKS)))
    except OSError as error:
        # Not remembered: what cannot be read just now is no reason to forget a run, or to lose it.
        advice = "Restore its files, or delete the folder."
        if not isinstance(error, FileNotFoundError):
            advice = "Mend that: the run itself may be sound."
        raise RunError(
            f"Expected a run in {folder.name}. Received: files that cannot be read "
            f"({_brief(error)}). {advice}"
        ) from None
    except _UNUSABLE as error:
        raise RunError(
            f"Expected a run in {folder.name}. Received: a folder whose configuration or events "
            f"cannot be used ({_brief(error)}). Delete the folder, or restore its files."
        ) from None
    if run.worker is None or run.ending is not None:
        return run
    if is_alive(run.worker):
        return replace(run, state=State.STOPPING if (folder / STOP).exists() else State.RUNNING)
    # Its last event may have come between the look at the events and the look at the process.
    ended_meanwhile = _signature(folder / EVENTS) != events
    return load(folder) if ended_meanwhile else replace(run, state=State.LOST)


def remark(run: Run, remarks: Remarks) -> None:
    """Keep what its owner says of a run; space at the ends and what cannot be shown is left out.

    Raises:
        ConfigError: when the name or the note is too long.
        OSError: when it cannot be written.
    """
    remarks = _shown(remarks)
    for what, text, longest in (
        ("name", remarks.name, LONGEST_NAME),
        ("note", remarks.note, LONGEST_NOTE),
    ):
        if len(text) > longest:
            raise ConfigError(
                f"Expected a {what} of at most {longest:,} characters. Received: {len(text):,}. "
                "Shorten it."
            )
    files.write_json(run.folder / REMARKS, asdict(remarks))


def list_runs() -> tuple[list[Run], list[RunError]]:
    """Return the runs, newest first, and what is wrong with folders that hold none."""
    runs, broken = [], []
    folder = paths.artifacts_dir()
    try:
        children = sorted(folder.iterdir(), reverse=True) if folder.is_dir() else []
    except OSError as error:
        return [], [
            RunError(
                f"Expected to list the runs in {folder}. Received: {error.strerror}. Check the "
                "folder's permissions and its disk."
            )
        ]
    for child in children:
        if child.is_dir() and not child.name.startswith("."):
            try:
                runs.append(load(child))
            except RunError as error:
                broken.append(error)
    return sorted(runs, key=lambda run: run.about["created_at"], reverse=True), broken


def find(prefix: str) -> Run:
    """Return the run with this id, or whose id alone begins with it.

    Raises:
        RunError: when no run or more than one matches.
    """
    root = paths.artifacts_dir()
    folders = [child for child in root.iterdir() if child.is_dir()] if root.is_dir() else []
    names = sorted(child.name for child in folders if child.name.startswith(prefix))
    matches = [prefix] if prefix in names else names
    if len(matches) != 1 or not prefix:
        found = ", ".join(matches[:5]) or "no such run"
        raise RunError(
            f"Expected a run id or the beginning of exactly one. Received: {prefix!r} ({found}). "
            "See: python -m catsdogs runs list"
        )
    return load(root / matches[0])


def find_usable(prefix: str) -> Run:
    """Return ``find(prefix)`` if that run has a model.

    Raises:
        RunError: when there is no such run, or it has no model.
    """
    run = find(prefix)
    if not run.is_usable:
        raise RunError(
            f"Expected a run with a trained model. Received: {run.run_id}, which is {run.state}. "
            "Wait until it has finished, or choose another."
        )
    return run


def find_with_model(prefix: str) -> Run:
    """Return ``find_usable(prefix)`` if its model is here.

    Raises:
        RunError: when there is no such run, or its model is not here.
    """
    run = find_usable(prefix)
    if not run.can_classify:
        raise RunError(
            f"Expected a run whose model is here. Received: {run.run_id}, which came with the "
            f"project without its model file. Train it yourself: {run.config.command()}"
        )
    return run


def best_usable() -> list[Run]:
    """Return the run of each architecture that can be trusted most to be right.

    One that learned from drawings, that was stopped, or whose figures are optimistic counts only
    where there is no other.
    """

    def merit(run: Run) -> tuple[bool, bool, bool, float]:
        learned_from_photos = run.about["dataset"]["name"] != SAMPLE_NAME
        images = run.result["val_images"]
        # As if two more were right and two wrong (Agresti and Coull, 1998): 10 of 10 are no proof.
        accuracy = (run.result["val_accuracy"] * images + 2) / (images + 4)
        return learned_from_photos, run.state is State.FINISHED, not run.caveat, accuracy

    best: dict[str, Run] = {}
    for run in sorted((run for run in list_runs()[0] if run.can_classify), key=merit, reverse=True):
        best.setdefault(run.config.model, run)
    return list(best.values())


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that a run leaves for others to compute with."""
    found = (folder / name for name in _COMPUTED_WITH)
    return {path.name: files.sha256(path) for path in found if path.is_file()}


def place(run: Run, name: str) -> Path:
    """Return where the file is that the run's figures are of; see ``runs.earlier``."""
    kept = run.folder / EARLIER
    # A run that has ended has everything in its place, and what was set aside is of before that.
    return (kept if run.ending is None and kept.is_dir() else run.folder) / name


def intact(run: Run, name: str) -> Path:
    """Return the path of one of a run's files, if it still is as the run left it.

    A flipped bit in a model mostly goes unnoticed otherwise. Runs of before kept no checksums.

    Raises:
        RunError: when it is missing, or has other content.
    """
    path = place(run, name)
    expected = run.result.get("sha256", {}).get(name)
    try:
        with files.opened_plain(path) as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise RunError(
            f"Expected {name} of {run.run_id}. Received: {error.strerror}. Train the run again, or "
            "delete it."
        ) from None
    if expected not in (None, found):
        raise RunError(
            f"Expected {name} of {run.run_id} as its training left it. Received: a file with other "
            "content, damaged or replaced since. Restore it, train the run again, or delete it."
        )
    return path


def read_predictions(run: Run) -> pd.DataFrame:
    """Return the run's validation predictions: path, label, p_dog, digest.

    Raises:
        RunError: when the file is missing or damaged.
    """
    try:
        return pd.read_parquet(intact(run, PREDICTIONS))
    except (OSError, ValueError) as error:
        raise RunError(
            f"Expected the validation predictions of {run.run_id}. Received: {error}. "
            "Train it again, or delete it."
        ) from None


# A list of runs is read at every click, and hardly any of them has changed since the last one.
@lru_cache(maxsize=4096)
def _read(folder: Path, config_signature: object, events_signature: object) -> Run:
    """Return a run as its files tell it, which do not know whether its worker is alive."""
    about = _read_json(folder / CONFIG)
    config = RunConfig.from_json(about["config"])
    datetime.fromisoformat(about["created_at"])
    name, fingerprint = about["dataset"]["name"], about["dataset"]["fingerprint"]
    if not isinstance(name, str) or printable(fingerprint) != fingerprint:
        raise ValueError("its dataset has no name or no fingerprint")
    ending = read_ending(folder)
    if ending is not None:
        return Run(folder.name, folder, config, about, State(ending["event"]), ending)
    view = read_view(folder)
    if view.ending is not None:  # Its line is a long one, or is not the last that can be read.
        return Run(folder.name, folder, config, about, view.state, view.ending)
    if view.pid is None and view.queued_at is None:  # Nobody will begin it by themselves.
        return Run(folder.name, folder, config, about, State.LOST)
    worker = None
    if view.pid is not None and view.pid_started_at is not None:
        worker = Identity(view.pid, view.pid_started_at, view.boot_id, view.pid_started_ticks)
    return Run(
        *(folder.name, folder, config, about, view.state), worker=worker, earlier=view.result
    )


@lru_cache(maxsize=4096)
def _read_remarks(folder: Path, signature: object) -> Remarks:
    try:
        said = _read_json(folder / REMARKS)
        name, note, starred = said["name"], said["note"], said["starred"]
    except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError):
        return Remarks()  # There are none, or what was damaged is not worth losing a run for.
    return _shown(Remarks(str(name), str(note), bool(starred)))


def _read_json(path: Path) -> Any:
    return json.loads(files.read_plain(path, most_bytes=_MOST_JSON_BYTES).decode("utf-8"))


def _require_plain(folder: Path) -> None:
    """Refuse what leads out of the runs folder, and events that nobody could wait for."""
    if folder.is_symlink():
        raise OSError("it is a link: move the folder itself here")
    try:
        status = (folder / EVENTS).lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(status.st_mode):
        raise OSError(f"{EVENTS} is no plain file")
    if status.st_size > _MOST_EVENT_BYTES:
        raise OSError(f"{EVENTS} has {status.st_size:,} bytes")


def _brief(error: Exception) -> str:
    """Return an error in one line that fits a page, whatever a file made it say."""
    words = printable(" ".join(f"{error}".split()))
    return words if len(words) <= _LONGEST_REASON else f"{words[:_LONGEST_REASON]} …"


def _shown(remarks: Remarks) -> Remarks:
    lines = (printable(line.rstrip()) for line in remarks.note.strip().splitlines())
    name = printable(" ".join(remarks.name.split()))
    return replace(remarks, name=name, note="\n".join(lines))


def _signature(path: Path) -> tuple[int, int] | None:
    """Return what changes when the file does; None without one."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
