"""The members of an archive, whatever its format, and the limits for all formats.

Headers may be false: the limits are checked in the headers first, and again while reading.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

MOST_ENTRIES = 100_000
# Photos hardly shrink in an archive. Drawings may, so the limit never falls below ``_FREE_BYTES``.
MOST_TIMES_LARGER = 100
_FREE_BYTES = 100 << 20
CHUNK_BYTES = 1 << 20
HEAD_BYTES = 512


class OutOfBounds(Exception):
    """An archive that this project does not read completely, although it may be intact."""


class Kind(Enum):
    """The type of a member, by its header."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    SPECIAL = "special"


@dataclass(frozen=True)
class Member:
    """An entry of an archive, as its header describes it.

    ``packed_bytes`` is its size inside the archive, 0 if the format does not compress members one
    by one. Unless it ``is_bounded``, reading a few bytes may unpack thousands of times as many.
    ``entry`` belongs to the library that reads the archive.
    """

    name: str
    kind: Kind
    size_bytes: int
    packed_bytes: int
    is_bounded: bool
    entry: Any


class Archive(Protocol):
    """An archive that is open for reading; every method raises ``archives.ERRORS``."""

    members: Sequence[Member]

    def chunks(self, member: Member) -> Iterator[bytes]:
        """Yield a member's content in pieces. Read one member after the other."""

    def read(self, member: Member, *, at_most: int) -> bytes:
        """Return a member's content, cut after a little more than ``at_most`` bytes.

        Several threads may call it.
        """

    def head(self, member: Member) -> bytes:
        """Return the first bytes of a member, at least ``HEAD_BYTES`` of them if it has so many."""

    def close(self) -> None:
        """Close the file."""


def most_bytes(archive_bytes: int) -> int:
    """Return how many bytes an archive of this size may unpack to."""
    return max(_FREE_BYTES, MOST_TIMES_LARGER * archive_bytes)


def check(members: Sequence[Member], archive_bytes: int, *, each: int) -> None:
    """Check the sizes in the headers, which refuses most bombs before anything is read.

    The caller reads at most ``each`` bytes of a member.

    Raises:
        OutOfBounds: if entries share bytes, or would unpack to too many bytes.
    """
    packed_bytes = sum(member.packed_bytes for member in members)
    if packed_bytes > archive_bytes:
        raise OutOfBounds(f"entries of {packed_bytes:,} bytes in {archive_bytes:,}")
    unpacked_bytes = sum(min(member.size_bytes, each) for member in members)
    if unpacked_bytes > most_bytes(archive_bytes):
        raise OutOfBounds(
            f"{unpacked_bytes:,} bytes packed in {archive_bytes:,}: no photos shrink that much"
        )


def check_count(entries: int) -> None:
    """Check the number of entries.

    Raises:
        OutOfBounds: if there are more than ``MOST_ENTRIES``.
    """
    if entries > MOST_ENTRIES:
        raise OutOfBounds(f"{entries:,} entries; at most {MOST_ENTRIES:,} are read")
