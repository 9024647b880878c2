import io

import pytest
from PIL import Image

from catsdogs.dataset import index
from catsdogs.images.thumbnails import SIDE_PX, thumbnails


def asked_for(folder):
    pictures = index.scan(folder).pictures
    return list(zip(pictures["path"], pictures["digest"], strict=True))


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def opened(jpeg: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(jpeg))
    picture.load()
    return picture


@pytest.mark.parametrize(
    ("name", "size", "options"),
    [
        ("cat.jpg", (64, 48), {}),
        ("cat.jpg", (1200, 900), {}),
        ("cat.jpg", (2000, 30), {}),
        ("cat.jpg", (160, 160), {"mode": "CMYK"}),
        ("cat.png", (1, 1), {}),
        ("cat.png", (50, 300), {"mode": "LA"}),
        ("cat.png", (300, 50), {"mode": "1"}),
        ("cat.gif", (200, 100), {"mode": "P"}),
    ],
)
def test_any_photo_becomes_a_square_jpeg(tmp_path, photo, name, size, options):
    photo(tmp_path / "photos" / name, size=size, **options)
    (jpeg,) = thumbnails(tmp_path / "photos", asked_for(tmp_path / "photos"))
    found = opened(jpeg)
    assert (found.format, found.mode, found.size) == ("JPEG", "RGB", (SIDE_PX, SIDE_PX))


def test_a_thumbnail_is_the_middle_of_the_photo_upright(tmp_path):
    upright = Image.new("RGB", (900, 300), "red")
    upright.paste("blue", (300, 0, 600, 300))
    upright.paste("lime", (300, 200, 600, 300))
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "photos").mkdir()
    stored = upright.transpose(Image.Transpose.ROTATE_90)
    stored.save(tmp_path / "photos" / "cat.jpg", exif=exif)
    found = opened(thumbnails(tmp_path / "photos", asked_for(tmp_path / "photos"))[0])
    for place, channel in (((10, 40), 2), ((150, 40), 2), ((10, 150), 1), ((150, 150), 1)):
        pixel = found.getpixel(place)
        assert pixel[channel] == max(pixel) > 200


def test_thumbnails_come_in_the_order_asked_for(kaggle_folder):
    photos = asked_for(kaggle_folder)
    found = dict(zip(photos, thumbnails(kaggle_folder, photos), strict=True))
    assert len(set(found.values())) == 16
    backwards = photos[::-1]
    assert thumbnails(kaggle_folder, backwards) == [found[photo] for photo in backwards]
    assert thumbnails(kaggle_folder, []) == []


def test_the_second_call_needs_no_original(kaggle_folder):
    photos = asked_for(kaggle_folder)
    first = thumbnails(kaggle_folder, photos)
    for path in kaggle_folder.iterdir():
        path.unlink()
    assert thumbnails(kaggle_folder, photos) == first


def test_a_copy_elsewhere_needs_no_second_thumbnail(kaggle_folder, empty_machine):
    (kaggle_folder / "cat.9.jpg").write_bytes((kaggle_folder / "cat.0.jpg").read_bytes())
    thumbnails(kaggle_folder, asked_for(kaggle_folder))
    assert len(contents(empty_machine / "cache" / "thumbnails")) == 16


def test_what_cannot_be_read_has_none_and_the_others_do(kaggle_folder):
    photos = asked_for(kaggle_folder)
    (kaggle_folder / "cat.0.jpg").unlink()
    (kaggle_folder / "cat.1.jpg").write_bytes(b"no picture")
    found = dict(zip(photos, thumbnails(kaggle_folder, photos), strict=True))
    assert {path for (path, _), jpeg in found.items() if jpeg is None} == {"cat.0.jpg", "cat.1.jpg"}


def test_a_photo_that_is_readable_again_has_a_thumbnail_again(kaggle_folder):
    photos = asked_for(kaggle_folder)[:1]
    path = kaggle_folder / photos[0][0]
    path.rename(path.with_suffix(".away"))
    assert thumbnails(kaggle_folder, photos) == [None]
    path.with_suffix(".away").rename(path)
    assert thumbnails(kaggle_folder, photos) != [None]


def test_nothing_is_written_but_into_the_cache(kaggle_folder, empty_machine):
    before = contents(empty_machine)
    photos = asked_for(kaggle_folder)
    for _ in range(2):
        thumbnails(kaggle_folder, photos)
    cache = empty_machine / "cache"
    after = contents(empty_machine)
    assert {path: after[path] for path in after if cache not in path.parents} == before


def test_only_whole_files_are_left(kaggle_folder, empty_machine):
    thumbnails(kaggle_folder, asked_for(kaggle_folder))
    kept = contents(empty_machine / "cache" / "thumbnails")
    assert {path.suffix for path in kept} == {".jpg"}
    assert not [path for path in kept if path.name.startswith(".")]
    assert all(opened(content).size == (SIDE_PX, SIDE_PX) for content in kept.values())


def test_a_cache_that_cannot_be_written_costs_no_thumbnail(kaggle_folder, monkeypatch, tmp_path):
    photos = asked_for(kaggle_folder)
    (tmp_path / "file").touch()
    monkeypatch.setenv("CATSDOGS_CACHE", str(tmp_path / "file" / "below"))
    assert None not in thumbnails(kaggle_folder, photos)


def test_a_thumbnail_that_cannot_be_kept_leaves_nothing_behind(kaggle_folder, empty_machine):
    photos = asked_for(kaggle_folder)[:1]
    thumbnails(kaggle_folder, photos)
    (kept,) = (empty_machine / "cache" / "thumbnails").rglob("*.jpg")
    kept.unlink()
    kept.mkdir()  # As a full disk would, this keeps the file from its place.
    assert thumbnails(kaggle_folder, photos) != [None]
    assert list(kept.parent.iterdir()) == [kept]


def test_a_file_replaced_since_the_scan_is_not_taken_for_the_old_one(kaggle_folder, photo):
    (path, digest), *_ = asked_for(kaggle_folder)
    old = (kaggle_folder / path).read_bytes()
    photo(kaggle_folder / path, seed=700)
    (new_jpeg,) = thumbnails(kaggle_folder, [(path, digest)])
    (kaggle_folder / path).write_bytes(old)
    assert thumbnails(kaggle_folder, [(path, digest)]) != [new_jpeg]
