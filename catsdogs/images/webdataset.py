"""A tar in the form of WebDataset, read in place: files of one stem, side by side, are one sample.

A sample has an image, and its label in a file beside it: ``000017.jpg`` and ``000017.cls`` or
``000017.json``. https://github.com/webdataset/webdataset describes the form.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TypeVar

from catsdogs.images.parquet_tables import LABEL_COLUMNS, UnusableTable
from catsdogs.storage import reading
from catsdogs.system import tars
from catsdogs.system.members import Kind, Member, OutOfBounds

T = TypeVar("T")
# A label is in reach of the first image, or the tar is one of plain photos.
_FIRST_MEMBERS = 64
_MOST_LABEL_BYTES, _MOST_IMAGE_BYTES = 1 << 20, 256 << 20
# WebDataset divides names at the first dot of the last part.
_NAME = re.compile(r"(?s)((?:.*/)?[^./][^./]*)\.([^/]+)")
_LABEL_KINDS = ("cls", "cls.txt", "json")
_LABEL_KEYS = ("label_name", "class_name", *LABEL_COLUMNS, "cls")
_IMAGE_KINDS = frozenset(
    {
        *("jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "tif", "tiff"),
        *("avif", "heic", "heif"),
    }
)


class _Part(NamedTuple):
    """A file of a sample: ``stem`` is the sample's, ``kind`` is what follows its first dot."""

    stem: str
    kind: str


@dataclass(frozen=True)
class _Sample:
    stem: str
    image: Member
    label: Member | None


def is_one(path: Path) -> bool:
    """Return whether a tar begins with an image and its label, as WebDataset writes them."""
    try:
        parts = [_part(name) for name in tars.first_names(reading.opened(path), _FIRST_MEMBERS)]
    except (*tars.ERRORS, OutOfBounds):
        return False
    labelled = {part.stem for part in parts if part and part.kind in _LABEL_KINDS}
    return any(part and _is_image(part) and part.stem in labelled for part in parts)


class WebDataset:
    """An open tar. Its methods raise ``UnusableTable``, and any thread may call them."""

    def __init__(self, path: Path) -> None:
        if not is_one(path):
            raise UnusableTable(
                "Expected images with their labels beside them, 1.jpg and 1.cls or 1.json, as "
                "WebDataset writes them. Received: a file without them.",
                is_damaged=not _guarded(lambda: tars.is_tar(reading.opened(path))),
            )
        self._tar: tars.Tar = _guarded(lambda: tars.Tar(reading.opened(path)))
        self._samples = list(_samples(self._tar.members))

    def texts(self) -> list[tuple[str, str]]:
        """Return the label and the own path of each sample, "" where there is none."""
        return _guarded(
            lambda: [(self._label(one.label), f"{one.stem}.jpg") for one in self._samples]
        )

    def cell(self, row: int) -> bytes | None:
        """Return the image of a sample.

        Raises:
            IndexError: if there is no such sample.
        """
        image = self._samples[row].image
        return _guarded(lambda: self._tar.read(image, at_most=_MOST_IMAGE_BYTES))

    def _label(self, member: Member | None) -> str:
        if member is None:
            return ""
        text = self._tar.read(member, at_most=_MOST_LABEL_BYTES).decode("utf-8", "replace").strip()
        return _of_json(text) if member.name.lower().endswith(".json") else text


def _samples(members: Iterable[Member]) -> Iterator[_Sample]:
    parts = [
        (part, member)
        for member in members
        if member.kind is Kind.FILE and (part := _part(member.name))
    ]
    for stem, grouped in groupby(parts, key=lambda one: one[0].stem):
        files = list(grouped)
        image = next((member for part, member in files if _is_image(part)), None)
        label = next((member for part, member in files if part.kind in _LABEL_KINDS), None)
        if image is not None:
            yield _Sample(stem, image, label)


def _part(name: str) -> _Part | None:
    found = _NAME.fullmatch(name.removeprefix("./"))
    return _Part(found[1], found[2].lower()) if found else None


def _is_image(part: _Part) -> bool:
    return PurePosixPath(f".{part.kind}").suffix[1:] in _IMAGE_KINDS or part.kind in _IMAGE_KINDS


def _of_json(text: str) -> str:
    """Return the label in a JSON object, "" without one."""
    try:
        values = json.loads(text)
        found = next(values[key] for key in _LABEL_KEYS if values.get(key) is not None)
    except (ValueError, AttributeError, StopIteration, RecursionError):
        return ""
    return str(found) if isinstance(found, str | int) else ""


def _guarded(read: Callable[[], T]) -> T:
    try:
        return read()
    except (*tars.ERRORS, OutOfBounds) as error:
        raise UnusableTable(
            f"It is damaged ({error or type(error).__name__}).", is_damaged=True
        ) from None
