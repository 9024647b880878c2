from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from catsdogs.errors import DatasetError
from catsdogs.sources.sample import Planted, _content, draw_sample, planted

pytestmark = pytest.mark.slow

IMAGES, SEED = 40, 7


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return draw_sample(tmp_path_factory.mktemp("data") / "sample", images=IMAGES, seed=SEED)


@pytest.fixture(scope="module")
def faults() -> Planted:
    return planted(IMAGES, SEED)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def header(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image


def thumbnail(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.resize((16, 16)), dtype=float)


def test_half_are_cats_and_half_are_dogs(sample):
    expected = {f"{name}.{number}.jpg" for name in ("cat", "dog") for number in range(IMAGES // 2)}
    assert {path.name for path in sample.iterdir()} == expected


def test_the_same_seed_draws_the_same_bytes(sample, tmp_path):
    again = draw_sample(tmp_path / "again", images=IMAGES, seed=SEED)
    assert contents(again) == contents(sample)


def test_another_seed_draws_other_bytes(sample, tmp_path):
    other = draw_sample(tmp_path / "other", images=20, seed=SEED + 1)
    assert not set(contents(other).values()) & set(contents(sample).values()) - {b""}


def test_sizes_and_shapes_vary(sample, faults):
    sizes = {header(path).size for path in sample.iterdir() if path.name not in faults.empty}
    assert len(sizes) > IMAGES // 4
    assert any(width > height for width, height in sizes)
    assert any(width < height for width, height in sizes)


def test_every_file_but_the_planted_ones_is_a_colour_photo_that_loads(sample, faults):
    odd = {*faults.truncated, *faults.empty, *faults.grey, *faults.cmyk}
    for path in sample.iterdir():
        if path.name not in odd:
            with Image.open(path) as image:
                image.load()
                assert (image.format, image.mode) == ("JPEG", "RGB")


def test_truncated_files_open_but_do_not_load(sample, faults):
    for name in faults.truncated:
        with Image.open(sample / name) as image, pytest.raises(OSError, match="truncated"):
            image.load()


def test_empty_files_are_empty(sample, faults):
    assert [(sample / name).stat().st_size for name in faults.empty] == [0] * len(faults.empty)


def test_mislabelled_files_show_another_animal_than_their_name_says(sample, faults):
    honest = replace(faults, mislabelled=())
    for name in faults.mislabelled:
        assert (sample / name).read_bytes() != _content(name, honest, SEED)


def test_duplicates_have_the_bytes_of_their_originals(sample, faults):
    for copy, original in faults.duplicated:
        assert (sample / copy).read_bytes() == (sample / original).read_bytes()


def test_near_duplicates_look_alike_at_another_size(sample, faults):
    for copy, original in faults.near_duplicated:
        assert header(sample / copy).size != header(sample / original).size
        difference = np.abs(thumbnail(sample / copy) - thumbnail(sample / original))
        assert difference.mean() < 4


@pytest.mark.parametrize(("field", "mode"), [("grey", "L"), ("cmyk", "CMYK")])
def test_unusual_colour_modes_are_planted(sample, faults, field, mode):
    assert {header(sample / name).mode for name in getattr(faults, field)} == {mode}


def test_rotated_files_say_so_in_their_exif(sample, faults):
    for name in faults.rotated:
        assert header(sample / name).getexif()[0x0112] == 6


@pytest.mark.parametrize("images", [20, 40, 600])
def test_no_file_is_planted_twice_and_no_fault_is_missing(images):
    fields = vars(planted(images)).values()
    names = [name for field in fields for entry in field for name in np.ravel(entry).tolist()]
    assert all(fields)
    assert len(names) == len(set(names))


def test_progress_counts_every_file(tmp_path):
    seen: list[tuple[int, int]] = []
    draw_sample(tmp_path / "sample", images=20, progress=lambda *step: seen.append(step))
    assert seen == [(done, 20) for done in range(1, 21)]


def test_a_failed_drawing_leaves_nothing_behind(tmp_path):
    def fail(done: int, total: int) -> None:
        raise KeyboardInterrupt

    before = set(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        draw_sample(tmp_path / "sample", images=20, progress=fail)
    assert set(tmp_path.iterdir()) == before


def test_an_empty_folder_is_filled(tmp_path):
    folder = tmp_path / "sample"
    folder.mkdir()
    assert len(contents(draw_sample(folder, images=20))) == 20


@pytest.mark.parametrize("in_use", ["folder", "file"])
def test_a_folder_in_use_is_refused_and_kept(tmp_path, in_use):
    kept = tmp_path / "photos" / "holiday.jpg"
    kept.parent.mkdir()
    kept.write_bytes(b"mine")
    with pytest.raises(DatasetError, match="which is in use"):
        draw_sample(kept.parent if in_use == "folder" else kept, images=20)
    assert contents(kept.parent) == {"holiday.jpg": b"mine"}


@pytest.mark.parametrize(("images", "seed"), [(18, 7), (21, 7), (0, 7), (20, -1)])
def test_requests_it_cannot_meet_are_refused(tmp_path, images, seed):
    with pytest.raises(DatasetError, match=f"Received: {images} images, seed {seed}"):
        draw_sample(tmp_path / "sample", images=images, seed=seed)
