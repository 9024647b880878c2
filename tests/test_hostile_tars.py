"""Tars stay inside, under quota, all or nothing, like zips."""

import gzip
import io
import os
import random
import tarfile
import tracemalloc
from contextlib import suppress

import pytest
from hostile import photo
from hostile_tars import REFUSED, entry, nested, photos, tar, unsafe

from catsdogs.dataset import index, summary
from catsdogs.errors import ArchiveError, DatasetError, UnreadableImage
from catsdogs.inference import answers, gathering
from catsdogs.sources import opening
from catsdogs.system import members

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_tar_is_refused_and_leaves_nothing(name, tmp_path, empty_machine):
    make, why = REFUSED[name]
    (archive := tmp_path / "photos.tar").write_bytes(make())
    tracemalloc.start()
    with pytest.raises(DatasetError, match=why) as refused:
        opening.open_source(archive)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(refused.value).startswith("Expected")
    assert not list((empty_machine / "data").rglob("*.jpg"))
    assert peak_bytes < 30 << 20


@pytest.mark.parametrize("name", REFUSED)
def test_classify_takes_a_hostile_tar_without_hanging_or_filling_memory(name):
    content = REFUSED[name][0]()
    tracemalloc.start()
    with suppress(DatasetError):
        for _, read in gathering.in_archive("photos.tar", content).sources:
            with suppress(UnreadableImage):
                assert len(read()) <= answers.MOST_BYTES_EACH
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 4 * answers.MOST_BYTES_EACH + len(content)


def test_members_that_point_or_lead_elsewhere_are_left_out_and_counted(tmp_path):
    (tmp_path / "photos.tar").write_bytes(unsafe())
    before = set(tmp_path.rglob("*"))
    folder = opening.open_source(tmp_path / "photos.tar")
    written = {path for path in set(tmp_path.rglob("*")) - before if ".jpg" in path.name}
    assert written == {
        *(folder / "train" / "cat.1.jpg", folder / "folder" / "cat.2.jpg"),
        folder / "sub" / "dog.3.jpg",
    }
    assert (folder / "train" / "cat.1.jpg").read_bytes() == photo(1)
    found = summary.document(index.scan(folder))
    assert found["skipped"] == {
        "other_files": 1,
        "system_files": 1,
        "hidden": 1,
        "special": 3,
        "archive_link": 3,
        "outside": 5,
        "repeated": 1,
    }
    assert found["found"] == found["images"] + sum(found["skipped"].values()) == 18


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tgz", "tar.bz2", "tar.xz"])
def test_a_tar_opens_as_its_photos_and_keeps_its_name(suffix, tmp_path):
    mode = {"tgz": "w:gz", "tar": "w"}.get(suffix, f"w:{suffix[4:]}")
    archive = tmp_path / f"photos.{suffix}"
    with tarfile.open(archive, mode) as opened:
        for number in range(4):
            member = tarfile.TarInfo(f"{('cats', 'dogs')[number % 2]}/{number}")
            member.size = len(photo(number))
            opened.addfile(member, io.BytesIO(photo(number)))
    folder = opening.open_source(archive)
    assert sorted(path.name for path in folder.rglob("*.jpg")) == [f"{n}.jpg" for n in range(4)]
    assert (len(index.scan(folder).usable), opening.display_name(folder)) == (4, archive.name)
    assert opening.open_source(archive) == folder


def test_tars_and_zips_in_one_another_are_read(tmp_path):
    (tmp_path / "photos.tgz").write_bytes(gzip.compress(nested(4)))
    folder = opening.open_source(tmp_path / "photos.tgz")
    assert [path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg")] == [
        "in/in/in/cat.0.jpg"
    ]


def test_entries_count_across_the_tars_in_a_tar(tmp_path, monkeypatch):
    monkeypatch.setattr(members, "MOST_ENTRIES", 5)
    (tmp_path / "photos.tar").write_bytes(tar(entry("a.tar", photos(3)), entry("b.tar", photos(3))))
    with pytest.raises(ArchiveError, match="8 entries; at most 5"):
        opening.open_source(tmp_path / "photos.tar")
    monkeypatch.setattr(members, "MOST_ENTRIES", 2)
    with pytest.raises(DatasetError, match="3 entries; at most 2"):
        gathering.in_archive("photos.tar", photos(3))


def test_damage_anywhere_in_a_tar_is_reported_not_raised(tmp_path):
    chance = random.Random(7)
    plain = photos(4)
    for content in (plain, gzip.compress(plain)):
        for _ in range(150):
            damaged = bytearray(
                content[: chance.choice([len(content), chance.randrange(600, 4000)])]
            )
            for _ in range(chance.randint(0, 3)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            with suppress(DatasetError):
                for _, read in gathering.in_archive("photos.tar", bytes(damaged)).sources:
                    with suppress(UnreadableImage):
                        read()


def test_a_folder_named_like_a_photo_does_not_clash_with_one(tmp_path):
    (tmp_path / "photos.tar").write_bytes(
        tar(entry("cat", photo(1)), entry("cat/1.jpg", photo(2)), entry("cat.jpg", photo(3)))
    )
    folder = opening.open_source(tmp_path / "photos.tar")
    found = {path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == {photo(1), photo(2), photo(3)}


@pytest.mark.long
def test_100_000_entries_are_the_most(tmp_path):
    small = [entry(f"{number}.txt") for number in range(members.MOST_ENTRIES)]
    (tmp_path / "photos.tar").write_bytes(tar(*small, entry("cat.jpg", os.urandom(9))))
    with pytest.raises(ArchiveError, match="at most 100,000"):
        opening.open_source(tmp_path / "photos.tar")
