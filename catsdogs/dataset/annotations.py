"""What people decided about a dataset's photos: keep, relabel, exclude. The files stay untouched.

A log below the app's data folder, one line a step: who, when, what, which photos. Nothing in it is
ever rewritten; undoing a step adds a line too. A decision holds for a file's path **and** content:
another picture under the same name was never decided about.
"""

import csv
import getpass
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

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
    """The decision in effect for one photo. ``label`` is the new class of a relabelled one."""

    path: str
    digest: str
    action: str
    label: int | None
    who: str
    at: str  # ISO 8601, with the offset from UTC


def annotate(root: Path, records: pd.DataFrame, action: str, *, label: int | None = None) -> None:
    """Record one decision about all ``records`` (columns path and digest) as one step.

    Keeping a photo that was relabelled keeps its new label.
    """
    before = in_effect(root) if action == KEEP else {}
    photos = []
    for path, digest in records[["path", "digest"]].itertuples(index=False, name=None):
        kept = before.get(path)
        if kept and (kept.action, kept.digest) == (RELABEL, digest):
            photos.append([path, digest, RELABEL, kept.label])
        else:
            photos.append([path, digest, action, label])
    if photos:
        _append(root, {"action": action, "photos": photos})


def undo(root: Path) -> None:
    """Take the last step back, if there is one."""
    if _steps(root):
        _append(root, {"action": _UNDO})


def last_step(root: Path) -> str:
    """Return what ``undo`` would take back, in words, or ""."""
    steps = _steps(root)
    if not steps:
        return ""
    (path, _, _, label), *others = steps[-1]["photos"]
    action = steps[-1]["action"]
    if action == RELABEL:
        action += f" as {CLASS_NAMES[label]}"
    return f"{action} {f'{len(others) + 1:,} photos' if others else path}"


def in_effect(root: Path) -> dict[str, Annotation]:
    """Return the latest decision about each photo, by path."""
    return {
        path: Annotation(path, digest, action, label, step["who"], step["at"])
        for step in _steps(root)
        for path, digest, action, label in step["photos"]
    }


def applied(records: pd.DataFrame, annotations: Mapping[str, Annotation]) -> pd.DataFrame:
    """Return ``records`` as decided: ``label`` as relabelled, ``excluded``, and ``reviewed``.

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
    """Return 16 hex digits for what decisions change in ``applied`` records, "" for nothing."""
    changed = records[records["excluded"] | (records["label"] != records["named_label"])]
    if changed.empty:
        return ""
    columns = changed[["path", "digest", "label", "excluded"]]
    return hashlib.sha256(columns.to_csv(index=False).encode("utf-8")).hexdigest()[:16]


def to_csv(root: Path, records: pd.DataFrame) -> str:
    """Return the decisions about ``records`` as CSV text with the columns of ``CSV_COLUMNS``.

    No cell is a formula of a spreadsheet: ``from_csv`` takes the "'" before those away again.
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
    """Take over the decisions of a CSV, as one step; return for how many photos.

    Rows need ``path`` and ``action``, and ``label`` (cat or dog) to relabel; of several about one
    photo the last holds. A row is refused when its photo is not among ``records``, cannot be read,
    or has other content than the ``digest`` it gives.

    Raises:
        DatasetError: naming the first line that cannot be taken over; then none is.
    """
    decided = _read_csv(records, text)
    if not decided:
        raise DatasetError(
            "Expected a CSV with the columns path, action and label, and at least one row. "
            "Received: none. Export one to see what it looks like."
        )
    _append(root, {"action": _IMPORT, "photos": [[path, *what] for path, what in decided.items()]})
    return len(decided)


def _read_csv(records: pd.DataFrame, text: str) -> dict[str, tuple[str, str, int | None]]:
    """Return (digest, action, label) by path."""
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
            path, digest, action, label = _checked(row, reader.line_num, digests, problems)
            decided[path] = digest, action, label
    except csv.Error as error:
        raise DatasetError(
            f"Expected a CSV. Received: a file that cannot be read as one ({error}). "
            "Export one to see what it looks like."
        ) from None
    return decided


def _checked(
    row: dict[str, str], number: int, digests: dict[str, str], problems: dict[str, str]
) -> tuple[str, str, str, int | None]:
    path, action, label = (from_cell(row.get(name) or "") for name in ("path", "action", "label"))
    digest = row.get("digest") or digests.get(path, "")
    wrong = ""
    if path not in digests:
        wrong = f"{path!r}, which is not in this dataset"
    elif problems[path]:
        wrong = f"{path}, which cannot be read ({problems[path]})"
    elif digest != digests[path]:
        wrong = f"{path}, whose content is another one now"
    elif action not in ACTIONS:
        wrong = f"the action {action!r}; known are {', '.join(ACTIONS)}"
    elif action == RELABEL and label not in CLASS_NAMES:
        wrong = f"the label {label!r}; known are {', '.join(CLASS_NAMES)}"
    if wrong:
        raise DatasetError(
            f"Expected a decision about a photo of this dataset in line {number} of the CSV. "
            f"Received: {wrong}. Correct the line; nothing was taken over."
        )
    return path, digest, action, CLASS_NAMES.index(label) if action == RELABEL else None


def _log(root: Path) -> Path:
    return paths.review_dir(root) / "annotations.jsonl"


def _append(root: Path, step: dict[str, Any]) -> None:
    step = {"at": datetime.now().astimezone().isoformat(), "who": _user(), **step}
    log = _log(root)
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        event_log.append(log, step, durable=True)
    except OSError as error:
        raise DatasetError(
            f"Expected to write a decision into {log}. Received: {error.strerror}. Nothing was "
            "decided: mend that, then decide again."
        ) from None


def _steps(root: Path) -> Sequence[dict[str, Any]]:
    """Return the steps that were not undone, oldest first.

    Raises:
        DatasetError: when they cannot be read: without them, excluded photos would be trained on.
    """
    try:
        recorded = event_log.records(_log(root).read_bytes(), event_log.decoded_object)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DatasetError(
            f"Expected to read the decisions in {_log(root)}. Received: {error.strerror}. Mend "
            "that; without them, photos that were excluded would be used."
        ) from None
    steps: list[dict[str, Any]] = []
    for step in recorded:
        if step.get("action") == _UNDO:
            del steps[-1:]
        elif step:
            steps.append(step)
    return steps


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
