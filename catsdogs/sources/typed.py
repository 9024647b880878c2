"""Paths as people type or paste them: with quotes, ``~``, ``file://``, variables or a pattern."""

import glob
import os
import re
from itertools import islice
from pathlib import Path
from urllib.parse import unquote
from urllib.request import url2pathname

from catsdogs.errors import DatasetError
from catsdogs.storage import stand_in
from catsdogs.storage.address import is_one
from catsdogs.system.system_files import group_of

_QUOTES = ("''", '""', "\u201c\u201d", "\u2018\u2019", "``", "<>")
_ADDRESS = re.compile(r"(?i)([a-z][a-z0-9+.-]+)://")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_MOST_MATCHES = 100_000


def typed_path(text: str) -> Path:
    """Return the path that ``text`` stands for, absolute. It may not exist.

    For the address of a dataset, it is the folder that stands for it (``storage``).

    Raises:
        DatasetError: if it is empty, another address, or a pattern of several files.
    """
    found = typed_paths(text)
    if len(found) > 1:
        raise DatasetError(
            f"Expected the path of one folder or archive. Received: {text.strip()}, a pattern that "
            f"fits {len(found):,} files. Type the path of their folder."
        )
    return found[0]


def typed_paths(text: str) -> list[Path]:
    """Return the paths that ``text`` stands for, absolute: several for a pattern, or else one.

    A file or folder with exactly this name comes first, whatever characters are in the name.

    Raises:
        DatasetError: if it is empty, an address, or a pattern that fits no file.
    """
    try:
        return _understood(text)
    except (OSError, RuntimeError, ValueError) as error:
        # The name is too long, the home folder does not exist, or a character cannot be in a path.
        raise DatasetError(
            f"Expected a path. Received: {text.strip()!r}, which cannot be one ({error}). Check "
            "the path."
        ) from None


def _understood(text: str) -> list[Path]:
    bare = _without_quotes(text)
    if not bare:
        raise DatasetError("Expected a path. Received: nothing. Type the path of a folder or file.")
    if "\0" in bare:
        raise ValueError("it contains a null character")
    if os.path.lexists(bare):
        return [Path(bare).absolute()]
    if address := _ADDRESS.match(bare):
        return [stand_in.made(bare) if is_one(bare) else _of_address(bare, address[1].lower())]
    if os.name != "nt" and _WINDOWS.match(bare):
        return [_of_windows(bare)]
    return _expanded(bare)


def _expanded(bare: str) -> list[Path]:
    """Return the path after ``~``, variables and escaped blanks, or the files of a pattern."""
    path = os.path.expandvars(bare)
    if os.name != "nt" and "\\" in path:
        path = re.sub(r"\\(.)", r"\1", path)  # A terminal escapes the blanks of a dragged file.
    full = Path(path).expanduser().absolute()
    if os.path.lexists(full) or not glob.has_magic(path):
        return [full]
    if matches := _matches(full):
        return matches
    raise DatasetError(
        f"Expected a path, or a pattern like photos/*.jpg. Received: {bare}, which fits no file. "
        "Check the path."
    )


def _matches(pattern: Path) -> list[Path]:
    """Return the files and folders that fit a pattern, without hidden ones."""
    base = next(parent for parent in pattern.parents if os.path.lexists(parent))
    wanted = pattern.relative_to(base)
    is_hidden = any(part.startswith(".") for part in wanted.parts)
    found = base.glob(str(wanted))
    visible = (path for path in found if is_hidden or not group_of(path.relative_to(base).parts))
    return sorted(islice(visible, _MOST_MATCHES))


def _of_windows(bare: str) -> Path:
    """Return where WSL shows a path of Windows.

    Raises:
        DatasetError: if it shows no such path.
    """
    drive, _, rest = bare.partition(":")
    path = Path("/mnt", drive.lower(), *re.split(r"[\\/]+", rest))
    if len(drive) == 1 and path.exists():
        return path
    raise DatasetError(
        f"Expected a path on this machine. Received: {bare}, a path of Windows. Type it as this "
        "system writes it, like /home/me/photos."
    )


def _of_address(address: str, scheme: str) -> Path:
    """Return the path in a ``file://`` address.

    Raises:
        DatasetError: for an address of another kind.
    """
    if scheme != "file":
        raise DatasetError(
            f"Expected a path on this machine. Received: {address.partition('?')[0]}, an address. "
            "Download it first: choose Web address under Open photos on the Dataset page, or run "
            "catsdogs data fetch --from ADDRESS."
        )
    # Not urlsplit's path: not every program escapes a # or ? in a name.
    host, slash, rest = address.split("//", 1)[1].partition("/")
    rest = slash + rest
    if host.lower() == "localhost":
        host = ""
    if host and os.name == "nt":
        return Path(rf"\\{host}{url2pathname(rest)}")
    # With two slashes instead of three, the first folder looks like the name of a machine.
    found = unquote(host) + url2pathname(rest)
    return Path(rest if os.path.lexists(rest) and not os.path.lexists(found) else found).absolute()


def _without_quotes(text: str) -> str:
    bare = text.strip().strip("\N{ZERO WIDTH NO-BREAK SPACE}\N{LEFT-TO-RIGHT EMBEDDING}").strip()
    while len(bare) > 1 and bare[0] + bare[-1] in _QUOTES and not os.path.lexists(bare):
        bare = bare[1:-1].strip()
    return bare
