"""A dataset as a table: one record a file, cached as Parquet, only changed files read again.

What people decided about it (``annotations``) and which photos are one picture (``duplicates``) are
laid over the table each time it is opened, so that everything that reads a dataset honours them.
"""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from catsdogs import paths
from catsdogs.dataset import annotations, duplicates
from catsdogs.dataset.listing import listed
from catsdogs.errors import DatasetError, UnreadableImage
from catsdogs.images import picture
from catsdogs.images.header import Header
from catsdogs.images.parallel import Progress
from catsdogs.labels import CAT, DOG, UNLABELLED, label_of_path
from catsdogs.system import files

COLUMNS = {
    "path": "str",  # relative to the root, "/" as the separator
    "label": "int8",  # CAT, DOG or UNLABELLED
    "width_px": "int32",  # as shown, EXIF orientation applied; 0 when unreadable
    "height_px": "int32",
    "size_bytes": "int64",
    "mtime_ns": "int64",
    "digest": "str",  # BLAKE2b-128 of the file's bytes
    "format": "str",  # Pillow's name for it, "" when unreadable
    "mode": "str",  # Pillow's colour mode: RGB, L, CMYK …
    "orientation": "int8",  # EXIF: 1 is upright, 2 to 8 are mirrored or turned
    "trailing_bytes": "int32",  # behind the end of the picture
    "problem": "str",  # UnreadableImage.code, or ""
    "problem_detail": "str",
}
_READERS = 4
_PROGRESS_EVERY = 200


@dataclass(frozen=True)
class Rest:
    """What a scan found beside the image files that ``records`` tells of.

    ``aside`` counts what ``listing`` passes over, by what it is; ``closed_folders`` holds the
    folders that cannot be read, with the reason.
    """

    other_files: int = 0
    aside: dict[str, int] = field(default_factory=dict)
    closed_folders: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Dataset:
    """A scanned folder, people's decisions about it included.

    ``records`` has the columns of ``COLUMNS``, in natural path order, and three more:
    ``named_label``, the label that the file's name or folder says, where ``label`` is the one in
    effect; ``excluded``; and ``group``, the same for all photos that are one picture.
    """

    root: Path
    records: pd.DataFrame
    rest: Rest

    @cached_property
    def usable(self) -> pd.DataFrame:
        """Readable records with a label that nobody excluded: what can be trained on."""
        mask = self._readable & (self.records["label"] != UNLABELLED) & ~self.records["excluded"]
        return self.records[mask].reset_index(drop=True)

    @cached_property
    def pictures(self) -> pd.DataFrame:
        """Readable records, labelled or not, excluded or not: what can be looked at."""
        return self.records[self._readable].reset_index(drop=True)

    @property
    def unreadable(self) -> pd.DataFrame:
        """Records of image files that do not decode."""
        return self.records[~self._readable].reset_index(drop=True)

    @property
    def other_files(self) -> int:
        """How many files are no images, by their names."""
        return self.rest.other_files

    @property
    def unlabelled(self) -> int:
        """How many readable images carry no class in their name or folder, and got none since."""
        mask = self._readable & (self.records["label"] == UNLABELLED) & ~self.records["excluded"]
        return int(mask.sum())

    @property
    def excluded(self) -> int:
        """How many readable images were excluded by a decision."""
        return int((self._readable & self.records["excluded"]).sum())

    @property
    def relabelled(self) -> int:
        """How many usable images have another label than their name or folder says."""
        return int((self.usable["label"] != self.usable["named_label"]).sum())

    def fingerprint(self) -> str:
        """Return 16 hex digits that change when any usable path, label or content does."""
        return self._fingerprint

    @property
    def _readable(self) -> pd.Series:
        return self.records["problem"] == ""

    @cached_property
    def _fingerprint(self) -> str:
        columns = self.usable[["path", "label", "digest"]]
        return hashlib.sha256(columns.to_csv(index=False).encode("utf-8")).hexdigest()[:16]


def scan(root: Path, *, progress: Progress | None = None) -> Dataset:
    """Read the headers of all images below ``root`` and return them as a dataset.

    A picture's pixels are decoded only where its end marker is missing. Nothing below ``root`` is
    changed; the table is kept in the cache and only new or changed files are read next time.

    Raises:
        DatasetError: when ``root`` is no folder.
    """
    require_folder(root)
    listing = listed(root)
    found = {name: (path, listing.files[path]) for name, path in _named(listing.files).items()}
    pictures = {
        name: entry
        for name, entry in found.items()
        if os.path.splitext(name)[1].lower() in picture.SUFFIXES  # noqa: PTH122 - thrice as fast
    }
    cached = _read_cache(root)
    known = _unchanged(cached, pictures)
    closed = {name: listing.closed[path] for name, path in _named(listing.closed).items()}
    rest = Rest(len(found) - len(pictures), listing.aside, closed)
    if len(known) == len(pictures) == len(cached):
        records = cached
    else:
        todo = {name: entry for name, entry in pictures.items() if name not in known}
        fresh = _read_records(root, todo, progress)
        rows = [known.get(name) or fresh[name] for name in sorted(pictures, key=_natural)]
        records = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    if records is not cached or _rest(cached) != rest:
        _write_cache(root, records, rest)
    return _decided(root, records, rest)


def require_folder(root: Path) -> None:
    """Check that ``root`` is there.

    Raises:
        DatasetError: when it is no folder.
    """
    if not root.is_dir():
        raise DatasetError(
            f"Expected a folder with images. Received: {root}, which is not a folder. "
            "Check the path."
        )


def last_scan(root: Path) -> Dataset | None:
    """Return the dataset as the last scan left it, without a look at the folder; None if none."""
    cached = _read_cache(root)
    if cached.empty:
        return None
    return _decided(root, cached, _rest(cached))


def decided_anew(dataset: Dataset) -> Dataset:
    """Return the same files under the decisions and the groups of now."""
    records = dataset.records.assign(label=dataset.records["named_label"])
    return _decided(dataset.root, records, dataset.rest)


def _decided(root: Path, records: pd.DataFrame, rest: Rest) -> Dataset:
    records = records[list(COLUMNS)].assign(named_label=records["label"])
    records = annotations.applied(records, annotations.in_effect(root))
    return Dataset(root, duplicates.grouped(records, duplicates.load(root)), rest)


def summary(dataset: Dataset) -> dict[str, Any]:
    """Return the counts and size ranges of a dataset as JSON-ready values.

    ``images`` = ``cats`` + ``dogs`` are the usable ones; everything else found is in exactly one
    group of ``skipped``: ``found`` is the sum of them all. What lies in a link, a hidden folder or
    one of ``unreadable_folders`` was not looked for.
    """
    usable = dataset.usable
    skipped = {
        "unlabelled": dataset.unlabelled,
        "excluded": dataset.excluded,
        **dataset.unreadable["problem"].value_counts().sort_index().to_dict(),
        "other_files": dataset.other_files,
        **dataset.rest.aside,
    }
    return {
        "images": len(usable),
        "cats": int((usable["label"] == CAT).sum()),
        "dogs": int((usable["label"] == DOG).sum()),
        "unlabelled": dataset.unlabelled,
        "excluded": dataset.excluded,
        "relabelled": dataset.relabelled,
        "unreadable": [
            {"path": row.path, "reason": row.problem, "detail": row.problem_detail}
            for row in dataset.unreadable.itertuples()
        ],
        "other_files": dataset.other_files,
        "width": _range(usable["width_px"]),
        "height": _range(usable["height_px"]),
        "fingerprint": dataset.fingerprint(),
        "found": len(usable) + sum(skipped.values()),
        "skipped": {reason: count for reason, count in skipped.items() if count},
        "unreadable_folders": [
            {"path": path, "reason": reason} for path, reason in dataset.rest.closed_folders.items()
        ],
    }


def _range(values: pd.Series) -> dict[str, float] | None:
    if values.empty:
        return None
    low, middle, high = values.min(), values.median(), values.max()
    return {"min": int(low), "median": float(middle), "max": int(high)}


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key that puts ``cat.2.jpg`` before ``cat.10.jpg``."""
    return [(int(part) if part.isdecimal() else -1, part) for part in re.split(r"(\d+)", name)]


def _named(listed_paths: Iterable[str]) -> dict[str, str]:
    r"""Return paths by names that any text column can hold, each by another.

    Bytes that are not UTF-8 read as ``\\xff``; a file may be called so, too.
    """
    names, odd = {}, []
    for path in listed_paths:
        try:
            path.encode()
        except UnicodeEncodeError:
            odd.append(path)
        else:
            names[path] = path
    for path in odd:
        name = os.fsencode(path).decode("utf-8", errors="backslashreplace")
        while name in names:
            name = f"\\{name}"
        names[name] = path
    return names


def _unchanged(
    cached: pd.DataFrame, pictures: dict[str, tuple[str, os.stat_result]]
) -> dict[str, tuple[Any, ...]]:
    # A file that could not be opened may be readable now, without being another file.
    cached = cached[cached["problem"] != "missing"]
    rows = {row[0]: row for row in cached.itertuples(index=False, name=None)}
    size, mtime = list(COLUMNS).index("size_bytes"), list(COLUMNS).index("mtime_ns")
    return {
        name: rows[name]
        for name, (_, stat) in pictures.items()
        if name in rows
        and (rows[name][size], rows[name][mtime]) == (stat.st_size, stat.st_mtime_ns)
    }


def _read_records(
    root: Path,
    pictures: dict[str, tuple[str, os.stat_result]],
    progress: Progress | None,
) -> dict[str, tuple[Any, ...]]:
    records: dict[str, tuple[Any, ...]] = {}
    with ThreadPoolExecutor(_READERS) as pool:
        jobs = ((root, name, path, stat) for name, (path, stat) in pictures.items())
        for record in pool.map(lambda job: _record(*job), jobs):
            records[record[0]] = record
            if progress and (len(records) % _PROGRESS_EVERY == 0 or len(records) == len(pictures)):
                progress(len(records), len(pictures))
    return records


def _record(root: Path, name: str, path: str, stat: os.stat_result) -> tuple[Any, ...]:
    digest = problem = detail = ""
    header = Header("", "", 0, 0, 1, 0)
    try:
        if name != path:
            raise UnreadableImage("name_not_utf8", "The file name is not UTF-8. Rename the file.")
        content = picture.read_bytes(root / path)
        digest = picture.digest(content)
        header = picture.read_header(content)
    except UnreadableImage as error:
        problem, detail = error.code, str(error)
    return (
        *(name, label_of_path(name), header.width_px, header.height_px),
        *(stat.st_size, stat.st_mtime_ns, digest),
        *(header.format, header.mode, header.orientation, header.trailing_bytes),
        *(problem, detail),
    )


def table_file(root: Path) -> Path:
    """Return the file that a scan of ``root`` is kept in."""
    name = f"{paths.dataset_key(root)}-{picture.DECODE_VERSION}.parquet"
    return paths.cache_dir() / "index" / name


def _read_cache(root: Path) -> pd.DataFrame:
    """Return the cached table, or an empty one when there is none that this version can use."""
    try:
        cached = pd.read_parquet(table_file(root))
    except (OSError, ValueError):
        return pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)
    usable = list(cached.columns) == list(COLUMNS) and "other_files" in cached.attrs
    return cached if usable else pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)


def _rest(cached: pd.DataFrame) -> Rest:
    """Return what a cached table knows beside its records; tables of old know less."""
    names = (one.name for one in fields(Rest))
    return Rest(**{name: cached.attrs[name] for name in names if name in cached.attrs})


def _write_cache(root: Path, records: pd.DataFrame, rest: Rest) -> None:
    # A full disk or a folder without permission makes the next scan slower, not this one wrong.
    with contextlib.suppress(OSError), files.replacing(table_file(root)) as temporary:
        records.attrs |= asdict(rest)
        records.to_parquet(temporary)
