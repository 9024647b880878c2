"""The folder on this machine that stands for an address, and its list of objects.

It holds two hidden files: the address, and the objects as they were listed last.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from catsdogs import paths
from catsdogs.errors import DatasetError
from catsdogs.storage import address, cloud, web
from catsdogs.storage.address import Address
from catsdogs.storage.objects import COLUMNS, Object, Store
from catsdogs.system import files

_ADDRESS, _OBJECTS = ".address.json", ".objects.parquet"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_KEPT_LISTS = 4


def made(text: str) -> Path:
    """Return the folder that stands for the address in ``text``. Nothing is read there yet.

    Raises:
        DatasetError: if it is not the address of a dataset.
    """
    found = address.parsed(text)
    key = hashlib.sha256(str(found).encode()).hexdigest()[:8]
    name = _UNSAFE.sub("-", f"{found.host}-{found.path}")[-80:].strip("._-")
    folder = _all() / f"{name or found.scheme}-{key}"
    if not (folder / _ADDRESS).exists():
        files.write_json(folder / _ADDRESS, {"address": str(found)})
    return folder


def divided(path: Path) -> tuple[Path, str] | None:
    """Return the stand-in that ``path`` is in, and the rest of it; None for any other path."""
    every = _all()
    if not path.is_relative_to(every):
        return None
    first, *rest = path.relative_to(every).parts or ("",)
    return (every / first, "/".join(rest)) if first else None


def address_of(path: Path) -> str | None:
    """Return the address that a folder stands for; None for any other folder."""
    inside = divided(path.absolute())
    is_there = inside and not inside[1] and (inside[0] / _ADDRESS).is_file()
    return str(_address(inside[0])) if inside and is_there else None


def spelled(path: str | Path) -> str:
    """Return a dataset's path as a person writes it: its address, if it stands for one."""
    return address_of(Path(path)) or str(path)


def store(folder: Path) -> Store:
    """Return the objects at the address that a folder stands for.

    Raises:
        DatasetError: if the folder no longer holds its address.
    """
    found = _address(folder)
    return cloud.Bucket(found) if found.scheme in address.CLOUDS else web.store(found)


def keep(folder: Path, objects: Iterable[Object]) -> None:
    """Keep the list of objects for ``known``, also in other processes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    fresh = {one.path: one for one in objects}
    if fresh == known(folder):
        return
    columns = zip(*fresh.values(), strict=True) if fresh else [()] * len(COLUMNS)
    table = pa.table({name: list(of) for name, of in zip(COLUMNS, columns, strict=True)})
    with files.replacing(folder / _OBJECTS) as temporary:
        pq.write_table(table, temporary)


def known(folder: Path) -> dict[str, Object]:
    """Return the objects by path as they were listed last; none before the first listing."""
    try:
        listed_at = (folder / _OBJECTS).stat().st_mtime_ns
    except OSError:
        return {}
    return _known(folder, listed_at)


@lru_cache(maxsize=_KEPT_LISTS)
def _known(folder: Path, listed_at: int) -> dict[str, Object]:
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(folder / _OBJECTS, columns=list(COLUMNS))
    except (OSError, ValueError, KeyError):
        return {}
    columns = (column.to_pylist() for column in table.columns)
    return {values[0]: Object(*values) for values in zip(*columns, strict=True)}


def _address(folder: Path) -> Address:
    try:
        return address.parsed(json.loads((folder / _ADDRESS).read_bytes())["address"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise DatasetError(
            f"Expected the folder of a dataset at an address. Received: {folder}, which no longer "
            "holds one. Type the address again."
        ) from None


def _all() -> Path:
    return paths.data_dir() / "addresses"
