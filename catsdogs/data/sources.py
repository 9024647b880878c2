"""Where a dataset comes from: a folder, one of the known archives, or the drawn sample.

Archives are unpacked once, into the app's own data folder; the user's files are only read.
"""

import hashlib
import lzma
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from catsdogs import files, paths
from catsdogs.data import images
from catsdogs.data.decoding import Progress
from catsdogs.data.sample import draw_sample
from catsdogs.errors import DatasetError

# Folders that people who followed Kaggle's page already have, relative to where the app starts.
USUAL_FOLDERS = (Path("dogs-vs-cats/train"), Path("dogs-vs-cats"))
SAMPLE_NAME = "Drawn sample"
HOW_TO_GET_THE_REAL_ONE = (
    "Under *Use other images* on the Dataset page this app downloads them from Microsoft (no "
    "account needed) or from [Kaggle](https://www.kaggle.com/c/dogs-vs-cats) (free account), or "
    "takes a zip or a folder that you have."
)
_MAX_NESTING = 1
# What reading a damaged, encrypted or exotic zip raises, and what writing its files does.
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    EOFError,
    RuntimeError,
    OSError,
)
_COPY_CHUNK_BYTES = 1 << 20


def sample_dir() -> Path:
    """Where the drawn sample is, once ``ensure_sample`` has drawn it."""
    return paths.data_dir() / "sample"


def ensure_sample(progress: Progress | None = None) -> Path:
    """Return the folder of the drawn sample, drawing it (seconds) when it is not there yet."""
    folder = sample_dir()
    if not folder.is_dir():
        try:
            draw_sample(folder, progress=progress)
        except (OSError, DatasetError):
            # Another tab that drew the same sample was faster: its result is as good.
            if not folder.is_dir():
                raise
    return folder


def current() -> Path | None:
    """Return the dataset the app works on: the chosen one, a usual folder, the sample, or None."""
    for candidate in (_chosen(), *USUAL_FOLDERS, sample_dir()):
        if candidate is not None and candidate.exists():
            return candidate.absolute()
    return None


def lost_choice() -> Path | None:
    """Return the chosen dataset if it is not there any more: moved, deleted, or unplugged."""
    chosen = _chosen()
    return chosen if chosen is not None and not chosen.exists() else None


def choose(path: Path) -> None:
    """Make ``path`` the dataset that ``current`` returns from now on, after a restart too."""
    files.write_bytes(_choice_file(), os.fsencode(path.absolute()) + b"\n")


def display_name(path: Path) -> str:
    """Return a short name for a dataset's folder or archive."""
    path = path.absolute()
    if path == sample_dir():
        return SAMPLE_NAME
    if path.parent == _unpacked_dir():
        return path.name.rpartition("-")[0] + ".zip"
    return path.name if path.suffix else "/".join(path.parts[-2:])


def open_source(path: Path, *, into: Path | None = None) -> Path:
    """Return the folder that holds the images of ``path``, unpacking an archive when needed.

    An archive is unpacked once, below the app's data folder, or to the new folder ``into``.

    Raises:
        DatasetError: when there is nothing at ``path``, it is neither a folder nor a zip, or
            ``into`` is in use.
    """
    try:
        path = path.expanduser().absolute()
        if path.is_dir():
            return path
        if path.is_file() and zipfile.is_zipfile(path):
            return _unpacked(path, into.absolute() if into else None)
        received = "a file that is not a zip" if path.exists() else "nothing at that path"
    except (OSError, RuntimeError) as error:
        # A name that is too long, a home folder that does not exist, a folder without permission.
        received = f"a path that cannot be followed ({error})"
    raise DatasetError(
        f"Expected a folder with images, or a zip of them, at {path}. Received: {received}. "
        "Check the path; other archive formats have to be unpacked first."
    )


def opened(path: Path) -> Path | None:
    """Return the folder that ``open_source`` would, or None where that would fail or unpack."""
    try:
        path = path.expanduser().absolute()
        folder = path if path.is_dir() else _place_of(path)
        return folder if folder.is_dir() else None
    except (OSError, RuntimeError):
        return None


def _choice_file() -> Path:
    return paths.data_dir() / "current.txt"


def _chosen() -> Path | None:
    try:
        return Path(os.fsdecode(_choice_file().read_bytes().rstrip(b"\n")))
    except OSError:
        return None


def _unpacked_dir() -> Path:
    return paths.data_dir() / "unpacked"


def _unpacked(archive: Path, into: Path | None) -> Path:
    """Unpack ``archive`` once; another file at the same path is unpacked anew."""
    if into is not None:
        if into.exists():
            raise DatasetError(f"Expected a new folder. Received: {into}, which exists already.")
        _unpack_whole(archive, into)
        return into
    folder = _place_of(archive)
    if not folder.is_dir():
        _unpack_whole(archive, folder)
    return folder


def _place_of(archive: Path) -> Path:
    """Return where ``archive`` is, or is to be, unpacked."""
    status = archive.stat()
    identity = f"{archive}\n{status.st_size}\n{status.st_mtime_ns}"
    key = hashlib.sha256(os.fsencode(identity)).hexdigest()[:8]
    return _unpacked_dir() / f"{archive.stem}-{key}"


def _unpack_whole(archive: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".tmp-"))
    try:
        _unpack(archive, temporary, nesting=0)
        _publish(temporary, folder)
    except _ZIP_ERRORS as error:
        raise DatasetError(
            f"Expected a complete, unencrypted zip. Received: {archive.name}, which cannot be "
            f"unpacked ({error}). Download it again, or free some disk space."
        ) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _publish(temporary: Path, folder: Path) -> None:
    try:
        temporary.replace(folder)
    except OSError:
        # Another process that unpacked the same archive was faster: its result is as good.
        if not folder.is_dir():
            raise


def _unpack(archive: Path, folder: Path, *, nesting: int) -> None:
    with zipfile.ZipFile(archive) as opened:
        members = [member for member in opened.infolist() if _is_wanted(member, nesting)]
        _check_space(sum(member.file_size for member in members), folder)
        for member in members:
            target = folder.joinpath(*_safe_parts(member.filename))
            if target.exists():
                continue  # A zip may hold a name twice; the first stays.
            target.parent.mkdir(parents=True, exist_ok=True)
            with opened.open(member) as source, target.open("xb") as destination:
                shutil.copyfileobj(source, destination, _COPY_CHUNK_BYTES)
            if target.suffix.lower() == ".zip":
                _unpack(target, target.with_suffix(""), nesting=nesting + 1)
                target.unlink()


def _is_wanted(member: zipfile.ZipInfo, nesting: int) -> bool:
    """Keep plain files that are images or, in Kaggle's outer zip, zips of images."""
    path = PurePosixPath(member.filename)
    if member.is_dir() or stat.S_ISLNK(member.external_attr >> 16) or not _safe_parts(path):
        return False
    if path.name.startswith("."):
        return False
    suffix = path.suffix.lower()
    return suffix in images.SUFFIXES or (suffix == ".zip" and nesting < _MAX_NESTING)


def _safe_parts(name: str | PurePosixPath) -> tuple[str, ...]:
    """Return the parts of a member's name, or () when it points outside the archive."""
    path = PurePosixPath(str(name).replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in str(path):
        return ()
    return path.parts


def _check_space(needed_bytes: int, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free_bytes = shutil.disk_usage(folder).free
    if needed_bytes > free_bytes:
        raise OSError(f"it needs {needed_bytes:,} bytes and {free_bytes:,} are free")
