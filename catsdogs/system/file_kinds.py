"""Containers of photos that this project does not read, with advice for the user.

A kind is known by its first bytes, or by its suffix.
"""

import re
from dataclasses import dataclass

_UNPACK = "Unpack it with another program, and use that folder."
_CONVERT = "Save its images as files (JPEG or PNG), one folder for each class, and use that folder."


@dataclass(frozen=True)
class FileKind:
    """A kind of file: ``title`` as in "Received: a RAR archive", and what the user can do."""

    title: str
    advice: str
    suffixes: tuple[str, ...] = ()
    begins: bytes | None = None
    # Where ``begins`` stands, in bytes.
    offset: int = 0


KINDS = (
    FileKind("a 7z archive", _UNPACK, (".7z",), b"7z\xbc\xaf\x27\x1c"),
    FileKind("a RAR archive", _UNPACK, (".rar", ".cbr"), b"Rar!\x1a\x07"),
    FileKind(
        "a part of a zip that is split into several files",
        "Unpack all parts together with another program, and use that folder.",
        (".z01", ".z02", ".zip.001", ".7z.001", ".001"),
        b"PK\x07\x08PK\x03\x04",
    ),
    FileKind("a Zstandard archive", _UNPACK, (".zst", ".tzst"), b"\x28\xb5\x2f\xfd"),
    FileKind("a compress archive", _UNPACK, (".z",), b"\x1f\x9d"),
    FileKind("a cabinet archive", _UNPACK, (".cab",), b"MSCF"),
    FileKind("an unfinished download", "Download it again.", (".part", ".crdownload", ".partial")),
    FileKind("a shortcut", "Type the path that it leads to.", (".lnk", ".url", ".webloc")),
    FileKind("a disk image", _UNPACK, (".iso", ".dmg", ".img")),
    FileKind(
        "a TFRecord file of TensorFlow",
        "In Python, tfds.as_dataframe or tf.data.TFRecordDataset reads it. " + _CONVERT,
        (".tfrecord", ".tfrecords", ".tfrec"),
    ),
    FileKind(
        "a Parquet file",
        'In Python, datasets.load_dataset("parquet", data_files=…) reads it. ' + _CONVERT,
        (".parquet",),
        b"PAR1",
    ),
    FileKind(
        "an Arrow file",
        "In Python, datasets.load_from_disk reads its folder. " + _CONVERT,
        (".arrow", ".feather"),
        b"ARROW1",
    ),
    FileKind("an array of NumPy", _CONVERT, (".npy", ".npz"), b"\x93NUMPY"),
    FileKind("an HDF5 file", _CONVERT, (".h5", ".hdf5", ".hdf"), b"\x89HDF\r\n\x1a\n"),
    FileKind("a MATLAB file", _CONVERT, (".mat",), b"MATLAB "),
    FileKind("an LMDB database", _CONVERT, (".mdb", ".lmdb"), b"\xde\xc0\xef\xbe", 16),
    FileKind("an SQLite database", _CONVERT, (".sqlite", ".sqlite3"), b"SQLite format 3\0"),
    FileKind("a RecordIO file of MXNet", _CONVERT, (".rec",), b"\x0a\x23\xd7\xce"),
    FileKind("a file of FFCV", _CONVERT, (".beton",)),
    FileKind(
        "a Python pickle, which could run code when it is loaded",
        _CONVERT,
        (".pkl", ".pickle", ".joblib", ".pt", ".pth"),
    ),
)
# Shards are numbered after the suffix: x.tfrecord-00000-of-00016.
_SHARD = re.compile(r"-\d+-of-\d+$")
_PICKLE = re.compile(rb"\x80[\x02-\x05]")


def of_suffix(name: str) -> FileKind | None:
    """Return the kind that the suffix of a file name stands for, or None."""
    lower = _SHARD.sub("", name.lower())
    return next((kind for kind in KINDS if lower.endswith(kind.suffixes)), None)


def of_content(head: bytes) -> FileKind | None:
    """Return the kind whose files begin like ``head``, the first 512 bytes of one, or None."""
    for kind in KINDS:
        if kind.begins and head.startswith(kind.begins, kind.offset):
            return kind
    return of_suffix(".pickle") if _PICKLE.match(head) else None


def of_file(name: str, head: bytes) -> FileKind | None:
    """Return the kind of a file, by its content or else by its name, or None."""
    return of_content(head) or of_suffix(name)
