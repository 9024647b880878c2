"""Archives stay inside, under quota, all or nothing."""

import os
import signal
import subprocess
import sys
import time
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import PROJECT
from hostile import REFUSED, photo, write_clashing, write_unsafe, write_zip

from catsdogs.dataset import index, summary
from catsdogs.errors import ArchiveError, DatasetError, UnreadableImage
from catsdogs.inference import answers, gathering
from catsdogs.sources import current, opening, unpacking
from catsdogs.system import members

pytestmark = pytest.mark.slow

EACH_REFUSED = [
    pytest.param(name, marks=pytest.mark.slow) if "bomb" in name else name for name in REFUSED
]


def unpacked_dir(machine: Path) -> Path:
    return machine / "data" / "unpacked"


def everything_below(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.mark.parametrize("name", EACH_REFUSED)
def test_a_hostile_zip_is_refused_and_leaves_nothing(name, tmp_path, empty_machine):
    write, why = REFUSED[name]
    write(archive := tmp_path / "photos.zip")
    before = everything_below(tmp_path)
    with pytest.raises(DatasetError, match=why) as refused:
        opening.open_source(archive)
    assert str(refused.value).startswith("Expected")
    ours = {empty_machine / "data", unpacked_dir(empty_machine)}
    lock = empty_machine / "data" / "unpacking.lock"
    assert everything_below(tmp_path) - before <= {*ours, lock}


@pytest.mark.parametrize("name", EACH_REFUSED)
def test_classify_takes_a_hostile_zip_without_hanging_or_filling_memory(name, tmp_path):
    write, _ = REFUSED[name]
    write(archive := tmp_path / "photos.zip")
    content = archive.read_bytes()
    tracemalloc.start()
    with suppress(DatasetError):
        for _, read in gathering.in_archive("photos.zip", content).sources:
            with suppress(UnreadableImage):
                assert len(read()) <= answers.MOST_BYTES_EACH
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 4 * answers.MOST_BYTES_EACH + len(content)


def test_members_that_point_or_lead_elsewhere_are_left_out(tmp_path):
    before = everything_below(tmp_path)
    folder = opening.open_source(write_unsafe(tmp_path / "photos.zip"))
    written = {path for path in everything_below(tmp_path) - before if "cat." in path.name}
    assert written == {folder / "train" / "cat.1.jpg", folder / "folder" / "cat.2.jpg"}
    assert (folder / "sub" / "dog.3.jpg").read_bytes() == photo(3)
    assert not any(path.is_symlink() for path in everything_below(folder))


def test_names_that_a_system_takes_for_one_become_several(tmp_path):
    folder = opening.open_source(write_clashing(tmp_path / "photos.zip"))
    files = [path for path in everything_below(folder) if path.is_file()]
    assert {path.read_bytes() for path in files} == {photo(number) for number in range(10)}
    names = [path.relative_to(folder).as_posix() for path in files]
    assert len({name.casefold() for name in names}) == 10
    assert all(len(name.encode()) < 200 and name.isprintable() for name in names)
    assert not any(path.stem.casefold() == "con" for path in files)
    # Their names have changed, but their labels have not.
    found = summary.document(index.scan(folder))
    assert (found["cats"], found["dogs"]) == (7, 3)


def test_a_damaged_or_locked_file_that_is_no_image_does_not_cost_the_images(tmp_path):
    members = {"cat.1.jpg": photo(1), "notes": b"some words", "dog.1": photo(2)}
    archive = write_zip(tmp_path / "photos.zip", members)
    content = bytearray(archive.read_bytes())
    content[content.index(b"some words")] ^= 1
    archive.write_bytes(content)
    folder = opening.open_source(archive)
    found = summary.document(index.scan(folder))
    assert (found["images"], found["other_types"], found["found"]) == (2, {"": 1}, 3)


def test_a_name_that_fits_stays_as_it_is(tmp_path):
    names = {"train/cat.0.jpg", "PetImages/Dog/1.jpg", "a b/c-d_é.png", "cats/x'y (2).jpeg"}
    folder = opening.open_source(write_zip(tmp_path / "p.zip", {n: photo() for n in names}))
    files = (path for path in everything_below(folder) if path.is_file())
    assert {path.relative_to(folder).as_posix() for path in files} == names


@pytest.mark.long
def test_sixty_thousand_empty_entries_are_unpacked_as_what_they_are(tmp_path):
    members = {f"cat.{number}.jpg": b"" for number in range(60_000)}
    folder = opening.open_source(write_zip(tmp_path / "photos.zip", members))
    assert sum(1 for _ in os.scandir(folder)) == 60_000


def test_more_entries_than_are_read_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(members, "MOST_ENTRIES", 3)
    archive = write_zip(tmp_path / "photos.zip", {f"{n}.txt": b"" for n in range(4)})
    with pytest.raises(ArchiveError, match="4 entries; at most 3"):
        opening.open_source(archive)


def test_entries_count_across_the_zips_in_a_zip(tmp_path, monkeypatch, empty_machine):
    monkeypatch.setattr(members, "MOST_ENTRIES", 5)
    inner = write_zip(tmp_path / "in.zip", {f"{n}.jpg": b"" for n in range(3)}).read_bytes()
    archive = write_zip(tmp_path / "photos.zip", {"a.zip": inner, "b.zip": inner})
    with pytest.raises(ArchiveError, match="8 entries; at most 5"):
        opening.open_source(archive)
    assert everything_below(unpacked_dir(empty_machine)) == set()


def test_what_is_written_counts_whatever_the_headers_say(tmp_path, monkeypatch, empty_machine):
    archive = write_zip(tmp_path / "photos.zip", {f"cat.{n}.jpg": photo(n) for n in range(9)})
    monkeypatch.setattr(members, "check", lambda *_, **__: None)
    monkeypatch.setattr(unpacking, "MOST_BYTES", 3 * len(photo()))
    with pytest.raises(ArchiveError, match="it unpacks to more than"):
        opening.open_source(archive)
    assert everything_below(unpacked_dir(empty_machine)) == set()


@pytest.mark.parametrize("enough_at_first", [False, True])
def test_a_disk_that_is_or_becomes_full_ends_it(
    enough_at_first, tmp_path, monkeypatch, empty_machine
):
    archive = write_zip(tmp_path / "photos.zip", {f"cat.{n}.jpg": photo(n) for n in range(9)})
    free = iter([1 << 40] * enough_at_first + [0] * 20)
    monkeypatch.setattr(unpacking.shutil, "disk_usage", lambda _: SimpleNamespace(free=next(free)))
    with pytest.raises(DatasetError, match="0 are free") as refused:
        opening.open_source(archive)
    assert not isinstance(refused.value, ArchiveError)
    assert everything_below(unpacked_dir(empty_machine)) == set()


@pytest.mark.slow
def test_what_a_killed_unpacking_left_is_removed_by_the_next(tmp_path, empty_machine):
    slow = write_zip(tmp_path / "slow.zip", {f"cat.{n}.jpg": photo(n) for n in range(500)})
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from catsdogs.sources import opening\nfrom catsdogs.system.zips import Zip\n"
        "chunks = Zip.chunks\n"
        "Zip.chunks = lambda *both: time.sleep(0.02) or chunks(*both)\n"
        "opening.open_source(Path(sys.argv[1]))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, slow], cwd=PROJECT)
    unpacked = unpacked_dir(empty_machine)
    deadline = time.monotonic() + 60
    while len(everything_below(unpacked)) < 10 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = list(unpacked.iterdir())
    assert [path.name[:5] for path in left] == [".tmp-"]
    other = write_zip(tmp_path / "other.zip", {"cat.0.jpg": photo()})
    folder = opening.open_source(other)
    assert list(unpacked.iterdir()) == [folder]
    assert summary.document(index.scan(opening.open_source(slow)))["cats"] == 500


def test_unpacking_into_a_folder_of_the_users_touches_nothing_beside_it(tmp_path):
    theirs = tmp_path / "theirs"
    (theirs / ".tmp-notes").mkdir(parents=True)
    archive = write_zip(tmp_path / "photos.zip", {"cat.0.jpg": photo()})
    opening.open_source(archive, into=theirs / "mine")
    assert {path.name for path in theirs.iterdir()} == {".tmp-notes", "mine"}


def test_of_an_archive_that_keeps_changing_two_versions_stay_and_the_chosen_one(tmp_path):
    archive, folders = tmp_path / "photos.zip", []
    other = opening.open_source(write_zip(tmp_path / "photos-2.zip", {"cat.0.jpg": photo()}))
    for number in range(1, 6):
        write_zip(archive, {f"cat.{n}.jpg": photo(n) for n in range(number)})
        folders.append(opening.open_source(archive))
        if number == 1:
            current.choose(folders[0])
    assert [folder.is_dir() for folder in folders] == [True, False, False, True, True]
    assert other.is_dir()


def test_an_archive_may_have_a_long_name(tmp_path):
    archive = write_zip(tmp_path / f"{'n' * 250}.zip", {"cat.0.jpg": photo()})
    folder = opening.open_source(archive)
    assert (folder / "cat.0.jpg").is_file()
    assert opening.display_name(folder).startswith("nnn")


def test_a_file_that_is_no_file_is_said_to_be_none(tmp_path):
    os.mkfifo(tmp_path / "photos.zip")
    with pytest.raises(DatasetError, match="neither a file nor a folder"):
        opening.open_source(tmp_path / "photos.zip")


@pytest.mark.long
@pytest.mark.slow
def test_25_000_photos_of_800_megabytes_pass_as_kaggle_packs_them(tmp_path):
    noise = os.urandom(32_000)
    with zipfile.ZipFile(tmp_path / "train.zip", "w") as inner:
        for number in range(25_000):
            kind = "cat" if number % 2 else "dog"
            inner.writestr(f"train/{kind}.{number}.jpg", noise)
    with zipfile.ZipFile(tmp_path / "dogs-vs-cats.zip", "w") as outer:
        outer.write(tmp_path / "train.zip", "train.zip")
    (tmp_path / "train.zip").unlink()
    assert (tmp_path / "dogs-vs-cats.zip").stat().st_size > 800 * 1_000_000
    folder = opening.open_source(tmp_path / "dogs-vs-cats.zip")
    assert sum(1 for _ in os.scandir(folder / "train" / "train")) == 25_000
