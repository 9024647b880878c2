"""The health check: every measurement of a dataset, valid until the dataset changes.

It checks the labels in names and folders, not later decisions: an excluded photo keeps its
findings, and a decision does not make a check out of date.
"""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from catsdogs.dataset import csv_hash, duplicates, index, unlabelled
from catsdogs.dataset.given_splits import given_split
from catsdogs.dataset.index import Dataset
from catsdogs.errors import DatasetError, WeightsUnavailable
from catsdogs.health import findings as found
from catsdogs.health import known, phases
from catsdogs.health.findings import UNMEASURED, Findings, Summary, joined, review_queue
from catsdogs.health.flags import ODD, flags
from catsdogs.health.phases import Clock, Report
from catsdogs.health.sampling import MOST
from catsdogs.images.parallel import Engine
from catsdogs.labels import UNLABELLED, Classes
from catsdogs.storage.stand_in import spelled

PHASES = {
    "scan": "Reading the files",
    "decode": "Decoding every pixel",
    "embed": "Looking at every photo with MobileNetV2",
    "neighbours": "Comparing every photo with every other",
    "labels": "Cross-validating the labels",
    "shortcuts": "Looking for shortcuts",
    "map": "Drawing the map",
}


def run(
    dataset: Dataset,
    *,
    backbone: Callable[[], Path],
    report: Report,
    engine: Engine | None = None,
) -> Findings:
    """Check ``dataset``, or return the findings of the last complete check of the same content.

    ``backbone`` returns the LiteRT file of MobileNetV2's base. If it raises ``WeightsUnavailable``,
    the findings that need vectors are missing and the summary says why. Such findings, and those
    from the shipped backbone, are computed again by the next check. ``engine`` computes on each
    photo, by default the threads of this process.

    Raises:
        DatasetError: if there is no labelled image.
    """
    last = found.load(dataset.root)
    if last is not None and _is_final(last, dataset):
        return last
    records = _labelled(dataset)
    if records.empty:
        raise unlabelled.error(dataset) or DatasetError(
            f"Expected labelled images in {spelled(dataset.root)}. Received: none. "
            "Name them cat.0.jpg, dog.0.jpg … or put them into cats/ and dogs/."
        )
    findings = _checked(dataset, records, backbone, Clock(report), engine)
    found.save(dataset.root, findings)
    return findings


def _is_final(last: Findings, dataset: Dataset) -> bool:
    is_current = last.summary.content == content(dataset)
    # A check of an older version measured less.
    is_whole = UNMEASURED.keys() <= set(last.rows)
    return is_current and is_whole and not last.summary.embedding and not last.caveat


def _checked(
    dataset: Dataset,
    records: pd.DataFrame,
    backbone: Callable[[], Path],
    clock: Clock,
    engine: Engine | None,
) -> Findings:
    rows = records[["path", "digest"]].assign(**UNMEASURED)
    hints = known.hints(records["path"].tolist())
    rows["hint"] = [hints.get(path, "") for path in rows["path"]]
    measured = phases.measure(dataset.root, records, rows, clock, engine)
    compared, reason = phases.Comparison(phases.no_neighbours(rows), ""), ""
    try:
        compared = phases.compare(
            *(dataset.root, records, rows),
            measured=measured,
            backbone=backbone,
            clock=clock,
            engine=engine,
        )
    except WeightsUnavailable as error:
        reason = str(error)
    summary = Summary(
        version=found.VERSION,
        content=content(dataset),
        embedding=reason,
        backbone=compared.backbone,
        shortcuts=phases.shortcuts(records, rows, clock),
        seconds=clock.seconds,
        sample=MOST if len(records) > MOST else 0,
    )
    return Findings(rows, compared.neighbours, summary)


def content(dataset: Dataset) -> str:
    """Return 16 hex digits that change if a checked photo changes or gets another name.

    ``Summary.content`` records them: they show whether a check is out of date.
    """
    return csv_hash.of(_labelled(dataset)[["path", "label", "digest"]])


def _labelled(dataset: Dataset) -> pd.DataFrame:
    """Return the photos to check: readable, with a label, excluded or not.

    Their label is that of their name. Only photos without one have that of a decision, so that
    other decisions do not make a check out of date.
    """
    pictures = dataset.pictures
    named = pictures["named_label"]
    labels = named.where(named != UNLABELLED, pictures["label"])
    labelled, has_label = pictures.assign(label=labels), labels != UNLABELLED
    return (labelled if has_label.all() else labelled[has_label]).reset_index(drop=True)


def report(dataset: Dataset, findings: Findings) -> dict[str, Any]:
    """Return the findings as the JSON document of ``catsdogs data health --json``, worst first."""
    table = joined(dataset, findings)
    flagged = flags(table)
    near = table[table["near_group"] >= 0].groupby("near_group")["path"]
    undecodable = table[table["decode_error"] != ""]
    return {
        "images": len(findings.rows),
        "unreadable": [
            *({"path": r.path, "reason": r.problem} for r in dataset.unreadable.itertuples()),
            *({"path": r.path, "reason": r.decode_error} for r in undecodable.itertuples()),
            *({"path": p, "reason": "unreadable_folder"} for p in dataset.rest.closed_folders),
        ],
        "exact_duplicates": duplicates.exact(table),
        "near_duplicates": [group.tolist() for _, group in near],
        "leaks": _leaks(dataset),
        "suspect_labels": _suspect_labels(table, dataset.classes),
        "outliers": table[flagged["outlier"]].sort_values("similarity")["path"].tolist(),
        "odd": {n: table["path"][flagged[n]].tolist() for n in ODD if flagged[n].any()},
        "shortcuts": [asdict(one) for one in findings.summary.shortcuts],
        "not_checked": findings.summary.embedding,
        "backbone": findings.backbone,
        **({"sampled": findings.sampled} if findings.sampled else {}),
    }


def _leaks(dataset: Dataset) -> list[list[str]]:
    """Return the paths of each picture on several sides of the dataset's own split."""
    # The check has just stored the near duplicates.
    found = given_split(index.with_current_decisions(dataset).usable)
    return found.leaks if found else []


def _suspect_labels(table: pd.DataFrame, classes: Classes) -> list[dict[str, Any]]:
    return [
        {
            "path": row["path"],
            "label": classes.name(found.checked_label(row)),
            "p_label": round(row["label_quality"], 6),
            "hint": row["hint"],
        }
        for row in review_queue(table).to_dict("records")
    ]
