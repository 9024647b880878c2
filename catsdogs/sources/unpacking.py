"""From a zip of images to a folder: within limits, never outside the folder, all or nothing.

FOLDER                   appears when everything in the zip is unpacked
.tmp-…                   next to it: the files unpacked so far
<data>/unpacking.lock    held by the process that unpacks: its holder may remove temporary
                         folders, which are left over from killed processes
"""

import errno
import hashlib
import os
import re
import shutil
import stat
import unicodedata
import zipfile
from pathlib import Path, PurePosixPath

from catsdogs import paths
from catsdogs.errors import ArchiveError, DatasetError
from catsdogs.images import picture
from catsdogs.system import zips
from catsdogs.system.locks import exclusive

MOST_BYTES = 50 << 30
# Left free for the app, which also writes runs.
SPARED_BYTES = 256 << 20
_CHECK_SPACE_EVERY_BYTES = 64 << 20
_MOST_FOLDERS_DEEP = 20
_MOST_NAME_BYTES = 150
UNFINISHED = ".tmp-"
_INNER_ZIP = f"{UNFINISHED}inner.zip"
_DRIVE = re.compile("[A-Za-z]:")
# Characters that Windows does not allow in a name. Invisible characters are replaced as well.
_UNFIT = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(r"(?i)(CON|PRN|AUX|NUL|COM\d|LPT\d)(\..*)?")


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the images of a zip, and of the zips in it, to the new folder ``folder``.

    Files get names that every system accepts and that differ by more than case. Members that point
    outside the folder, links and other files are skipped. If the folder already exists, it stays
    unchanged.

    Raises:
        ArchiveError: if the zip is damaged, encrypted, too large, or contains no image.
        DatasetError: if it cannot be written. Nothing is left in either case.
    """
    try:
        lock = paths.data_dir() / "unpacking.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(lock):
            _remove_leftovers(folder)
            if not folder.is_dir():
                _unpack_beside(archive, folder)
    except zips.ERRORS as error:
        # bzip2 reports damage as an OSError too, but only errors of the system have a number.
        if isinstance(error, OSError) and error.errno is not None:
            raise DatasetError(
                f"Expected to unpack {archive.name} into {folder.parent}. Received: "
                f"{error.strerror}. Free some disk space, or choose another folder."
            ) from None
        raise ArchiveError(
            f"Expected a complete, unencrypted zip of images. Received: {archive.name}, which "
            f"cannot be unpacked ({error}). Download it again, or unpack it with another program "
            "and use that folder."
        ) from None


def _remove_leftovers(folder: Path) -> None:
    shutil.rmtree(_temporary(folder), ignore_errors=True)
    if folder.parent.parent == paths.data_dir():  # Here, all temporary folders belong to the app.
        for left in folder.parent.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left, ignore_errors=True)


def _temporary(folder: Path) -> Path:
    key = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return folder.with_name(f"{UNFINISHED}unpacking-{key}")


def _unpack_beside(archive: Path, folder: Path) -> None:
    temporary = _temporary(folder)
    temporary.mkdir()
    try:
        unpacking = _Unpacking(temporary, archive.stat().st_size)
        unpacking.add(archive)
        if not unpacking.names:
            raise zipfile.BadZipFile("it contains no image")
        temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


class _Unpacking:
    """The files written into ``root`` so far, and the limits for more."""

    def __init__(self, root: Path, archive_bytes: int) -> None:
        self.root, self.names = root, _Names()
        self._most_bytes = min(MOST_BYTES, zips.most_bytes(archive_bytes))
        self._written_bytes = self._check_space_at_bytes = 0

    def add(self, archive: Path, inside: PurePosixPath | None = None) -> None:
        """Write the images of ``archive``; those of a zip inside a zip go to ``inside``."""
        with zips.opened(archive) as opened:
            suffixes = picture.SUFFIXES | (set() if inside else {".zip"})
            members = [member for member in opened.infolist() if _is_wanted(member, suffixes)]
            zips.check(members, archive.stat().st_size, each=MOST_BYTES)
            _check_space(sum(member.file_size for member in members), self.root)
            seen: set[str] = set()
            for member in members:
                if member.filename in seen:
                    continue  # A zip may contain a name twice: keep the first.
                seen.add(member.filename)
                path = (inside or PurePosixPath()) / PurePosixPath(*_parts(member.filename))
                if path.suffix.lower() == ".zip":
                    self._copy(opened, member, inner := self.root / _INNER_ZIP)
                    self.add(inner, path.with_suffix(""))
                    inner.unlink()
                else:
                    self._copy(opened, member, self._new_file(path))

    def _new_file(self, path: PurePosixPath) -> Path:
        """Return the path of one more file, with a name like ``path``."""
        if len(self.names) == zips.MOST_ENTRIES:
            raise zipfile.BadZipFile(f"it contains more than {zips.MOST_ENTRIES:,} images")
        target = self.root / self.names.new(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _copy(self, opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
        with target.open("xb") as out:
            for chunk in zips.chunks(opened, member):
                self._count(len(chunk))
                out.write(chunk)

    def _count(self, size_bytes: int) -> None:
        self._written_bytes += size_bytes
        if self._written_bytes > self._most_bytes:
            raise zipfile.BadZipFile(f"it unpacks to more than {self._most_bytes:,} bytes")
        if self._written_bytes >= self._check_space_at_bytes:
            self._check_space_at_bytes = self._written_bytes + _CHECK_SPACE_EVERY_BYTES
            _check_space(size_bytes, self.root)


class _Names:
    """The names given to files. They end with an image suffix; names of folders do not."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._taken)

    def new(self, path: PurePosixPath) -> PurePosixPath:
        """Return a name like ``path`` that every system accepts and that is not taken yet."""
        folders = [_fit(part) for part in path.parts[:-1]][-_MOST_FOLDERS_DEEP:]
        folders = [f"{name}_" if _is_image(name) else name for name in folders]
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


def _is_image(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in picture.SUFFIXES


def _fit(name: str) -> str:
    """Return ``name`` without characters that a system may refuse or that are invisible."""
    if not name.isprintable():
        name = "".join(char if char.isprintable() else "_" for char in name)
    short = _UNFIT.sub("_", name).encode()[:_MOST_NAME_BYTES].decode(errors="ignore")
    fit = short.rstrip(". ") or "_"
    return f"_{fit}" if _DEVICES.fullmatch(fit) else fit


def _is_wanted(member: zipfile.ZipInfo, suffixes: frozenset[str]) -> bool:
    """Return whether a member is a plain file, not hidden, that ends with one of ``suffixes``."""
    parts = _parts(member.filename)
    is_plain = stat.S_IFMT(member.external_attr >> 16) in (0, stat.S_IFREG)
    if not is_plain or not parts or any(part.startswith(".") for part in parts):
        return False
    return not member.is_dir() and PurePosixPath(parts[-1]).suffix.lower() in suffixes


def _parts(name: str) -> tuple[str, ...]:
    """Return the parts of a member's name, or () if it points outside the archive."""
    path = PurePosixPath(name.replace("\\", "/"))
    is_outside = path.is_absolute() or ".." in path.parts or _DRIVE.match(name)
    return () if is_outside else path.parts


def _check_space(needed_bytes: int, folder: Path) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if needed_bytes + SPARED_BYTES > free_bytes:
        what = f"it needs {needed_bytes + SPARED_BYTES:,} bytes and {free_bytes:,} are free"
        raise OSError(errno.ENOSPC, what)
