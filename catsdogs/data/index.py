"""A dataset as a table: one record a file, cached as Parquet, only changed files read again."""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from catsdogs import files, paths
from catsdogs.data import images
from catsdogs.data.decoding import Progress
from catsdogs.errors import DatasetError, UnreadableImage
from catsdogs.labels import CAT, DOG, UNLABELLED, label_of_path

COLUMNS = {
    "path": "str",  # relative to the root, "/" as the separator
    "label": "int8",  # CAT, DOG or UNLABELLED
    "width_px": "int32",  # as shown, EXIF orientation applied; 0 when unreadable
    "height_px": "int32",
    "size_bytes": "int64",
    "mtime_ns": "int64",
    "digest": "str",  # BLAKE2b-128 of the file's bytes
    "problem": "str",  # UnreadableImage.code, or ""
    "problem_detail": "str",
}
_EXIF_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)
_READERS = 4
_PROGRESS_EVERY = 200


@dataclass(frozen=True)
class Dataset:
    """A scanned folder. ``records`` has the columns of ``COLUMNS``, in natural path order."""

    root: Path
    records: pd.DataFrame
    other_files: int

    @property
    def usable(self) -> pd.DataFrame:
        """Readable records with a label: what can be trained on."""
        mask = (self.records["problem"] == "") & (self.records["label"] != UNLABELLED)
        return self.records[mask].reset_index(drop=True)

    @property
    def unreadable(self) -> pd.DataFrame:
        """Records of image files that do not decode."""
        return self.records[self.records["problem"] != ""].reset_index(drop=True)

    @property
    def unlabelled(self) -> int:
        """How many readable images carry no class in their name or folder."""
        readable = self.records["problem"] == ""
        return int((readable & (self.records["label"] == UNLABELLED)).sum())

    def fingerprint(self) -> str:
        """Return 16 hex digits that change when any usable path, label or content does."""
        columns = self.usable[["path", "label", "digest"]]
        return hashlib.sha256(columns.to_csv(index=False).encode("utf-8")).hexdigest()[:16]


def scan(root: Path, *, progress: Progress | None = None) -> Dataset:
    """Read the headers of all images below ``root`` and return them as a dataset.

    A picture's pixels are decoded only where its end marker is missing. Nothing below ``root`` is
    changed; the table is kept in the cache and only new or changed files are read next time.

    Raises:
        DatasetError: when ``root`` is no folder.
    """
    if not root.is_dir():
        raise DatasetError(
            f"Expected a folder with images. Received: {root}, which is not a folder. "
            "Check the path."
        )
    found = {_printable(path): (path, stat) for path, stat in _walk(root)}
    pictures = {
        name: entry for name, entry in found.items() if Path(name).suffix.lower() in images.SUFFIXES
    }
    cached = _read_cache(root)
    known = _unchanged(cached, pictures)
    fresh = _read_records(root, {n: e for n, e in pictures.items() if n not in known}, progress)
    rows = [known.get(name) or fresh[name] for name in sorted(pictures, key=_natural)]
    records = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    if fresh or len(cached) != len(records):
        _write_cache(root, records)
    return Dataset(root, records, other_files=len(found) - len(pictures))


def summary(dataset: Dataset) -> dict[str, Any]:
    """Return the counts and size ranges of a dataset as JSON-ready values.

    ``images`` = ``cats`` + ``dogs`` are the usable ones; every other file found is in exactly one
    of ``unlabelled``, ``unreadable`` and ``other_files``.
    """
    usable = dataset.usable
    return {
        "images": len(usable),
        "cats": int((usable["label"] == CAT).sum()),
        "dogs": int((usable["label"] == DOG).sum()),
        "unlabelled": dataset.unlabelled,
        "unreadable": [
            {"path": row.path, "reason": row.problem, "detail": row.problem_detail}
            for row in dataset.unreadable.itertuples()
        ],
        "other_files": dataset.other_files,
        "width": _range(usable["width_px"]),
        "height": _range(usable["height_px"]),
        "fingerprint": dataset.fingerprint(),
    }


def _range(values: pd.Series) -> dict[str, float] | None:
    if values.empty:
        return None
    low, middle, high = values.min(), values.median(), values.max()
    return {"min": int(low), "median": float(middle), "max": int(high)}


def _walk(root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the regular files below ``root``; links and hidden files are not followed or listed."""
    folders = [root]
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except PermissionError:
            continue
        for entry in entries:
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry.path).relative_to(root), entry.stat(follow_symlinks=False)


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key that puts ``cat.2.jpg`` before ``cat.10.jpg``."""
    return [(int(part) if part.isdecimal() else -1, part) for part in re.split(r"(\d+)", name)]


def _printable(path: Path) -> str:
    r"""Return a name that any text column can hold: bytes that are not UTF-8 read as ``\\xff``."""
    return os.fsencode(path.as_posix()).decode("utf-8", errors="backslashreplace")


def _unchanged(
    cached: pd.DataFrame, pictures: dict[str, tuple[Path, os.stat_result]]
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
    pictures: dict[str, tuple[Path, os.stat_result]],
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


def _record(root: Path, name: str, path: Path, stat: os.stat_result) -> tuple[Any, ...]:
    width = height = 0
    digest = problem = detail = ""
    try:
        if name != path.as_posix():
            raise UnreadableImage("name_not_utf8", "The file name is not UTF-8. Rename the file.")
        content = images.read_bytes(root / path)
        digest = hashlib.blake2b(content, digest_size=16).hexdigest()
        width, height = _checked_size(content)
    except UnreadableImage as error:
        problem, detail = error.code, str(error)
    label = label_of_path(name)
    return (name, label, width, height, stat.st_size, stat.st_mtime_ns, digest, problem, detail)


def _checked_size(content: bytes) -> tuple[int, int]:
    image = images.open_header(content)
    if not images.ends_cleanly(image, content):
        return images.load_upright(content).size
    if image.getexif().get(_EXIF_ORIENTATION) in _SIDEWAYS:
        return image.height, image.width
    return image.size


def _cache_file(root: Path) -> Path:
    key = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    return paths.cache_dir() / "index" / f"{key}-{images.DECODE_VERSION}.parquet"


def _read_cache(root: Path) -> pd.DataFrame:
    """Return the cached table, or an empty one when there is none that this version can use."""
    try:
        cached = pd.read_parquet(_cache_file(root))
    except (OSError, ValueError):
        return pd.DataFrame(columns=list(COLUMNS))
    return cached if list(cached.columns) == list(COLUMNS) else cached.iloc[:0]


def _write_cache(root: Path, records: pd.DataFrame) -> None:
    # A full disk or a folder without permission makes the next scan slower, not this one wrong.
    with contextlib.suppress(OSError), files.replacing(_cache_file(root)) as temporary:
        records.to_parquet(temporary)
