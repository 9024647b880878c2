"""Users' decisions about a dataset's photos: keep, relabel, exclude. The files stay unchanged.

The decisions are a log in the app's data folder with one line per step: the user, the time, the
action and the photos. Lines are only added, also to undo a step. A decision is valid for a file's
path **and** content: another picture under the same name has no decision yet. Steps of the same log
add and remove tags (``tags``).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from catsdogs import paths, people
from catsdogs.background import event_log
from catsdogs.dataset import labelling
from catsdogs.errors import DatasetError
from catsdogs.labels import PETS, Classes

if TYPE_CHECKING:
    import pandas as pd

KEEP, RELABEL, EXCLUDE = "keep", "relabel", "exclude"
ACTIONS = (KEEP, RELABEL, EXCLUDE)
_UNDO, _IMPORT, _ACCEPT = "undo", "import", "accept"


@dataclass(frozen=True)
class Annotation:
    """The decision in effect for one photo. ``label`` is the new class of a relabelled photo.

    It is one of ``classes``, which may have been others than those of today.
    """

    path: str
    digest: str
    action: str
    label: int | None
    who: str
    at: str  # ISO 8601, with the offset from UTC
    classes: Classes = PETS

    @property
    def class_name(self) -> str:
        """The name of the new class, "" if there is none."""
        return "" if self.label is None else self.classes.name(self.label)


class Decision(NamedTuple):
    """A decision about one photo, in the order of the log."""

    path: str
    digest: str
    action: str
    label: int | None


class Photo(NamedTuple):
    """A photo by path and content."""

    path: str
    digest: str


Tagged = Mapping[str, Sequence[Photo]]  # photos by tag


@dataclass(frozen=True)
class Step:
    """One line of the log. A step that undoes another has no photos.

    ``tagged`` and ``untagged`` are the photos that get or lose a tag, by tag. Steps about cats and
    dogs do not name the classes.
    """

    action: str
    at: str = ""
    who: str = ""
    photos: tuple[Decision, ...] = ()
    tagged: dict[str, tuple[Photo, ...]] = field(default_factory=dict)
    untagged: dict[str, tuple[Photo, ...]] = field(default_factory=dict)
    classes: Classes = PETS

    @property
    def in_words(self) -> str:
        """The step in a few words: "exclude cat.1.jpg", "tag as blurry 12 photos"."""
        action = self.action
        if action == RELABEL and self.photos[0].label is not None:
            action += f" as {self.classes.name(self.photos[0].label)}"
        paths = [photo.path for photo in self.photos]
        tags = self.tagged or self.untagged
        if tags and not paths:
            action = f"{'tag' if self.tagged else 'untag'} as {', '.join(tags)}"
            paths = [photo.path for photo in next(iter(tags.values()))]
        return f"{action} {f'{len(paths):,} photos' if len(paths) > 1 else paths[0]}"


def annotate(root: Path, records: "pd.DataFrame", action: str, *, label: int | None = None) -> None:
    """Record one decision about all ``records`` (columns path and digest) as one step.

    Keeping a relabelled photo also keeps its new label.
    """
    before = in_effect(root) if action == KEEP else {}
    photos = []
    for path, digest in records[["path", "digest"]].itertuples(index=False, name=None):
        kept = before.get(path)
        if kept and (kept.action, kept.digest) == (RELABEL, digest):
            photos.append(Decision(path, digest, RELABEL, kept.label))
        else:
            photos.append(Decision(path, digest, action, label))
    if photos:
        append(root, action, photos=photos)


def undo(root: Path) -> None:
    """Undo the last step, if there is one."""
    if steps(root):
        append(root, _UNDO)


def last_step(root: Path) -> str:
    """Return the step that ``undo`` would undo, in words, or ""."""
    last = steps(root)[-1:]
    return last[0].in_words if last else ""


def in_effect(root: Path) -> dict[str, Annotation]:
    """Return the latest decision about each photo, by path."""
    return {
        photo.path: Annotation(*photo, who=step.who, at=step.at, classes=step.classes)
        for step in steps(root)
        for photo in step.photos
    }


def applied(
    records: "pd.DataFrame", annotations: Mapping[str, Annotation], classes: Classes = PETS
) -> "pd.DataFrame":
    """Return ``records`` with new labels applied and the columns ``excluded`` and ``reviewed``.

    A decision about other content under the same path does not count, and neither does a label
    that is not one of ``classes``.
    """
    of_now = {
        path: found
        for path, found in annotations.items()
        if found.label is None or found.class_name in classes.names
    }
    return _applied(records, of_now, classes)


def _applied(
    records: "pd.DataFrame", annotations: Mapping[str, Annotation], classes: Classes
) -> "pd.DataFrame":
    if not annotations:
        return records.assign(excluded=False, reviewed=False)
    label = records["label"].to_numpy(copy=True)
    excluded, reviewed = np.zeros((2, len(records)), dtype=bool)
    rows = np.flatnonzero(records["path"].isin(list(annotations)))
    photos = (records[name].iloc[rows].tolist() for name in ("path", "digest"))
    for row, path, digest in zip(rows.tolist(), *photos, strict=True):
        found = annotations[path]
        if found.digest == digest:
            reviewed[row], excluded[row] = True, found.action == EXCLUDE
            if found.action == RELABEL and found.label is not None:
                label[row] = classes.label(found.class_name)
    return records.assign(label=label, excluded=excluded, reviewed=reviewed)


def content_hash(records: "pd.DataFrame") -> str:
    """Return 16 hex digits that identify the changes in ``applied`` records; "" for no change."""
    changed = records[records["excluded"] | (records["label"] != records["named_label"])]
    if changed.empty:
        return ""
    columns = changed[["path", "digest", "label", "excluded"]]
    return hashlib.sha256(columns.to_csv(index=False).encode("utf-8")).hexdigest()[:16]


def import_decisions(
    root: Path, decisions: list[Decision], *, tagged: Tagged | None = None
) -> None:
    """Record decisions about different photos, and tags of photos, as one step."""
    append(root, _IMPORT, photos=decisions, tagged=tagged or {})


def accept(root: Path, photos: "pd.DataFrame") -> None:
    """Label all ``photos`` (columns path, digest and label) as one step."""
    rows = photos[["path", "digest", "label"]].itertuples(index=False, name=None)
    decisions = [Decision(path, digest, RELABEL, int(label)) for path, digest, label in rows]
    if decisions:
        append(root, _ACCEPT, photos=decisions)


def accepted(root: Path) -> set[str]:
    """Return the paths whose decision in effect was a suggestion that the user accepted."""
    last = {photo.path: step.action for step in steps(root) for photo in step.photos}
    return {path for path, action in last.items() if action == _ACCEPT}


def log_file(root: Path) -> Path:
    """Return the file of the decisions about ``root``."""
    return paths.review_dir(root) / "annotations.jsonl"


def append(root: Path, action: str, **about: Sequence[Decision] | Tagged) -> None:
    """Add a step to the log; ``about`` are fields of ``Step``, of which empty ones are left out.

    Raises:
        NotAllowed: if the person may only look.
        DatasetError: if it cannot be written.
    """
    people.require_editor("decide about photos")
    step = {
        "at": datetime.now().astimezone().isoformat(),
        "who": people.current().name,
        "action": action,
    }
    classes = labelling.load(root).classes
    named = {} if classes.are_pets else {"classes": msgspec.to_builtins(classes)}
    said = {name: value for name, value in about.items() if value}
    log = log_file(root)
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        event_log.append(log, {**step, **(named if said else {}), **said}, durable=True)
    except OSError as error:
        raise DatasetError(
            f"Expected to write a decision into {log}. Received: {error.strerror}. The "
            "decision was not saved: fix this, then decide again."
        ) from None


def steps(root: Path) -> list[Step]:
    """Return the steps that were not undone, oldest first.

    Raises:
        DatasetError: if they cannot be read: without them, excluded photos would be used.
    """
    log = log_file(root)
    try:
        recorded = event_log.records(log.read_bytes(), _decoded)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DatasetError(
            f"Expected to read the decisions in {log}. Received: {error.strerror}. Fix "
            "this first: without them, excluded photos would be used."
        ) from None
    found: list[Step] = []
    for step in recorded:
        if step.action == _UNDO:
            del found[-1:]
        else:
            found.append(step)
    return found


def _decoded(line: bytes) -> Step | None:
    """Return the step of a line; None for a torn line."""
    record = event_log.decoded_object(line)
    try:
        return None if record is None else msgspec.convert(record, Step)
    except msgspec.ValidationError:
        return None
