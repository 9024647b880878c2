"""Names of system files, and of containers that are not read."""

import pytest

from catsdogs.errors import DatasetError
from catsdogs.sources import opening
from catsdogs.system import file_kinds
from catsdogs.system.system_files import HIDDEN, SYSTEM, group_of, is_system


@pytest.mark.parametrize(
    "name",
    [
        *("@eaDir", "@EADIR", "#recycle", "#snapshot", "$RECYCLE.BIN", "@Recycle", "RECYCLER"),
        *("@Recently-Snapshot", "System Volume Information", "lost+found", "__MACOSX", "FOUND.001"),
        *("._cat.1.jpg", ".Trash-1000", ".thumbnails", ".AppleDouble", ".DS_Store", "Thumbs.db"),
        *("thumbs.db", "ehthumbs.db", "desktop.ini", "Desktop.ini", ".picasa.ini", "Picasa.ini"),
        *(".ipynb_checkpoints", ".git", "SYNOPHOTO_THUMB_M.jpg", ".@__thumb", ".nfs0001"),
        *("cat.1.jpg@SynoEAStream", "cat.1.jpg:Zone.Identifier", "Icon\r"),
    ],
)
def test_a_name_that_a_system_gives_is_known_in_any_case(name):
    assert is_system(name)


@pytest.mark.parametrize(
    "name",
    [
        *("cat.1.jpg", "cats", "recycling", "thumbs", "found", "found.jpg", "synology.jpg", "_cat"),
        *(".hidden.jpg", "eaDir", "desktop.ini.jpg", "#1.jpg", "@home", "$5.jpg", "git", "icon"),
    ],
)
def test_a_name_that_a_person_gives_is_not(name):
    assert not is_system(name)


def test_the_first_part_that_counts_decides():
    assert group_of(("cats", "@eaDir", ".x", "1.jpg")) == SYSTEM
    assert group_of(("cats", ".x", "@eaDir", "1.jpg")) == HIDDEN
    assert group_of(("cats", "1.jpg")) == ""


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("photos.7z", b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        ("photos", b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        ("photos.rar", b"Rar!\x1a\x07\x01\0", "a RAR archive"),
        ("photos.zip", b"PK\x07\x08PK\x03\x04", "a part of a zip"),
        ("photos.z01", b"PK\x07\x08", "a part of a zip"),
        ("photos.tar.zst", b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
        ("cats-train.tfrecord-00000-of-00016", b"\x10\0", "a TFRecord file"),
        ("photos.arrow", b"ARROW1\0\0", "an Arrow file"),
        ("x.npy", b"\x93NUMPY\x01", "an array of NumPy"),
        ("x.npz", b"PK\x03\x04", "an array of NumPy"),
        ("photos.h5", b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        ("photos.mat", b"MATLAB 5.0 MAT-file", "a MATLAB file"),
        ("data.mdb", bytes(16) + b"\xde\xc0\xef\xbe", "an LMDB database"),
        ("data_batch_1", b"\x80\x02}q\x01", "a Python pickle"),
        ("photos.pkl", b"(dp0", "a Python pickle"),
        ("photos.zip", b"<!DOCTYPE html><html>", "a web page: the download failed"),
        ("photos.tar.gz", b"\x1f\x8b\x08" + bytes(60), "a compressed file that is damaged"),
        ("photos.zip", b"PK\x03\x04" + bytes(60), "a damaged zip, whose end is missing"),
        ("cat.jpg", b"\xff\xd8\xff\xe0", "a single image"),
    ],
)
def test_a_file_that_is_not_read_is_named_with_advice(name, content, said, tmp_path):
    (tmp_path / name).write_bytes(content + bytes(9))
    with pytest.raises(DatasetError, match=said) as refused:
        opening.open_source(tmp_path / name)
    assert len(str(refused.value).partition(said)[2]) > 20  # what to do


def test_every_kind_has_a_title_and_advice():
    for kind in file_kinds.KINDS:
        assert kind.title.startswith(("a ", "an "))
        assert kind.advice.endswith(".")
