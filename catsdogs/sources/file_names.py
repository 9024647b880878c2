"""Names for the files of an archive: ones that every system accepts and can tell apart."""

import re
import unicodedata
from pathlib import PurePosixPath

from catsdogs.dataset import recognition
from catsdogs.system import archives

# Tables of labels, and tables that contain images.
TABLES = (".csv", ".tsv", ".parquet")
_MOST_FOLDERS_DEEP = 20
_MOST_NAME_BYTES = 150
# Characters that Windows does not allow in a name. Invisible characters are replaced as well.
_UNFIT = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(r"(?i)(CON|PRN|AUX|NUL|COM\d|LPT\d)(\..*)?")


def is_wanted(name: str) -> bool:
    """Return whether a member is wanted by its name: an image, a table of labels or an archive."""
    lower = name.lower()
    return recognition.has_image_suffix(lower) or lower.endswith((*TABLES, *archives.SUFFIXES))


class Names:
    """The names given to files. Their suffixes are wanted ones; those of folders are not."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def has(self, suffix: str) -> bool:
        """Return whether a file with this suffix was named."""
        return any(name.endswith(suffix) for name in self._taken)

    def new(self, path: PurePosixPath) -> PurePosixPath:
        """Return a name like ``path`` that every system accepts and that is not taken yet."""
        folders = [_fit(part) for part in path.parts[:-1]][-_MOST_FOLDERS_DEEP:]
        folders = [f"{name}_" if is_wanted(name) else name for name in folders]
        wanted = PurePosixPath(*folders, _fit(path.stem) + path.suffix)
        found, number = wanted, self._numbers.get(_key(wanted), 1)
        while _key(found) in self._taken:
            number += 1
            # Separated by a dot, because the part before the first dot is the label.
            found = wanted.with_name(f"{wanted.stem}.{number}{wanted.suffix}")
        self._numbers[_key(wanted)] = number
        self._taken.add(_key(found))
        return found


def _key(path: PurePosixPath) -> str:
    """Return a key that is equal for two names that some file system treats as the same."""
    return unicodedata.normalize("NFC", str(path).casefold())


def _fit(name: str) -> str:
    """Return ``name`` without characters that a system may refuse or that are invisible."""
    if not name.isprintable():
        name = "".join(char if char.isprintable() else "_" for char in name)
    short = _UNFIT.sub("_", name).encode()[:_MOST_NAME_BYTES].decode(errors="ignore")
    fit = short.rstrip(". ") or "_"
    return f"_{fit}" if _DEVICES.fullmatch(fit) else fit
