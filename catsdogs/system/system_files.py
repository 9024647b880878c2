"""The names of files and folders that systems and programs make among a user's own files.

Network drives keep thumbnails, recycle bins and snapshots there: copies of photos that must not
count as photos. Folders, zips, tars and uploads all ask this table.
"""

import re
from collections.abc import Iterable

SYSTEM, HIDDEN = "system_files", "hidden"

# Lower case, because most of these systems ignore case.
_FOLDERS = frozenset(
    {
        # Synology, QNAP and other network drives
        *("@eadir", "@tmp", "@sharebin", "#recycle", "#snapshot", "@recycle", ".@__thumb"),
        *("@__thumb", "@recently-snapshot", "network trash folder", "temporary items"),
        *("@__qini", ".synologyworkingdirectory", ".snapshot", ".snapshots", "~snapshot", ".zfs"),
        *(".stfolder", ".stversions", ".sync", "_gsdata_"),
        # Windows
        *("$recycle.bin", "recycler", "recycled", "system volume information"),
        # macOS
        *("__macosx", ".appledouble", ".appledb", ".appledesktop", ".documentrevisions-v100"),
        *(".fseventsd", ".spotlight-v100", ".temporaryitems", ".trashes", ".trash"),
        # Linux
        *("lost+found", ".thumbnails", ".thumb", ".comments", ".xvpics"),
        # programs
        *(
            "_vti_cnf",
            ".git",
            ".svn",
            ".hg",
            ".ipynb_checkpoints",
            "__pycache__",
            ".picasaoriginals",
        ),
        *(".dropbox.cache", ".tmp.drivedownload", ".tmp.driveupload"),
    }
)
_FILES = frozenset(
    {
        *("thumbs.db", "thumbs.db:encryptable", "ehthumbs.db", "ehthumbs_vista.db"),
        *("desktop.ini", "folder.ini", "picasa.ini", ".picasa.ini", "zbthumbnail.info"),
        *("pspbrwse.jbf", ".ds_store", ".localized", ".apdisk", ".volumeicon.icns", "icon\r"),
        *(".directory", ".nomedia"),
    }
)
_PATTERNS = re.compile(
    r"\._.*"  # what macOS knows about a file, on a disk that cannot hold it
    r"|\.trash-.*"
    r"|found\.\d{3}"  # rests of files, from a check of the disk on Windows
    r"|syno(photo|file)_thumb.*"
    r"|\.(fuse_hidden|nfs|smbdelete|syncthing\.).*"
    r"|.*@syno(eastream|resource)"
    r"|.*:zone\.identifier"  # where Windows got a file from, copied as a file of its own
)
_PATTERN_STARTS = (".", "found.", "syno")
_PATTERN_ENDS = ("@synoeastream", "@synoresource", ":zone.identifier")


def is_system(name: str) -> bool:
    """Return whether a file or folder of this name was made by a system, not by a person."""
    lower = name.lower()
    if lower in _FOLDERS or lower in _FILES:
        return True
    may_fit = lower.startswith(_PATTERN_STARTS) or lower.endswith(_PATTERN_ENDS)
    return may_fit and _PATTERNS.fullmatch(lower) is not None


def group_of(parts: Iterable[str]) -> str:
    """Return ``SYSTEM`` or ``HIDDEN`` if a path with these parts is one or lies in one, else ""."""
    for part in parts:
        if is_system(part):
            return SYSTEM
        if part.startswith("."):
            return HIDDEN
    return ""
