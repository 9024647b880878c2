"""A zip of images → a folder: inside it, within bounds, whole or not at all.

FOLDER                   there once everything in the zip is
.tmp-…                   beside it: what is there so far
<data>/unpacking.lock    held by the one process that unpacks, so that who comes next knows that
                         what lies there under a temporary name was left by one that was killed
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
# Left free for the app itself, which has runs to write down.
SPARED_BYTES = 256 << 20
_CHECK_SPACE_EVERY_BYTES = 64 << 20
_MOST_FOLDERS_DEEP = 20
_MOST_NAME_BYTES = 150
UNFINISHED = ".tmp-"
_INNER_ZIP = f"{UNFINISHED}inner.zip"
_DRIVE = re.compile("[A-Za-z]:")
# What Windows does not take in a name. Control and invisible characters go, too.
_UNFIT = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(r"(?i)(CON|PRN|AUX|NUL|COM\d|LPT\d)(\..*)?")


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the images of a zip, and of the zips in it, to the new folder ``folder``.

    Members get names that any system takes, and that differ in more than case; what points
    outside, links and other files are left out. A folder that is there meanwhile is left alone.

    Raises:
        ArchiveError: when the zip is damaged, encrypted, too large, or has no image in it.
        DatasetError: when it cannot be written. Nothing is left then, either.
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
        # bzip2 reports damage as an OSError, too, but the system gives each of its own a number.
        if isinstance(error, OSError) and error.errno is not None:
            raise DatasetError(
                f"Expected to write what is in {archive.name} into {folder.parent}. Received: it "
                f"cannot be unpacked ({error.strerror}). Free some disk space, or choose another "
                "folder."
            ) from None
        raise ArchiveError(
            f"Expected a complete, unencrypted zip of images. Received: {archive.name}, which "
            f"cannot be unpacked ({error}). Download it again, or unpack it with another program "
            "and use that folder."
        ) from None


def _remove_leftovers(folder: Path) -> None:
    shutil.rmtree(_temporary(folder), ignore_errors=True)
    if folder.parent.parent == paths.data_dir():  # Where everything unfinished is the app's own.
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
            raise zipfile.BadZipFile("no image is in it")
        temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


class _Unpacking:
    """The files that have been written into ``root``, and how much more may be."""

    def __init__(self, root: Path, archive_bytes: int) -> None:
        self.root, self.names = root, _Names()
        self._most_bytes = min(MOST_BYTES, zips.most_bytes(archive_bytes))
        self._written_bytes = self._check_space_at_bytes = 0

    def add(self, archive: Path, inside: PurePosixPath | None = None) -> None:
        """Write the images of ``archive``, those of a zip in another one to ``inside``."""
        with zips.opened(archive) as opened:
            suffixes = picture.SUFFIXES | (set() if inside else {".zip"})
            members = [member for member in opened.infolist() if _is_wanted(member, suffixes)]
            zips.check(members, archive.stat().st_size, each=MOST_BYTES)
            _check_space(sum(member.file_size for member in members), self.root)
            seen: set[str] = set()
            for member in members:
                if member.filename in seen:
                    continue  # A zip may hold a name twice; the first stays.
                seen.add(member.filename)
                path = (inside or PurePosixPath()) / PurePosixPath(*_parts(member.filename))
                if path.suffix.lower() == ".zip":
                    self._copy(opened, member, inner := self.root / _INNER_ZIP)
                    self.add(inner, path.with_suffix(""))
                    inner.unlink()
                else:
                    self._copy(opened, member, self._new_file(path))

    def _new_file(self, path: PurePosixPath) -> Path:
        """Return the place of another file, which is like ``path``."""
        if len(self.names) == zips.MOST_ENTRIES:
            raise zipfile.BadZipFile(f"more than {zips.MOST_ENTRIES:,} images are in it")
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
            raise zipfile.BadZipFile(f"more than {self._most_bytes:,} bytes come out of it")
        if self._written_bytes >= self._check_space_at_bytes:
            self._check_space_at_bytes = self._written_bytes + _CHECK_SPACE_EVERY_BYTES
            _check_space(size_bytes, self.root)


class _Names:
    """The names given to files: they end like images, and no folder does."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._taken)

    def new(self, path: PurePosixPath) -> PurePosixPath:
        """Return a name like ``path`` that any system takes, and takes for no other of these."""
        folders = [_fit(part) for part in path.parts[:-1]][-_MOST_FOLDERS_DEEP:]
        folders = [f"{name}_" if _is_image(name) else name for name in folders]
        wanted = PurePosixPath(*folders, _fit(path.stem) + path.suffix)
        found, number = wanted, self._numbers.get(_key(wanted), 1)
        while _key(found) in self._taken:
            number += 1
            # By a dot, because what stands before the first one is the label.
            found = wanted.with_name(f"{wanted.stem}.{number}{wanted.suffix}")
        self._numbers[_key(wanted)] = number
        self._taken.add(_key(found))
        return found


def _key(path: PurePosixPath) -> str:
    """Return what two names share that some file system takes for one."""
    return unicodedata.normalize("NFC", str(path).casefold())


def _is_image(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in picture.SUFFIXES


def _fit(name: str) -> str:
    """Return a name like ``name`` without what a system may not take, or a person not see."""
    if not name.isprintable():
        name = "".join(char if char.isprintable() else "_" for char in name)
    short = _UNFIT.sub("_", name).encode()[:_MOST_NAME_BYTES].decode(errors="ignore")
    fit = short.rstrip(". ") or "_"
    return f"_{fit}" if _DEVICES.fullmatch(fit) else fit


def _is_wanted(member: zipfile.ZipInfo, suffixes: frozenset[str]) -> bool:
    """Keep plain files inside the archive, not hidden, that end in one of ``suffixes``."""
    parts = _parts(member.filename)
    is_plain = stat.S_IFMT(member.external_attr >> 16) in (0, stat.S_IFREG)
    if not is_plain or not parts or any(part.startswith(".") for part in parts):
        return False
    return not member.is_dir() and PurePosixPath(parts[-1]).suffix.lower() in suffixes


def _parts(name: str) -> tuple[str, ...]:
    """Return the parts of a member's name, or () when it points outside the archive."""
    path = PurePosixPath(name.replace("\\", "/"))
    is_outside = path.is_absolute() or ".." in path.parts or _DRIVE.match(name)
    return () if is_outside else path.parts


def _check_space(needed_bytes: int, folder: Path) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if needed_bytes + SPARED_BYTES > free_bytes:
        what = f"it needs {needed_bytes + SPARED_BYTES:,} bytes and {free_bytes:,} are free"
        raise OSError(errno.ENOSPC, what)
