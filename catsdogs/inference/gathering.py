"""The pictures in files, folders and archives, each with a function that reads it.

An entry that is not a picture, like an empty folder or a damaged archive, is in the list too: its
function raises the reason. So one bad entry never costs the answers about the others.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath

from catsdogs.dataset import index, recognition
from catsdogs.dataset.listing import ARCHIVE_LINK, ASIDE, SPECIAL, listed
from catsdogs.dataset.summary import ignored, in_words, instead
from catsdogs.errors import ArchiveError, DatasetError, UnreadableImage
from catsdogs.images import containers
from catsdogs.images.parallel import FromFile
from catsdogs.inference import answers
from catsdogs.inference.answers import Read
from catsdogs.sources import web_picture
from catsdogs.storage.stand_in import spelled
from catsdogs.system import archives, file_kinds, members
from catsdogs.system.members import Archive, Kind, Member, OutOfBounds
from catsdogs.system.system_files import group_of

MOST_DEEP = 3
# Archives inside an archive stay in memory, compressed.
_MOST_INNER_BYTES = 256 << 20
# In an archive on this machine, which nobody uploads: Kaggle's test1.zip has 12,500.
_MOST_ON_DISK = 100_000

Source = tuple[str, Read]


@dataclass(frozen=True)
class Gathered:
    """Pictures, each with its name, and the number of ignored entries by noun: "system file"."""

    sources: list[Source] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)


def gathered(paths: Iterable[Path]) -> Gathered:
    """Return the pictures in files, folders and archives, by path.

    Raises:
        DatasetError: if the only path is a folder or an archive without a picture.
    """
    paths, found = list(paths), Gathered()
    if len(paths) == 1:
        return _at(paths[0])
    for path in paths:
        try:
            inside = _at(path)
        except DatasetError as error:
            code = "damaged" if isinstance(error, ArchiveError) else "no_pictures"
            found.sources.append(refused(str(path), code, str(error)))
        else:
            found.sources.extend(inside.sources)
            found.ignored.update(inside.ignored)
    return found


def _at(path: Path) -> Gathered:
    """Return the pictures in a folder or an archive, or the one in a file."""
    if path.is_dir():
        return _below(path, in_folder(path))
    head = recognition.head(path) if path.is_file() else b""
    if is_archive(path.name, head, path):
        return _below(path, in_archive(str(path), path, most=_MOST_ON_DISK))
    return Gathered([in_file(str(path), FromFile(path), head)])


def _below(path: Path, inside: Gathered) -> Gathered:
    sources = [(f"{path}/{name}", read) for name, read in inside.sources]
    return replace(inside, sources=sources)


def in_file(name: str, read: Read, head: bytes) -> Source:
    """Return a file as a picture; a known container, like a RAR archive, as what it is."""
    if not recognition.is_image(name, head) and (kind := file_kinds.of_file(name, head)):
        return refused(name, "not_an_image", f"It is {kind.title}. {kind.advice}")
    return name, read


def in_folder(folder: Path) -> Gathered:
    """Return the pictures below a folder, in order of their paths relative to it.

    A folder that cannot be listed is an entry too.

    Raises:
        DatasetError: if it is not a folder, cannot be read, or has no pictures.
    """
    if not folder.is_dir():
        received = "a file" if folder.exists() else "nothing at that path"
        raise DatasetError(f"Expected a folder at {folder}. Received: {received}. Check the path.")
    listing = listed(folder)
    found = recognition.pictures(folder, listing.files)
    rest = index.rest_of(folder, listing, found)
    if not found and not listing.closed:
        raise DatasetError(f"Expected pictures in {spelled(folder)}. Received: {instead(rest)}")
    paths = sorted(folder / name for name in found)
    sources = [(p.relative_to(folder).as_posix(), FromFile(p)) for p in paths]
    closed = [
        refused(name, "unreadable_folder", f"The folder cannot be read: {reason}.")
        for name, reason in listing.closed.items()
    ]
    return Gathered([*sources, *closed], ignored(rest))


def is_archive(name: str, head: bytes, source: Path | bytes) -> bool:
    """Return whether to look for pictures inside a file: a zip or tar by its name or content."""
    if not head or recognition.is_image(name, head) or file_kinds.of_file(name, head):
        return False
    try:
        return archives.is_named_like_one(name) or archives.is_archive(source)
    except OSError:
        return False


def in_archive(name: str, source: bytes | Path, *, most: int | None = None) -> Gathered:
    """Return the pictures in an archive, by their names; nothing is unpacked to disk.

    A member that is too large, or declares to be, fails when it is read. ``most`` pictures are
    allowed, by default those of an upload.

    Raises:
        DatasetError: if it is not an archive, or has no pictures or too many.
    """
    inside, most = _Inside(), most or answers.MOST_PICTURES
    try:
        found = inside.pictures(source)
    except archives.ERRORS as error:
        raise ArchiveError(
            f"Expected a ZIP or tar. Received: {name}, which cannot be opened "
            f"({error or type(error).__name__}). Create it again, or unpack it with another "
            "program."
        ) from None
    if not 1 <= len(found) <= most:
        others = f", but {in_words(inside.ignored)}" if inside.ignored and not found else ""
        raise DatasetError(
            f"Expected a ZIP or tar with 1 to {most:,} pictures. Received: {name} "
            f"with {len(found):,}{others}. For more, choose a folder on this machine."
        )
    return Gathered(found, inside.ignored)


def at_address(url: str) -> Source:
    """Return the picture at a public web address. It is fetched when it is read."""
    return url, partial(web_picture.read, url)


def refused(name: str, code: str, reason: str) -> Source:
    """Return an entry that is not a picture: reading it raises the reason."""

    def read() -> bytes:
        raise UnreadableImage(code, reason)

    return name, read


class _Inside:
    """The pictures in an archive and in the archives in it, and the limits for all of them."""

    def __init__(self) -> None:
        self.ignored = Counter[str]()
        self._entries = self._inner_bytes = 0

    def pictures(self, source: bytes | Path, depth: int = 0) -> list[Source]:
        archive = archives.opened(source)
        self._entries += len(archive.members)
        members.check_count(self._entries)
        visible = [member for member in archive.members if self._is_visible(member)]
        size_bytes = len(source) if isinstance(source, bytes) else source.stat().st_size
        members.check(visible, size_bytes, each=answers.MOST_BYTES_EACH)
        found: list[Source] = []
        for member in visible:
            if archives.is_named_like_one(member.name):
                found += self._inner(archive, member, depth + 1)
            elif recognition.has_image_suffix(member.name) or _begins_like_one(archive, member):
                found.append((member.name, partial(_read, archive, member)))
            else:
                (suffix,) = recognition.types([member.name])
                self.ignored[f"{suffix} file".strip()] += 1
        return found

    def _is_visible(self, member: Member) -> bool:
        """Return whether a member is an ordinary file; count it if it is another entry."""
        group = group_of(PurePosixPath(member.name.replace("\\", "/")).parts)
        if not group and member.kind in (Kind.LINK, Kind.SPECIAL):
            group = ARCHIVE_LINK if member.kind is Kind.LINK else SPECIAL
        if group and member.kind is not Kind.FOLDER:
            self.ignored[ASIDE[group]] += 1
        return member.kind is Kind.FILE and not group

    def _inner(self, archive: Archive, member: Member, depth: int) -> list[Source]:
        """Return the pictures in an archive inside an archive, or the entry of a bad one."""
        self._inner_bytes += member.size_bytes
        if depth > MOST_DEEP or self._inner_bytes > _MOST_INNER_BYTES:
            reason = f"archives are nested more than {MOST_DEEP} deep, or too large, in this one"
            return [refused(member.name, "no_pictures", f"{reason}: unpack it.".capitalize())]
        try:
            content = archive.read(member, at_most=_MOST_INNER_BYTES)
            found = self.pictures(content, depth)
        except OutOfBounds:
            raise
        except archives.ERRORS as error:
            return [refused(member.name, "damaged", f"The archive cannot be opened ({error}).")]
        inside = archives.stem(member.name)
        return [(f"{inside}/{name}", read) for name, read in found]


def _begins_like_one(archive: Archive, member: Member) -> bool:
    """Return whether a member without an image's suffix begins like an image."""
    try:
        return containers.begins_like_an_image(archive.head(member))
    except archives.ERRORS:
        return False


def _read(archive: Archive, member: Member) -> bytes:
    try:
        content = archive.read(member, at_most=answers.MOST_BYTES_EACH)
    except archives.ERRORS as error:
        raise UnreadableImage(
            "damaged", f"Its data in the archive are damaged ({error})."
        ) from None
    if len(content) > answers.MOST_BYTES_EACH:
        raise UnreadableImage("too_large", "Expected at most 25 MB. Received: more.")
    return content
