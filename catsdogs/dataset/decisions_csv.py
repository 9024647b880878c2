"""Decisions and tags as a CSV, which ``label_tables`` reads again."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from catsdogs.dataset import annotations, tags
from catsdogs.text import cell

COLUMNS = ("path", "digest", "action", "label", "who", "at")


def to_csv(root: Path, records: pd.DataFrame) -> str:
    """Return the decisions about ``records`` and their tags as CSV text, with ``COLUMNS``.

    A tag is a row with the action "tag", and its name as the label. A cell that looks like a
    spreadsheet formula begins with "'", which ``label_tables`` removes.
    """
    digests = dict(zip(records["path"], records["digest"], strict=True))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(map(cell, row) for row in _rows(root) if digests.get(row[0]) == row[1])
    return text.getvalue()


def _rows(root: Path) -> Iterator[tuple[str, ...]]:
    for path, found in annotations.in_effect(root).items():
        yield path, found.digest, found.action, found.class_name, found.who, found.at
    for path, of_photo in tags.in_effect(root).items():
        for name, tag in of_photo.items():
            yield path, tag.digest, tags.TAG, name, tag.who, tag.at
