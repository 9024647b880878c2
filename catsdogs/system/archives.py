"""Zips and tars from any source, behind one seam."""

from pathlib import Path, PurePath

from catsdogs.system import members, tars, zips
from catsdogs.system.members import Archive, OutOfBounds

# Errors that opening and reading an archive raises.
ERRORS = (*zips.ERRORS, *tars.ERRORS, OutOfBounds)
TAR_SUFFIXES = (
    *(".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz"),
    ".taz",
)
SUFFIXES = (".zip", *TAR_SUFFIXES)
# The first bytes of a zip, even if its end is missing, and of one without members (APPNOTE.TXT,
# 4.3.7 and 4.3.16).
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_PACKED = (tars.GZIP, tars.BZIP2, tars.XZ)


def is_archive(source: Path | bytes) -> bool:
    """Return whether a file is a zip or a tar by its content.

    Raises:
        OSError: if it cannot be read.
    """
    return zips.is_zip(source) or tars.is_tar(source)


def begins_like_one(head: bytes) -> bool:
    """Return whether a file begins like a zip, a tar or a compressed tar; ``head`` is 512 bytes."""
    packed = head.startswith((*_ZIP_MAGICS, *_PACKED))
    return packed or (len(head) >= members.HEAD_BYTES and tars.is_tar(head[: members.HEAD_BYTES]))


def opened(source: Path | bytes) -> Archive:
    """Return the archive at a path, or with the given content, opened for reading.

    Raises:
        ERRORS: if it is neither a zip nor a tar, is damaged, or has too many entries.
    """
    return tars.Tar(source) if not zips.is_zip(source) and tars.is_tar(source) else zips.Zip(source)


def is_named_like_one(name: str) -> bool:
    """Return whether a file's name ends like that of an archive."""
    return name.lower().endswith(SUFFIXES)


def stem(name: str) -> str:
    """Return the name of an archive without its suffix: "photos" for "photos.tar.gz"."""
    suffix = next((suffix for suffix in SUFFIXES[::-1] if name.lower().endswith(suffix)), None)
    return name[: -len(suffix)] if suffix else PurePath(name).stem


def damage(head: bytes) -> str | None:
    """Return what a file is that begins like an archive but is none; None if it does not."""
    if head.startswith(_ZIP_MAGICS):
        return "a damaged zip, whose end is missing: download or copy it again"
    if head.startswith(_PACKED):
        return "a compressed file that is damaged or holds no tar: download or copy it again"
    return None
