"""Users' decisions about a dataset's photos: keep, relabel, exclude. The files stay unchanged.

The decisions are a log in the app's data folder with one line per step: the user, the time, the
action and the photos. Lines are only added, also to undo a step. A decision is valid for a file's
path **and** content: another picture under the same name has no decision yet.
"""

import csv
import getpass
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import pandas as pd

from catsdogs import paths
from catsdogs.background import event_log
from catsdogs.errors import DatasetError
from catsdogs.labels import CLASS_NAMES
from catsdogs.text import cell, from_cell

KEEP, RELABEL, EXCLUDE = "keep", "relabel", "exclude"
ACTIONS = (KEEP, RELABEL, EXCLUDE)
_UNDO, _IMPORT = "undo", "import"
CSV_COLUMNS = ("path", "digest", "action", "label", "who", "at")


@dataclass(frozen=True)
class Annotation:
    """The decision in effect for one photo. ``label`` is the new class of a relabelled photo."""

    path: str
    digest: str
    action: str
    label: int | None
    who: str
    at: str  # ISO 8601, with the offset from UTC


class _Decision(NamedTuple):
    """A decision about one photo, in the order of the log."""

    path: str
    digest: str
    action: str
    label: int | None


@dataclass(frozen=True)
class _Step:
    """One line of the log. A step that undoes another has no photos."""

    action: str
    at: str = ""
    who: str = ""
    photos: tuple[_Decision, ...] = ()


def annotate(root: Path, records: pd.DataFrame, action: str, *, label: int | None = None) -> None:
    """Record one decision about all ``records`` (columns path and digest) as one step.

    Keeping a relabelled photo also keeps its new label.
    """
    before = in_effect(root) if action == KEEP else {}
    photos = []
    for path, digest in records[["path", "digest"]].itertuples(index=False, name=None):
        kept = before.get(path)
        if kept and (kept.action, kept.digest) == (RELABEL, digest):
            photos.append(_Decision(path, digest, RELABEL, kept.label))
        else:
            photos.append(_Decision(path, digest, action, label))
    if photos:
        _append(root, action, photos)


def undo(root: Path) -> None:
    """Undo the last step, if there is one."""
    if _steps(root):
        _append(root, _UNDO, [])


def last_step(root: Path) -> str:
    """Return the step that ``undo`` would undo, in words, or ""."""
    steps = _steps(root)
    if not steps:
        return ""
    last = steps[-1]
    first, *others = last.photos
    action = last.action
    if action == RELABEL and first.label is not None:
        action += f" as {CLASS_NAMES[first.label]}"
    return f"{action} {f'{len(others) + 1:,} photos' if others else first.path}"


def in_effect(root: Path) -> dict[str, Annotation]:
    """Return the latest decision about each photo, by path."""
    return {
        photo.path: Annotation(*photo, who=step.who, at=step.at)
        for step in _steps(root)
        for photo in step.photos
    }


def applied(records: pd.DataFrame, annotations: Mapping[str, Annotation]) -> pd.DataFrame:
    """Return ``records`` with new labels applied and the columns ``excluded`` and ``reviewed``.

    A decision about other content under the same path does not count.
    """
    if not annotations:
        return records.assign(excluded=False, reviewed=False)
    about = records["path"].map(annotations)
    holds = about.map(lambda found: found.digest, na_action="ignore") == records["digest"]
    action = about[holds].map(lambda found: found.action).reindex(records.index)
    label = about[holds].map(lambda found: found.label).reindex(records.index)
    relabelled = action == RELABEL
    return records.assign(
        label=records["label"].mask(relabelled, label).astype(records["label"].dtype),
        excluded=action == EXCLUDE,
        reviewed=holds,
    )


def content_hash(records: pd.DataFrame) -> str:
    """Return 16 hex digits that identify the changes in ``applied`` records; "" for no change."""
    changed = records[records["excluded"] | (records["label"] != records["named_label"])]
    if changed.empty:
        return ""
    columns = changed[["path", "digest", "label", "excluded"]]
    return hashlib.sha256(columns.to_csv(index=False).encode("utf-8")).hexdigest()[:16]


def to_csv(root: Path, records: pd.DataFrame) -> str:
    """Return the decisions about ``records`` as CSV text with the columns of ``CSV_COLUMNS``.

    A cell that looks like a spreadsheet formula begins with "'", which ``from_csv`` removes.
    """
    digests = dict(zip(records["path"], records["digest"], strict=True))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(CSV_COLUMNS)
    for path, found in in_effect(root).items():
        if digests.get(path) == found.digest:
            name = "" if found.label is None else CLASS_NAMES[found.label]
            row = [path, found.digest, found.action, name, found.who, found.at]
            writer.writerow(map(cell, row))
    return text.getvalue()


def from_csv(root: Path, records: pd.DataFrame, text: str) -> int:
    """Import the decisions of a CSV as one step; return the number of photos.

    Each row needs ``path`` and ``action``, and ``label`` (cat or dog) to relabel. If several rows
    are about one photo, the last one counts. A row is refused if its photo is not among
    ``records``, cannot be read, or has other content than the ``digest`` in the row.

    Raises:
        DatasetError: naming the first line that is refused. Nothing is imported then.
    """
    decided = _read_csv(records, text)
    if not decided:
        raise DatasetError(
            "Expected a CSV with the columns path, action and label, and at least one row. "
            "Received: none. Export one to see what it looks like."
        )
    _append(root, _IMPORT, list(decided.values()))
    return len(decided)


def _read_csv(records: pd.DataFrame, text: str) -> dict[str, _Decision]:
    """Return the last decision about each photo, by path."""
    digests = dict(zip(records["path"], records["digest"], strict=True))
    problems = dict(zip(records["path"], records["problem_detail"], strict=True))
    decided = {}
    reader = csv.DictReader(io.StringIO(text))
    try:
        if not {"path", "action"} <= set(reader.fieldnames or ()):
            raise DatasetError(
                "Expected a CSV with the columns path, action and label, separated by commas. "
                f"Received: {', '.join(map(repr, reader.fieldnames or ())) or 'nothing'}. "
                "Export one to see what it looks like."
            )
        for row in reader:
            decision = _checked(row, reader.line_num, digests, problems)
            decided[decision.path] = decision
    except csv.Error as error:
        raise DatasetError(
            f"Expected a CSV. Received: a file that cannot be read as one ({error}). "
            "Export one to see what it looks like."
        ) from None
    return decided


def _checked(
    row: dict[str, str], number: int, digests: dict[str, str], problems: dict[str, str]
) -> _Decision:
    path, action, label = (from_cell(row.get(name) or "") for name in ("path", "action", "label"))
    digest = row.get("digest") or digests.get(path, "")
    wrong = ""
    if path not in digests:
        wrong = f"{path!r}, which is not in this dataset"
    elif problems[path]:
        wrong = f"{path}, which cannot be read ({problems[path]})"
    elif digest != digests[path]:
        wrong = f"{path}, whose content has changed"
    elif action not in ACTIONS:
        wrong = f"the action {action!r}; the known ones are {', '.join(ACTIONS)}"
    elif action == RELABEL and label not in CLASS_NAMES:
        wrong = f"the label {label!r}; the known ones are {', '.join(CLASS_NAMES)}"
    if wrong:
        raise DatasetError(
            f"Expected a decision about a photo of this dataset in line {number} of the CSV. "
            f"Received: {wrong}. Correct the line; nothing was imported."
        )
    new_label = CLASS_NAMES.index(label) if action == RELABEL else None
    return _Decision(path, digest, action, new_label)


def log_file(root: Path) -> Path:
    """Return the file of the decisions about ``root``."""
    return paths.review_dir(root) / "annotations.jsonl"


def _append(root: Path, action: str, photos: list[_Decision]) -> None:
    step = {"at": datetime.now().astimezone().isoformat(), "who": _user(), "action": action}
    log = log_file(root)
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        event_log.append(log, {**step, "photos": photos} if photos else step, durable=True)
    except OSError as error:
        raise DatasetError(
            f"Expected to write a decision into {log}. Received: {error.strerror}. The "
            "decision was not saved: fix this, then decide again."
        ) from None


def _steps(root: Path) -> list[_Step]:
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
    steps: list[_Step] = []
    for step in recorded:
        if step.action == _UNDO:
            del steps[-1:]
        else:
            steps.append(step)
    return steps


def _decoded(line: bytes) -> _Step | None:
    """Return the step of a line; None for a torn line."""
    record = event_log.decoded_object(line)
    try:
        return None if record is None else msgspec.convert(record, _Step)
    except msgspec.ValidationError:
        return None


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
