"""The pictures in whatever a user names; one bad entry never costs the others."""

import io
import os
import struct
import tarfile
import zipfile
from functools import partial
from pathlib import Path

import pytest
from hostile import photo, write_zip

from catsdogs.errors import ArchiveError, DatasetError, UnreadableImage
from catsdogs.inference import gathering
from catsdogs.sources import opening

SPANNED = struct.pack("<4sLQL", b"PK\x06\x07", 8, 0, 9) + b"PK\x05\x06" + bytes(18)


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def problems(sources) -> dict[str, str]:
    """Return the code of each entry that cannot be read."""
    found = {}
    for name, read in sources:
        try:
            read()
        except UnreadableImage as error:
            found[name] = error.code
    return found


def test_each_bad_argument_is_one_entry_beside_the_others(kaggle_folder, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "spanned.zip").write_bytes(SPANNED)
    (tmp_path / "empty.zip").write_bytes(zipped({}))
    (tmp_path / "text.zip").write_text("no zip")
    (tmp_path / "photos.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(50))
    (tmp_path / "x.tfrecord").write_bytes(b"text")
    named = [tmp_path / name for name in ("empty", "spanned.zip", "empty.zip", "text.zip")]
    named += [tmp_path / "photos.7z", tmp_path / "x.tfrecord", tmp_path / "gone.jpg"]
    found = gathering.gathered([*named, kaggle_folder]).sources
    assert len(found) == len(named) + 16
    assert problems(found) == {
        str(tmp_path / "empty"): "no_pictures",
        str(tmp_path / "spanned.zip"): "damaged",
        str(tmp_path / "empty.zip"): "no_pictures",
        str(tmp_path / "text.zip"): "damaged",
        str(tmp_path / "photos.7z"): "not_an_image",
        str(tmp_path / "x.tfrecord"): "not_an_image",
        str(tmp_path / "gone.jpg"): "missing",
    }


def test_a_single_folder_or_archive_without_a_picture_is_an_error(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match=r"Received: none\. Check the path"):
        gathering.gathered([tmp_path / "empty"])
    (tmp_path / "spanned.zip").write_bytes(SPANNED)
    with pytest.raises(ArchiveError, match="span multiple disks"):
        gathering.gathered([tmp_path / "spanned.zip"])


def test_a_folder_that_cannot_be_listed_is_an_entry(kaggle_folder, monkeypatch):
    (kaggle_folder / "closed").mkdir()
    real = os.scandir

    def scandir(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = gathering.in_folder(kaggle_folder).sources
    assert (len(found), problems(found)) == (17, {"closed": "unreadable_folder"})


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("name", ["photos.tar", "photos", "download.bin"])
def test_a_tar_is_known_by_its_content(mode, name, tmp_path):
    members = {"cats/1.jpg": photo(1), "dogs/2.jfif": photo(2), "notes.txt": b"x"}
    (tmp_path / name).write_bytes(tarred(members, mode))
    found = gathering.gathered([tmp_path / name]).sources
    assert [part for part, _ in found] == [
        f"{tmp_path / name}/{part}" for part in ("cats/1.jpg", "dogs/2.jfif")
    ]
    assert [read() for _, read in found] == [photo(1), photo(2)]


@pytest.mark.parametrize("packed", [zipped, tarred, partial(tarred, mode="w:gz")])
def test_pictures_in_an_archive_are_known_by_their_content(packed):
    members = {
        "1": photo(1),
        "2.bin": photo(2),
        "3.jpe": photo(3),
        "labels.csv": b"name,label",
        "@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg": photo(4),
        "__MACOSX/._1.jpg": b"fork",
        ".hidden.jpg": photo(5),
        "Thumbs.db": b"x",
    }
    found = gathering.in_archive("photos", packed(members))
    assert [name for name, _ in found.sources] == ["1", "2.bin", "3.jpe"]
    assert [read() for _, read in found.sources] == [photo(1), photo(2), photo(3)]
    assert found.ignored == {"system file": 3, "hidden file": 1, ".csv file": 1}
    assert len(found.sources) + found.ignored.total() == len(members)


@pytest.mark.parametrize("inner", [zipped, partial(tarred, mode="w:gz")])
def test_archives_in_archives_are_read_up_to_a_depth(inner):
    suffix = "zip" if inner is zipped else "tar.gz"
    content = inner({"cat.1.jpg": photo(1)})
    for _ in range(gathering.MOST_DEEP):
        content = inner({f"in.{suffix}": content, "dog.1.jpg": photo(2)})
    found = gathering.in_archive("photos", content).sources
    assert next(name for name, _ in found) == "in/in/in/cat.1.jpg"
    assert problems(found) == {}
    deeper = gathering.in_archive("photos", zipped({"out.zip": zipped({"x.zip": content})})).sources
    assert set(problems(deeper).values()) == {"no_pictures"}


def test_a_damaged_archive_in_an_archive_is_an_entry():
    found = gathering.in_archive(
        "p.zip", zipped({"in.zip": b"no zip", "cat.1.jpg": photo(1)})
    ).sources
    assert problems(found) == {"in.zip": "damaged"}


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_members_of_a_tar_can_be_read_in_any_order_and_again(mode):
    contents = [photo(number) for number in range(30)]
    packed = tarred({f"{n}.jpg": content for n, content in enumerate(contents)}, mode)
    reads = [read for _, read in gathering.in_archive("photos.tar", packed).sources]
    for position in (3, 2, 29, 28, 0, 0, 15, *range(30)):
        assert reads[position]() == contents[position]


def test_kaggles_nested_zips_are_a_dataset_at_any_depth_up_to_three(tmp_path):
    archive = write_zip(tmp_path / "PetImages.zip", {"Cat/1.jpg": photo(1), "Dog/1.jpg": photo(2)})
    for name in ("archive.zip", "download.zip", "pets.zip"):
        inner = {archive.name: archive.read_bytes()}
        archive = write_zip(tmp_path / name, inner)
    folder = opening.open_source(archive)
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))
    assert found == [f"download/archive/PetImages/{kind}/1.jpg" for kind in ("Cat", "Dog")]
