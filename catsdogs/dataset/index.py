"""A dataset as a table with one record per file, cached as Parquet. Only changed files are reread.

Opening the table adds the user's labels of names (``labelling``), decisions about photos
(``annotations``) and groups of photos that show the same picture (``duplicates``). So every reader
of a dataset respects them.
"""

import contextlib
from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from catsdogs import paths
from catsdogs.dataset import (
    annotations,
    corrections,
    csv_hash,
    duplicates,
    given_splits,
    labelling,
    left_out,
    recognition,
    records,
    table_rows,
    tags,
)
from catsdogs.dataset.listing import ASIDE, Listing
from catsdogs.dataset.records import COLUMNS, Entry, Record
from catsdogs.errors import DatasetError, Unreachable
from catsdogs.images import joined, picture, stored
from catsdogs.images.parallel import Progress
from catsdogs.labels import GRAMMAR_VERSION, PETS, UNLABELLED, Classes
from catsdogs.system import files

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Rest:
    """The entries of a scan that are not pictures.

    ``other_types`` counts the other files by suffix, the most frequent ones first. ``aside`` counts
    the entries that ``listing`` passes over, by group. ``closed_folders`` has the reason for each
    folder that cannot be read. ``tables`` has the version of each table whose rows are images.
    """

    other_files: int = 0
    other_types: dict[str, int] = field(default_factory=dict)
    aside: dict[str, int] = field(default_factory=dict)
    closed_folders: dict[str, str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Dataset:
    """A scanned folder, including users' decisions about it.

    ``records`` has the columns ``records.COLUMNS``, in natural path order, and some more.
    ``own_label`` is the label that the file's name or folder gives. ``named_label`` is the same
    after the user's mapping of names (``labelling``), and ``label`` is the one in effect.
    ``excluded`` and ``reviewed`` follow from decisions, and ``tags`` has the names of each photo's
    tags. Photos of one picture have the same ``group``. ``given`` is the side of the dataset's own
    split (``given_splits.assigned``). ``classes`` are the names of labels 0 and 1.
    """

    root: Path
    records: "pd.DataFrame"
    rest: Rest
    classes: Classes = PETS

    @cached_property
    def usable(self) -> "pd.DataFrame":
        """Readable records that have a label and are not excluded: the training data."""
        has_label = self.records["label"] != UNLABELLED
        return _of(self.records, self._readable & has_label & ~self.records["excluded"])

    @cached_property
    def pictures(self) -> "pd.DataFrame":
        """All readable records, with or without a label, excluded or not."""
        return _of(self.records, self._readable)

    @property
    def unreadable(self) -> "pd.DataFrame":
        """Records of image files that do not decode."""
        return self.records[~self._readable].reset_index(drop=True)

    @property
    def other_files(self) -> int:
        """Number of files that are not pictures by name or content."""
        return self.rest.other_files

    @property
    def unlabelled(self) -> int:
        """Number of readable images that have no label and are not excluded."""
        mask = self._readable & (self.records["label"] == UNLABELLED) & ~self.records["excluded"]
        return int(mask.sum())

    @property
    def excluded(self) -> int:
        """Number of readable images that a decision excludes."""
        return int((self._readable & self.records["excluded"]).sum())

    @property
    def relabelled(self) -> int:
        """Number of usable images whose label differs from that in their name or folder."""
        return int((self.usable["label"] != self.usable["named_label"]).sum())

    def fingerprint(self) -> str:
        """Return 16 hex digits that change when any usable path, label, content or class does."""
        return self._fingerprint

    @property
    def joined_corrections(self) -> int:
        """Number of usable images that are corrections."""
        return int(joined.are_joined(self.usable["path"]).sum())

    @cached_property
    def _readable(self) -> "pd.Series":
        return self.records["problem"] == ""

    @cached_property
    def _fingerprint(self) -> str:
        columns = self.usable[["path", "label", "digest"]]
        return csv_hash.of(
            columns, before="" if self.classes.are_pets else repr(self.classes.names)
        )


def _of(table: "pd.DataFrame", mask: "pd.Series") -> "pd.DataFrame":
    """Return some rows of a table, numbered. If they are all, both tables share their columns."""
    return (table if mask.all() else table[mask]).reset_index(drop=True)


def scan(root: Path, *, progress: Progress | None = None) -> Dataset:
    """Return the folder ``root`` as a dataset, after reading the headers of all images below it.

    Files without an image's suffix count as images if they begin like one. A picture's pixels are
    decoded only if its end marker is missing. Nothing below ``root`` is changed. The table is
    cached, and the next scan reads only new and changed files.

    Raises:
        DatasetError: if ``root`` is not a folder, or an address cannot be read now.
    """
    require_folder(root)
    cached = _read_cache(root)
    before = table_rows.Versions(_rest(cached).tables, cached)
    listing, tables = table_rows.found(root, before=before)
    images = recognition.pictures(root, listing.files, memory=table_file(root).with_suffix(".json"))
    pictures = {
        name: Entry(path, listing.files[path])
        for name, path in records.by_name(listing.files).items()
        if path in images
    }
    rest = replace(rest_of(root, listing, images), tables=tables)
    table = _updated(cached, root, pictures, progress)
    if table is not cached or _rest(cached) != rest:
        _write_cache(root, table, rest)
    return _decided(root, table, rest)


def rest_of(root: Path, listing: Listing, pictures: Set[str]) -> Rest:
    """Return the entries of a listing that are not ``pictures``, by path.

    If ``root`` was unpacked from an archive, the members that were left out count too.
    """
    others, left = listing.files.keys() - pictures, left_out.load(root)
    types = Counter(recognition.types(others)) + Counter(left.types)
    return Rest(
        len(others) + sum(left.types.values()),
        dict(types.most_common(recognition.MOST_TYPES)),
        {group: listing.aside.get(group, 0) + left.groups.get(group, 0) for group in ASIDE},
        {name: listing.closed[path] for name, path in records.by_name(listing.closed).items()},
    )


def _updated(
    cached: "pd.DataFrame", root: Path, pictures: dict[str, Entry], progress: Progress | None
) -> "pd.DataFrame":
    """Return the table of ``pictures``: ``cached`` itself if nothing changed."""
    if len(_unchanged(cached, pictures)) == len(pictures) == len(cached):
        return cached
    part = _part_file(root)
    known = _same_records(cached, pictures) | _same_records(_read_table(part), pictures)
    todo = {name: entry for name, entry in pictures.items() if name not in known}
    try:
        for record in records.read(root, todo, progress=progress):
            known[record.path] = record
    except Unreachable:
        with contextlib.suppress(OSError), files.replacing(part) as temporary:
            _as_table(known.values()).to_parquet(temporary)
        raise
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)
    return _as_table(known[name] for name in sorted(pictures, key=records.natural_order))


def _as_table(found: Iterable[Record]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(list(found), columns=list(COLUMNS)).astype(COLUMNS)


def _same_records(table: "pd.DataFrame", pictures: dict[str, Entry]) -> dict[str, Record]:
    """Return the records of a table whose file is the same as then."""
    rows = table[table["path"].isin(_unchanged(table, pictures))]
    return {row[0]: Record(*row) for row in rows.itertuples(index=False, name=None)}


def _unchanged(cached: "pd.DataFrame", pictures: dict[str, Entry]) -> set[str]:
    """Return the names whose file has the same size and date as when its record was made."""
    # A file that could not be opened may be readable now, with the same size and date.
    opened = cached[cached["problem"] != "missing"]
    columns = (opened[name].to_numpy() for name in ("path", "size_bytes", "mtime_ns"))
    return {
        name
        for name, size_bytes, mtime_ns in zip(*(column.tolist() for column in columns), strict=True)
        if (entry := pictures.get(name))
        and (size_bytes, mtime_ns) == (entry.status.st_size, entry.status.st_mtime_ns)
    }


def require_folder(root: Path) -> None:
    """Check that ``root`` exists: a folder, or a table in place of one.

    Raises:
        DatasetError: if it is neither.
    """
    if not root.is_dir() and not stored.replaces_folder(root):
        raise DatasetError(
            f"Expected a folder with images. Received: {root}, which is not a folder. "
            "Check the path."
        )


def last_scan(root: Path) -> Dataset | None:
    """Return the dataset of the last scan without reading the folder; None if there was no scan."""
    cached = _read_cache(root)
    if cached.empty:
        return None
    return _decided(root, cached, _rest(cached))


def last_scan_size(root: Path) -> int:
    """Return the number of images that the last scan found, 0 without one."""
    from pyarrow import parquet

    try:
        return int(parquet.read_metadata(table_file(root)).num_rows)
    except (OSError, ValueError):
        return 0


def with_current_decisions(dataset: Dataset) -> Dataset:
    """Return the same files with the current decisions and groups."""
    table = dataset.records.assign(label=dataset.records["own_label"])
    table = _of(table, ~joined.are_joined(table["path"]))
    return _decided(dataset.root, table, dataset.rest)


def _decided(root: Path, table: "pd.DataFrame", rest: Rest) -> Dataset:
    import pandas as pd

    table = table[list(COLUMNS)].assign(own_label=table["label"])
    named = labelling.load(root)
    table = labelling.applied(table, named)
    if corrections.has_joined(root):
        joining = can_join(root, table, named.classes)
        table = pd.concat([table, joining.assign(own_label=joining["label"])], ignore_index=True)
    table = table.assign(named_label=table["label"])
    table = annotations.applied(table, annotations.in_effect(root), named.classes)
    table = tags.applied(table, tags.in_effect(root))
    table = duplicates.grouped(table, duplicates.load(root))
    return Dataset(root, given_splits.assigned(root, table), rest, named.classes)


def can_join(root: Path, table: "pd.DataFrame", classes: Classes) -> "pd.DataFrame":
    """Return the records of the corrections that can join ``table``, the records of ``root``.

    They have the columns ``records.COLUMNS``. Pictures that ``table`` contains already, under
    whatever label, do not join.
    """
    folder = corrections.folder(classes)
    if not corrections.has_pets(classes) or folder.resolve() == root.resolve():
        return _as_table([])
    kept = scan(folder).usable[list(COLUMNS)]
    kept = kept[~kept["digest"].isin(table["digest"])]
    return kept.assign(path=[joined.path(folder / path) for path in kept["path"]])


def table_file(root: Path) -> Path:
    """Return the file in which a scan of ``root`` is cached."""
    versions = f"{picture.DECODE_VERSION}-{GRAMMAR_VERSION}"
    name = f"{paths.dataset_key(root)}-{versions}.parquet"
    return paths.cache_dir() / "index" / name


def _part_file(root: Path) -> Path:
    """Return the file with the records of a scan that an address interrupted."""
    return table_file(root).with_suffix(".part")


def _read_cache(root: Path) -> "pd.DataFrame":
    """Return the cached table, or an empty one if this version cannot use it."""
    cached = _read_table(table_file(root))
    return cached if "other_files" in cached.attrs else _as_table([])


def _read_table(place: Path) -> "pd.DataFrame":
    """Return a table of records from a file, or an empty one if this version cannot use it."""
    from pyarrow import parquet

    try:
        # Read without ``read_table``, which makes columns of many chunks. Pages take a few rows
        # again and again, which is slow in them.
        # Unmapped, the file's content would stay in memory. Columns in blocks of their own are not
        # copied.
        table = parquet.ParquetFile(place, memory_map=True).read().combine_chunks()
        found = table.to_pandas(split_blocks=True)
    except (OSError, ValueError):
        return _as_table([])
    return found if list(found.columns) == list(COLUMNS) else _as_table([])


def _rest(cached: "pd.DataFrame") -> Rest:
    """Return the other entries that a cached table stores. Tables of older versions lack some."""
    names = (one.name for one in fields(Rest))
    return Rest(**{name: cached.attrs[name] for name in names if name in cached.attrs})


def _write_cache(root: Path, table: "pd.DataFrame", rest: Rest) -> None:
    # Best effort: on a full disk or without permission, the next scan is only slower.
    with contextlib.suppress(OSError), files.replacing(table_file(root)) as temporary:
        table.attrs |= asdict(rest)
        table.to_parquet(temporary)
