"""Copies of files, such as models, for the machines of a cluster: one of each a machine."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from catsdogs import paths
from catsdogs.system import files

Contents = dict[Path, bytes]


def contents(needed: Iterable[Path]) -> Contents:
    """Return the contents of files by their absolute paths."""
    return {path.absolute(): path.read_bytes() for path in needed}


def kept(sent: Contents) -> Callable[[Path], Path]:
    """Write the files to this machine's cache; return a function from a path to that of its copy.

    The function takes folders, too: a copy has the same folders around it.
    """
    digest = hashlib.sha256()
    for path, content in sent.items():
        digest.update(hashlib.sha256(bytes(path)).digest() + hashlib.sha256(content).digest())
    folder = paths.cache_dir() / "sent" / digest.hexdigest()[:32]

    def place(path: Path) -> Path:
        whole = path.absolute()
        return folder / whole.relative_to(whole.anchor)

    for path, content in sent.items():
        # A copy appears whole or not at all, under the digest of its content.
        if not place(path).exists():
            files.write_bytes(place(path), content)
    return place
