"""The runs on disk, one folder each. Files appear whole; events are appended.

A page lists a thousand runs at every click, and a run has thousands of events. So a listed run
knows only its last event; it reads the others when its ``view`` is used.
"""

import json
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from secrets import token_hex
from typing import Any

import msgspec
from msgspec import structs

from catsdogs import paths, people
from catsdogs.errors import ConfigError, RunError
from catsdogs.runs import layout, numbers
from catsdogs.runs.about import About, Machine
from catsdogs.runs.command import repeating
from catsdogs.runs.config import RunConfig
from catsdogs.runs.event_file import read_ending, read_view
from catsdogs.runs.events import State
from catsdogs.runs.run import Remarks, Run
from catsdogs.sources import current
from catsdogs.sources.sample import SAMPLE_NAME
from catsdogs.system import files
from catsdogs.system.processes import is_alive
from catsdogs.text import printable

LONGEST_NAME, LONGEST_NOTE = 80, 2000
_LONGEST_REASON = 300
# Errors that reading a damaged file can raise.
_UNUSABLE = (
    *(ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError),
    ConfigError,
)
# More than any run writes: its settings take a kilobyte, an event a tenth of one.
_MOST_JSON_BYTES, _MOST_EVENT_BYTES = 1 << 20, 256 << 20


def create(config: RunConfig, about: About) -> Path:
    """Create the folder of a new run with its configuration, and return it."""
    now = datetime.now().astimezone()
    folder = _new_folder(f"{now:%Y%m%d-%H%M%S}-{config.model}")
    about = structs.replace(
        about, run=folder.name, created_at=now.isoformat(), config=config.to_json()
    )
    try:
        files.write_json(folder / layout.CONFIG, about.to_json())
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    numbers.record(folder.parent)
    return folder


def _new_folder(stem: str) -> Path:
    """Create a folder for a run, named after ``stem`` and four digits that no other run has."""
    while True:
        folder = paths.artifacts_dir() / f"{stem}-{token_hex(2)}"
        with suppress(FileExistsError):
            folder.mkdir(parents=True)
            return folder


def record_machine(folder: Path, machine: Machine) -> None:
    """Write down which machine makes the run in ``folder``, if it is not the one that began it."""
    about = msgspec.convert(_read_json(folder / layout.CONFIG), About)
    changed = structs.replace(about, machine=machine)
    files.write_json(folder / layout.CONFIG, changed.to_json())


def load(folder: Path) -> Run:
    """Read one run.

    Raises:
        RunError: when its configuration is missing or unusable, or the folder is a link.
    """
    events = _signature(folder / layout.EVENTS)
    try:
        _require_plain(folder)
        run = _read(folder, _signature(folder / layout.CONFIG), events)
        run = replace(
            run,
            remarks=_read_remarks(folder, _signature(folder / layout.REMARKS)),
            number=numbers.number(folder),
        )
    except OSError as error:
        # Not cached: a run that cannot be read at the moment may be readable soon.
        advice = "Restore its files, or delete the folder."
        if not isinstance(error, FileNotFoundError):
            advice = "Fix this: the run itself may be intact."
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
        is_stopping = (folder / layout.STOP).exists()
        return replace(run, state=State.STOPPING if is_stopping else State.RUNNING)
    # Its last event may have been written between reading the events and checking the process.
    ended_meanwhile = _signature(folder / layout.EVENTS) != events
    return load(folder) if ended_meanwhile else replace(run, state=State.LOST)


def remark(run: Run, remarks: Remarks) -> None:
    """Save the owner's remarks without leading or trailing space and unprintable characters.

    Raises:
        ConfigError: when the name or the note is too long.
        OSError: when it cannot be written.
        NotAllowed: when the person may only look.
    """
    people.require_editor("change the remarks of a run")
    person = people.current()
    remarks = replace(_shown(remarks), remarked_by=person.name if person.is_known else "")
    for what, text, longest in (
        ("name", remarks.name, LONGEST_NAME),
        ("note", remarks.note, LONGEST_NOTE),
    ):
        if len(text) > longest:
            raise ConfigError(
                f"Expected a {what} of at most {longest:,} characters. Received: {len(text):,}. "
                "Shorten it."
            )
    files.write_json(run.folder / layout.REMARKS, asdict(remarks))


def list_runs() -> tuple[list[Run], list[RunError]]:
    """Return the runs, newest first, and an error for each folder that holds no usable run."""
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
        if child.is_dir() and numbers.may_be_run(child):
            try:
                runs.append(load(child))
            except RunError as error:
                broken.append(error)
    return sorted(runs, key=lambda run: run.about.created_at, reverse=True), broken


def find(prefix: str) -> Run:
    """Return the run with this id, or the only one whose id begins with it.

    Raises:
        RunError: when no run or more than one matches.
    """
    root = paths.artifacts_dir()
    folders = filter(Path.is_dir, root.iterdir()) if root.is_dir() else ()
    names = sorted(
        child.name
        for child in folders
        if child.name.startswith(prefix) and numbers.may_be_run(child)
    )
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
    """Return ``find_usable(prefix)`` if it has its model file.

    Raises:
        RunError: when there is no such run, or it has no model file.
    """
    run = find_usable(prefix)
    if not run.can_classify:
        raise RunError(
            f"Expected a run with its model file. Received: {run.run_id}, which comes with the "
            f"project without its model file. Train it yourself: {repeating(run.config)}"
        )
    return run


def named_or_best(names: Sequence[str]) -> list[Run]:
    """Return the named runs, each with its model file; without a name, ``best_usable()``.

    Raises:
        RunError: for a name without a run, or when there is no trained run.
    """
    runs = [find_with_model(name) for name in names] or best_usable()
    if not runs:
        classes = current.classes()
        kind = "" if classes.are_pets else f" that tells {classes} apart, as the current dataset"
        raise RunError(
            f"Expected a trained run{kind}. Received: none yet. Train one first: "
            "python -m catsdogs train --help"
        )
    return runs


def best_usable() -> list[Run]:
    """Return the most trustworthy run of each model, among those on the current dataset's classes.

    A run that learned from drawings, was stopped, or has optimistic metrics is chosen only when
    there is no other.
    """

    def merit(run: Run) -> tuple[bool, bool, bool, float]:
        learned_from_photos = run.about.dataset.name != SAMPLE_NAME
        images = run.result.val_images
        # Add two right and two wrong answers (Agresti and Coull, 1998): 10 of 10 prove little.
        accuracy = (run.result.val_accuracy * images + 2) / (images + 4)
        return learned_from_photos, run.state is State.FINISHED, not run.caveat, accuracy

    best: dict[str, Run] = {}
    classes = current.classes()
    able = [run for run in list_runs()[0] if run.can_classify and run.classes == classes]
    for run in sorted(able, key=merit, reverse=True):
        best.setdefault(run.config.model, run)
    return list(best.values())


# Every click lists all runs, and hardly any has changed since the last click.
@lru_cache(maxsize=4096)
def _read(folder: Path, config_signature: object, events_signature: object) -> Run:
    """Return a run from its files alone, without checking whether its worker is alive."""
    about = msgspec.convert(_read_json(folder / layout.CONFIG), About)
    config = RunConfig.from_json(about.config)
    datetime.fromisoformat(about.created_at)
    fingerprint = about.dataset.fingerprint
    if printable(fingerprint) != fingerprint:
        raise ValueError("its dataset has no name or no fingerprint")
    ending = read_ending(folder)
    if ending is not None:
        return Run(folder.name, folder, config, about, ending.state, ending)
    view = read_view(folder)
    if (
        view.ending is not None
    ):  # Its line is too long to find from the end of the file, or a damaged line follows.
        return Run(folder.name, folder, config, about, view.state, view.ending)
    if view.worker is None and view.queued_at is None:  # Not queued, so nothing will start it.
        return Run(folder.name, folder, config, about, State.LOST)
    return Run(
        *(folder.name, folder, config, about, view.state),
        worker=view.worker,
        earlier=view.result,
    )


@lru_cache(maxsize=4096)
def _read_remarks(folder: Path, signature: object) -> Remarks:
    try:
        said = _read_json(folder / layout.REMARKS)
        name, note, starred = said["name"], said["note"], said["starred"]
    except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError):
        return Remarks()  # Without remarks, or with damaged ones, the run is still usable.
    remarked_by = printable(str(said.get("remarked_by", "")))
    return _shown(Remarks(str(name), str(note), bool(starred), remarked_by))


def _read_json(path: Path) -> Any:
    return json.loads(files.read_plain(path, most_bytes=_MOST_JSON_BYTES).decode("utf-8"))


def _require_plain(folder: Path) -> None:
    """Refuse links out of the runs folder, and event files too large to read."""
    if folder.is_symlink():
        raise OSError("it is a link: move the folder itself into the runs folder")
    try:
        status = (folder / layout.EVENTS).lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(status.st_mode):
        raise OSError(f"{layout.EVENTS} is not a regular file")
    if status.st_size > _MOST_EVENT_BYTES:
        raise OSError(f"{layout.EVENTS} has {status.st_size:,} bytes")


def _brief(error: Exception) -> str:
    """Return an error as one short, printable line."""
    words = printable(" ".join(f"{error}".split()))
    return words if len(words) <= _LONGEST_REASON else f"{words[:_LONGEST_REASON]} …"


def _shown(remarks: Remarks) -> Remarks:
    lines = (printable(line.rstrip()) for line in remarks.note.strip().splitlines())
    name = printable(" ".join(remarks.name.split()))
    return replace(remarks, name=name, note="\n".join(lines))


def _signature(path: Path) -> tuple[int, int] | None:
    """Return a value that changes when the file does; None without a file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
