"""Images in WebDataset tars, alone and as datasets."""

import random

import pytest
from hostile_tars import REFUSED
from test_stored import blobs
from test_table_rows import contents
from webdataset_files import write_samples, write_tar

from catsdogs.dataset import index
from catsdogs.errors import UnreadableImage
from catsdogs.images import picture, stored
from catsdogs.images.parquet_tables import UnusableTable
from catsdogs.sources import opening
from catsdogs.sources.preview import preview


def test_a_sample_is_read_by_its_number_below_the_tar(tmp_path):
    made = blobs(60)
    tar = write_samples(tmp_path / "a.tar", made, ["cat", "dog"] * 30)
    found = stored.names(tar)
    assert found[:3] == ["cat/0.jpg", "dog/1.jpg", "cat/2.jpg"]
    order = random.Random(1).sample(range(60), 60)
    assert all(picture.read_bytes(tar / found[row]) == made[row] for row in order)
    with pytest.raises(UnreadableImage, match="fewer rows"):
        picture.read_bytes(tar / "cat/60.jpg")


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ([("a.jpg", b""), ("a.cls", b"3\n")], ["3/0.jpg"]),
        ([("a.json", b'{"label": "cat", "id": 4}'), ("a.JPG", b"")], ["cat/0.jpg"]),
        ([("a.json", b'{"label": 1, "label_name": "dog"}'), ("a.png", b"")], ["dog/0.jpg"]),
        ([("./x/a.jpg", b""), ("./x/a.cls.txt", b"cat")], ["cat/0.jpg"]),
        ([("cats/a.jpg", b""), ("cats/a.json", b"no object")], ["cats/0-a.jpg"]),
        # Without an image it is no sample; of several images, the first counts.
        ([("a.cls", b"1"), ("b.jpg", b""), ("b.seg.png", b""), ("b.cls", b"cat")], ["cat/0.jpg"]),
        # Only neighbours belong together.
        ([("a.jpg", b""), ("a.cls", b"x"), ("b.jpg", b""), ("a.txt", b"")], ["x/0.jpg", "1-b.jpg"]),
    ],
)
def test_labels_come_from_the_files_beside_an_image(tmp_path, members, names):
    assert stored.names(write_tar(tmp_path / "a.tar", members)) == names


def test_shards_and_one_tar_are_datasets_like_the_same_files_in_folders(tmp_path, photo):
    made, labels = contents(tmp_path / "made", photo, 12)
    words = [("cat", "dog")[label] for label in labels]
    for part in range(2):
        rows = slice(6 * part, 6 * part + 6)
        write_samples(tmp_path / "wds" / f"train-{part:06}.tar", made[rows], words[rows])
    for number, (content, word) in enumerate(zip(made, words, strict=True)):
        path = tmp_path / "files" / word / f"{number:02}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    found, expected = index.scan(tmp_path / "wds"), index.scan(tmp_path / "files")
    for column in ("label", "width_px", "size_bytes", "digest", "problem"):
        assert list(found.records[column]) == list(expected.records[column])
    assert found.other_files == 0
    one = opening.open_source(tmp_path / "wds" / "train-000001.tar")
    assert one.is_file()
    assert (preview(one).cats, preview(one).dogs, len(index.scan(one).usable)) == (3, 3, 6)


def test_a_tar_of_plain_photos_is_unpacked_and_in_a_folder_it_is_another_file(tmp_path, photo):
    made, _ = contents(tmp_path / "made", photo, 4)
    plain = [(f"cats/cat.{number}.jpg", content) for number, content in enumerate(made)]
    tar = write_tar(tmp_path / "plain" / "photos.tar", plain)
    assert opening.open_source(tar).is_dir()
    photo(tmp_path / "plain" / "dog.1.jpg", seed=9)
    found = index.scan(tmp_path / "plain")
    assert (len(found.usable), found.rest.other_types) == (1, {".tar": 1})
    assert not found.rest.closed_folders


def test_a_tar_that_was_cut_off_is_refused(tmp_path):
    tar = write_samples(tmp_path / "a.tar", blobs(20), ["cat"] * 20)
    whole = tar.read_bytes()
    for kept in range(0, len(whole) - 10240, len(whole) // 20):
        tar.write_bytes(whole[:kept])
        with pytest.raises(UnusableTable):
            stored.names(tar)


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_tar_is_not_taken_for_one_of_samples(tmp_path, name):
    (tmp_path / "a.tar").write_bytes(REFUSED[name][0]())
    with pytest.raises(UnusableTable):
        stored.names(tmp_path / "a.tar")
    found = index.scan(tmp_path)
    assert (len(found.records), list(found.rest.closed_folders)) == (0, ["a.tar"])
