"""From an archive of images to a folder: within limits, never outside it, all or nothing.

FOLDER                   appears when everything in the archive is unpacked
.tmp-…                   next to it: the files unpacked so far
<data>/unpacking.lock    held by the process that unpacks: its holder may remove temporary
                         folders, which are left over from killed processes
"""

import errno
import hashlib
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path, PurePosixPath

from catsdogs import paths
from catsdogs.dataset import left_out, listing, recognition
from catsdogs.errors import ArchiveError, DatasetError
from catsdogs.images import containers
from catsdogs.labels import UNLABELLED, label_of_path
from catsdogs.sources.file_names import Names, is_wanted
from catsdogs.system import archives, members
from catsdogs.system.locks import exclusive
from catsdogs.system.members import Archive, Kind, Member, OutOfBounds
from catsdogs.system.system_files import group_of
from catsdogs.text import counted

MOST_BYTES = 50 << 30
# Left free for the app, which also writes runs.
SPARED_BYTES = 256 << 20
_CHECK_SPACE_EVERY_BYTES = 64 << 20
UNFINISHED = ".tmp-"
_INNER_ARCHIVE = f"{UNFINISHED}inner"
# Kaggle's archives contain archives, and a browser or a person may pack them once or twice more.
MOST_DEEP = 3
_HOLDS_IMAGES = ".parquet"
_TOP = PurePosixPath()
# Suffixes for images that have none, by how they begin. Any other one is of HEIC's family.
_SUFFIXES = {
    b"\xff\xd8": ".jpg",
    b"\x89PNG": ".png",
    b"GIF8": ".gif",
    b"RIFF": ".webp",
    b"BM": ".bmp",
    b"II": ".tif",
    b"MM": ".tif",
}
_DRIVE = re.compile("[A-Za-z]:")


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the images of an archive, and of the archives in it, to the new folder ``folder``.

    Files get names that every system accepts and that differ by more than case. Members that point
    outside the folder, links and other files are skipped; ``left_out`` counts them. If the folder
    already exists, it stays unchanged.

    Raises:
        ArchiveError: if it is damaged, encrypted, too large, or contains no image.
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
    except archives.ERRORS as error:
        if reason := _reason_of_the_system(error):
            raise DatasetError(
                f"Expected to unpack {archive.name} into {folder.parent}. Received: "
                f"{reason}. Free some disk space, or choose another folder."
            ) from None
        raise ArchiveError(
            f"Expected a complete, unencrypted zip or tar of images. Received: {archive.name}, "
            f"which cannot be unpacked ({error or type(error).__name__}). {_advice(error)}"
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
        _require_images(unpacking)
        temporary.replace(folder)
        left_out.save(folder, unpacking.left_out, unpacking.other_types)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


class _Unpacking:
    """The files written into ``root`` so far, what was left out, and the limits for more."""

    def __init__(self, root: Path, archive_bytes: int) -> None:
        self.root, self.names, self.images = root, Names(), 0
        self.left_out, self.other_types = Counter[str](), Counter[str]()
        self.has_labels_by_name = self.is_too_deep = False
        self._most_bytes = min(MOST_BYTES, members.most_bytes(archive_bytes))
        self._written_bytes = self._check_space_at_bytes = self._entries = 0
        self._seen: set[tuple[PurePosixPath, str]] = set()

    def add(self, archive: Path, inside: PurePosixPath = _TOP, *, depth: int = 0) -> None:
        """Write the images of ``archive``; those of an archive in an archive go to ``inside``."""
        with closing(archives.opened(archive)) as opened:
            self._entries += len(opened.members)
            members.check_count(self._entries)
            wanted = [one for one in opened.members if self._is_wanted(one, inside)]
            named = [one for one in wanted if is_wanted(one.name)]
            members.check(named, archive.stat().st_size, each=MOST_BYTES)
            members.check(wanted, archive.stat().st_size, each=members.CHUNK_BYTES)
            _check_space(sum(member.size_bytes for member in named), self.root)
            for member in wanted:
                path = inside / PurePosixPath(*_parts(member.name))
                if archives.is_named_like_one(path.name):
                    self._add_inner(opened, member, path, depth + 1)
                else:
                    self._write(opened, member, path)

    def _add_inner(self, opened: Archive, member: Member, path: PurePosixPath, depth: int) -> None:
        """Write the images of an archive inside an archive, up to a depth."""
        if depth > MOST_DEEP:
            self.is_too_deep = True
            self._leave_out(path.name)
            return
        inner = self.root / f"{_INNER_ARCHIVE}-{depth}"
        self._copy(opened.chunks(member), inner)
        self.add(inner, path.with_name(archives.stem(path.name) or "_"), depth=depth)
        inner.unlink()

    def _write(self, opened: Archive, member: Member, path: PurePosixPath) -> None:
        """Write a member, unless neither its name nor its content is that of a wanted file."""
        chunks = opened.chunks(member)
        if not is_wanted(path.name):
            first = _first(chunks) if member.is_bounded else b""
            suffix = _suffix_of(first)
            if suffix is None:
                self._leave_out(path.name)
                return
            path, chunks = path.with_name(path.name + suffix), chain([first], chunks)
        if recognition.has_image_suffix(path.name):
            self.images += 1
            self.has_labels_by_name |= label_of_path(str(path)) != UNLABELLED
        self._copy(chunks, self._new_file(path))

    def _is_wanted(self, member: Member, inside: PurePosixPath) -> bool:
        """Return whether to look at a member's content; count it otherwise."""
        parts = _parts(member.name)
        if member.kind is Kind.FOLDER:
            return False
        if not parts:
            group = listing.OUTSIDE
        elif aside := group_of(parts):
            group = aside
        elif member.kind is not Kind.FILE:
            group = listing.ARCHIVE_LINK if member.kind is Kind.LINK else listing.SPECIAL
        elif (inside, member.name) in self._seen:
            group = listing.REPEATED  # An archive may contain a name twice: keep the first.
        else:
            self._seen.add((inside, member.name))
            return True
        self.left_out[group] += 1
        return False

    def _leave_out(self, name: str) -> None:
        self.other_types.update(recognition.types([name]))

    def _new_file(self, path: PurePosixPath) -> Path:
        """Return the path of one more file, with a name like ``path``."""
        target = self.root / self.names.new(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _copy(self, chunks: Iterator[bytes], target: Path) -> None:
        with target.open("xb") as out:
            for chunk in chunks:
                self._count(len(chunk))
                out.write(chunk)

    def _count(self, size_bytes: int) -> None:
        self._written_bytes += size_bytes
        if self._written_bytes > self._most_bytes:
            raise OutOfBounds(f"it unpacks to more than {self._most_bytes:,} bytes")
        if self._written_bytes >= self._check_space_at_bytes:
            self._check_space_at_bytes = self._written_bytes + _CHECK_SPACE_EVERY_BYTES
            _check_space(size_bytes, self.root)


def _require_images(unpacked: _Unpacking) -> None:
    """Check that there is something to learn from.

    Raises:
        OutOfBounds: with the reason.
    """
    if ".cls" in unpacked.other_types and not unpacked.has_labels_by_name:
        raise OutOfBounds("it is a WebDataset. An uncompressed one, named .tar, is read in place")
    if unpacked.images or unpacked.names.has(_HOLDS_IMAGES):
        return
    if unpacked.is_too_deep:
        raise OutOfBounds(f"it contains archives that are nested more than {MOST_DEEP} deep")
    types = ", ".join(
        counted(n, f"{kind} file".strip()) for kind, n in unpacked.other_types.items()
    )
    raise OutOfBounds(f"it contains no image, but {types}" if types else "it contains no image")


def _advice(error: Exception) -> str:
    """Return what to do with an archive that cannot be unpacked."""
    if isinstance(error, OutOfBounds):
        return "Unpack it with another program, and use the folder with the images."
    return "Download it again, or unpack it with another program and use that folder."


def _first(chunks: Iterator[bytes]) -> bytes:
    """Return the first piece of a member that may be an image; none if it is damaged."""
    try:
        return next(chunks, b"")
    except archives.ERRORS as error:
        if _reason_of_the_system(error):
            raise
        return b""


def _reason_of_the_system(error: Exception) -> str | None:
    """Return the system's reason for an error; None for damage, even if bzip2 raised an OSError.

    Only errors of the system have a number.
    """
    return error.strerror if isinstance(error, OSError) and error.errno is not None else None


def _suffix_of(head: bytes) -> str | None:
    """Return the suffix for a file that begins like an image, or None if it does not."""
    if not containers.begins_like_an_image(head[: members.HEAD_BYTES]):
        return None
    return next((suffix for start, suffix in _SUFFIXES.items() if head.startswith(start)), ".heic")


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
