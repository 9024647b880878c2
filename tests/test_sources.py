import os
import shutil
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from catsdogs.dataset import index
from catsdogs.dataset.summary import document
from catsdogs.errors import DatasetError
from catsdogs.sources import current, opening, sample
from catsdogs.sources.sample import draw_sample, ensure_sample, sample_dir


@pytest.fixture
def train_zip(kaggle_folder, tmp_path) -> Path:
    """Kaggle's ``train.zip``."""
    with zipfile.ZipFile(tmp_path / "train.zip", "w") as archive:
        for path in kaggle_folder.iterdir():
            archive.write(path, f"train/{path.name}")
    return tmp_path / "train.zip"


def summary(path: Path) -> dict:
    return document(index.scan(opening.open_source(path)))


def test_a_folder_is_used_where_it_is(kaggle_folder):
    assert opening.open_source(kaggle_folder) == kaggle_folder


def test_kaggles_inner_zip_is_a_dataset(train_zip):
    assert (summary(train_zip)["cats"], summary(train_zip)["dogs"]) == (8, 8)


def test_kaggles_outer_zip_is_a_dataset_with_its_unlabelled_half(train_zip, tmp_path, photo):
    photo(tmp_path / "test1" / "1.jpg")
    with zipfile.ZipFile(tmp_path / "test1.zip", "w") as archive:
        archive.write(tmp_path / "test1" / "1.jpg", "test1/1.jpg")
    with zipfile.ZipFile(tmp_path / "dogs-vs-cats.zip", "w") as archive:
        archive.write(train_zip, "train.zip")
        archive.write(tmp_path / "test1.zip", "test1.zip")
        archive.writestr("sampleSubmission.csv", "id,label\n1,0\n")
    found = summary(tmp_path / "dogs-vs-cats.zip")
    assert (found["images"], found["unlabelled"]) == (16, 1)


def test_microsofts_zip_is_a_dataset_with_its_two_empty_files(kaggle_folder, tmp_path):
    target = tmp_path / "kagglecatsanddogs_5340.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for path in kaggle_folder.iterdir():
            kind, number, _ = path.name.split(".")
            archive.write(path, f"PetImages/{kind.capitalize()}/{number}.jpg")
        archive.writestr("PetImages/Cat/666.jpg", b"")
        archive.writestr("PetImages/Dog/11702.jpg", b"")
        archive.writestr("PetImages/Cat/Thumbs.db", b"x")
        archive.writestr("readme[1].txt", "x")
    found = summary(target)
    assert (found["cats"], found["dogs"]) == (8, 8)
    assert [file["reason"] for file in found["unreadable"]] == ["empty", "empty"]


def test_an_archive_is_unpacked_once(train_zip):
    first = opening.open_source(train_zip)
    (first / "marker").touch()
    assert (opening.open_source(train_zip) / "marker").exists()


def test_a_new_archive_at_the_same_path_is_unpacked_anew(train_zip, kaggle_folder):
    first = opening.open_source(train_zip)
    with zipfile.ZipFile(train_zip, "a") as archive:
        archive.write(kaggle_folder / "cat.0.jpg", "train/cat.500.jpg")
    assert opening.open_source(train_zip) != first
    assert summary(train_zip)["cats"] == 9


def test_nothing_lands_outside_the_unpacked_folder(kaggle_folder, tmp_path):
    target = tmp_path / "slip.zip"
    photo_bytes = (kaggle_folder / "cat.0.jpg").read_bytes()
    with zipfile.ZipFile(target, "w") as archive:
        for name in (
            "../cat.1.jpg",
            "/cat.2.jpg",
            "a/../../cat.3.jpg",
            "C:\\cat.4.jpg",
            "cat.5.jpg",
        ):
            archive.writestr(name, photo_bytes)
    before = set(tmp_path.rglob("cat.*.jpg"))
    folder = opening.open_source(target)
    new = set(tmp_path.rglob("cat.*.jpg")) - before
    assert new == {folder / "cat.5.jpg"}


@pytest.mark.parametrize(
    "compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_a_damaged_archive_is_refused_and_leaves_nothing(
    compression, kaggle_folder, tmp_path, empty_machine
):
    target = tmp_path / "train.zip"
    with zipfile.ZipFile(target, "w", compression) as archive:
        archive.write(kaggle_folder / "cat.0.jpg", "train/cat.0.jpg")
    content = bytearray(target.read_bytes())
    content[200:1200] = b"\xa5" * 1000
    target.write_bytes(content)
    with pytest.raises(DatasetError, match="cannot be unpacked"):
        opening.open_source(target)
    assert list((empty_machine / "data" / "unpacked").iterdir()) == []


def test_a_member_that_is_there_twice_is_unpacked_once(kaggle_folder, tmp_path):
    target = tmp_path / "twice.zip"
    with zipfile.ZipFile(target, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for source in ("cat.0.jpg", "cat.1.jpg"):
            archive.write(kaggle_folder / source, "cat.0.jpg")
    unpacked = opening.open_source(target) / "cat.0.jpg"
    assert unpacked.read_bytes() == (kaggle_folder / "cat.0.jpg").read_bytes()


def test_an_archive_can_be_unpacked_to_a_new_folder_of_the_users(train_zip, tmp_path):
    folder = opening.open_source(train_zip, into=tmp_path / "mine")
    assert document(index.scan(folder))["images"] == 16
    with pytest.raises(DatasetError, match="exists already"):
        opening.open_source(train_zip, into=tmp_path / "mine")


def test_an_unpacked_archive_keeps_its_name_and_outlives_the_zip(train_zip):
    current.choose(opening.open_source(train_zip))
    train_zip.unlink()
    assert opening.display_name(current.path()) == "train.zip"


@pytest.mark.parametrize("path", ["~nobody-of-that-name/x", "x" * 5000])
def test_a_path_that_cannot_be_followed_is_refused(path):
    with pytest.raises(DatasetError, match="Check the path"):
        opening.open_source(Path(path))


def test_a_choice_may_have_any_name(kaggle_folder, tmp_path):
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    shutil.copytree(kaggle_folder, odd)
    current.choose(odd)
    assert current.path() == odd


def test_two_tabs_that_draw_the_sample_at_once_both_get_it(monkeypatch):
    monkeypatch.setattr(sample, "draw_sample", partial(draw_sample, images=20))
    with ThreadPoolExecutor(2) as pool:
        drawn = list(pool.map(lambda _: ensure_sample(), range(2)))
    assert drawn == [sample_dir()] * 2
    assert len(list(sample_dir().iterdir())) == 20


def test_what_is_neither_folder_nor_zip_is_refused(tmp_path):
    (tmp_path / "photos.bin").write_bytes(b"text")
    with pytest.raises(DatasetError, match="not a zip or tar"):
        opening.open_source(tmp_path / "photos.bin")
    with pytest.raises(DatasetError, match="nothing at that path"):
        opening.open_source(tmp_path / "nowhere")


def test_with_nothing_there_there_is_no_dataset():
    assert current.path() is None


def test_kaggles_usual_folder_is_found_by_itself(kaggle_folder):
    shutil.copytree(kaggle_folder, Path("dogs-vs-cats/train"))
    assert current.path() == Path("dogs-vs-cats/train").absolute()


def test_a_choice_is_remembered_before_anything_found(kaggle_folder):
    shutil.copytree(kaggle_folder, Path("dogs-vs-cats/train"))
    current.choose(kaggle_folder)
    assert current.path() == kaggle_folder


def test_a_chosen_dataset_that_vanished_gives_way(kaggle_folder):
    current.choose(kaggle_folder)
    shutil.rmtree(kaggle_folder)
    assert current.path() is None


def test_the_sample_is_drawn_once(monkeypatch, empty_machine):
    drawn = []

    def draw(folder, *, progress):
        drawn.append(folder)
        folder.mkdir(parents=True)
        return folder

    monkeypatch.setattr(sample, "draw_sample", draw)
    assert ensure_sample() == ensure_sample() == empty_machine / "data" / "sample"
    assert len(drawn) == 1
