"""The members of an archive that were not unpacked, counted for the scan of its folder."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from catsdogs import paths
from catsdogs.system import files


@dataclass(frozen=True)
class LeftOut:
    """Counts of members: by group of ``listing.ASIDE``, and of other files by suffix."""

    groups: Mapping[str, int] = field(default_factory=dict)
    types: Mapping[str, int] = field(default_factory=dict)


def save(root: Path, groups: Mapping[str, int], types: Mapping[str, int]) -> None:
    """Keep the counts for the folder ``root``, to which an archive was unpacked."""
    # Best effort: without them, a scan counts only the unpacked files.
    with contextlib.suppress(OSError):
        files.write_json(_file(root), {"groups": groups, "types": types})


def load(root: Path) -> LeftOut:
    """Return the counts for ``root``; none for a folder that no archive was unpacked to."""
    try:
        saved = json.loads(_file(root).read_bytes())
        return LeftOut(*({str(k): int(n) for k, n in saved[of].items()} for of in _FIELDS))
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return LeftOut()


_FIELDS = ("groups", "types")


def _file(root: Path) -> Path:
    return paths.data_dir() / "left_out" / f"{paths.dataset_key(root)}.json"
