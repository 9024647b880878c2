import io

import numpy as np
import pytest
from PIL import Image

from catsdogs.dataset import annotations, index
from catsdogs.dataset.annotations import EXCLUDE, RELABEL
from catsdogs.errors import WeightsUnavailable
from catsdogs.health import checkup
from catsdogs.health.findings import joined
from catsdogs.health.flags import FLAGS, ODD, flags
from catsdogs.images.picture import load_upright, read_header
from catsdogs.labels import CAT, DOG

PLAIN = (96, 80)
NOISE = Image.fromarray(
    np.random.default_rng(1).integers(0, 256, (*PLAIN[::-1], 3), dtype=np.uint8)
)


def encoded(file_format="JPEG", *, mode="RGB", **options) -> bytes:
    buffer = io.BytesIO()
    # These two can only be made from grey.
    picture = NOISE.convert("L") if mode in ("I;16", "F") else NOISE
    picture.convert(mode).save(buffer, file_format, **options)
    return buffer.getvalue()


def turned(orientation) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def with_two_pictures() -> bytes:
    """An MPO, the format of many phones."""
    return encoded("MPO", save_all=True, append_images=[NOISE.rotate(180)])


@pytest.fixture
def folder(tmp_path):
    """One photo with nothing odd about it."""
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "cat.0.jpg").write_bytes(encoded(quality=90))
    return folder


def flagged(folder, findings=None):
    """Return the flags of each photo in ``folder``, by path."""
    table = joined(index.scan(folder), findings)
    found = flags(table)
    return {path: set(found.columns[found.loc[row]]) for row, path in table["path"].items()}


def test_a_plain_photo_has_no_flag(folder):
    assert flagged(folder) == {"cat.0.jpg": set()}


# A flag that a scan alone gives, and a file that gets it.
SCANNED = [
    ("grey", "dog.1.jpg", encoded(mode="L")),
    ("grey", "dog.1.bmp", encoded("BMP", mode="1")),
    ("grey", "dog.1.png", encoded("PNG", mode="LA")),
    ("grey", "dog.1.png", encoded("PNG", mode="I;16")),
    ("grey", "dog.1.tif", encoded("TIFF", mode="F")),
    ("cmyk", "dog.1.jpg", encoded(mode="CMYK")),
    ("cmyk", "dog.1.tiff", encoded("TIFF", mode="CMYK")),
    *(("rotated", "dog.1.jpg", encoded(exif=turned(value))) for value in range(2, 9)),
    ("rotated", "dog.1.png", encoded("PNG", exif=turned(6))),
    ("rotated", "dog.1.webp", encoded("WEBP", exif=turned(6))),
    ("rotated", "dog.1.tif", encoded("TIFF", exif=turned(6))),
    ("trailing", "dog.1.jpg", encoded() + b"\n"),
    ("trailing", "dog.1.jpg", encoded() + bytes(5000)),
    ("trailing", "dog.1.jpg", encoded(exif=turned(1)) + b"PK\x03\x04"),
    ("trailing", "dog.1.png", encoded("PNG") + b"\n"),
    ("trailing", "dog.1.png", encoded("PNG") + bytes(5000)),
    ("mismatch", "dog.1.jpg", encoded("PNG")),
    ("mismatch", "dog.1.JPEG", encoded("WEBP")),
    ("mismatch", "dog.1.png", encoded("JPEG")),
    ("mismatch", "jpg/dog.1.gif", encoded("JPEG")),
    ("unlabelled", "somebody.jpg", encoded()),
    ("unlabelled", "catalogue/doghouse.1.jpg", encoded()),
]
SCANNED_IDS = [f"{flag}: {name}" for flag, name, _ in SCANNED]


@pytest.mark.parametrize(("flag", "name", "content"), SCANNED, ids=SCANNED_IDS)
def test_an_odd_file_has_its_flag_and_no_other(folder, flag, name, content):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    assert flagged(folder) == {"cat.0.jpg": set(), name: {flag}}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("dog.1.JPG", encoded()),
        ("dog.1.jpeg", encoded()),
        ("dog.1.jpg", with_two_pictures()),
        ("dog.1.jpg", encoded(exif=turned(1))),
        ("dog.1.jpg", encoded(exif=turned(9))),
        ("dog.1.png", encoded("PNG")),
        ("dog.1.png", encoded("PNG", mode="RGBA")),
        ("dog.1.Png", encoded("PNG", mode="P")),
        ("dog.1.webp", encoded("WEBP")),
        ("dog.1.gif", encoded("GIF")),
        ("dog.1.bmp", encoded("BMP")),
        ("dog.1.tif", encoded("TIFF")),
        ("dog.1.TIFF", encoded("TIFF")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_ordinary_file_of_any_format_has_no_flag(folder, name, content):
    (folder / name).write_bytes(content)
    assert flagged(folder)[name] == set()


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((64, 64), set()),
        ((63, 80), {"small"}),
        ((80, 63), {"small"}),
        ((192, 64), set()),
        ((64, 192), set()),
        ((193, 64), {"extreme"}),
        ((64, 193), {"extreme"}),
        ((256, 64), {"extreme"}),
        ((40, 10), {"small", "extreme"}),
    ],
)
def test_small_and_extreme_shapes_begin_at_their_limits(folder, photo, size, expected):
    photo(folder / "dog.1.jpg", size=size)
    assert flagged(folder)["dog.1.jpg"] == expected


def test_a_photo_is_as_small_as_it_is_shown(folder, photo):
    photo(folder / "dog.1.jpg", size=(200, 64), exif=turned(6))
    record = joined(index.scan(folder), None).set_index("path").loc["dog.1.jpg"]
    assert record["aspect_ratio"] == pytest.approx(64 / 200)


def test_all_copies_of_a_file_are_exact_duplicates(folder):
    for name in ("dog.1.jpg", "other/cat.2.jpg"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes((folder / "cat.0.jpg").read_bytes())
    (folder / "cat.3.jpg").write_bytes(encoded(quality=40))
    assert {path for path, found in flagged(folder).items() if found == {"exact"}} == {
        "cat.0.jpg",
        "dog.1.jpg",
        "other/cat.2.jpg",
    }


def test_what_was_decided_is_a_flag_too(folder, photo):
    for number in (1, 2):
        photo(folder / f"dog.{number}.jpg", size=PLAIN, seed=number)
    photo(folder / "somebody.jpg", size=PLAIN, seed=3)
    records = index.scan(folder).records.set_index("path", drop=False)
    for action, path, label in [
        (EXCLUDE, "dog.1.jpg", None),
        (RELABEL, "dog.2.jpg", CAT),
        (RELABEL, "somebody.jpg", DOG),
    ]:
        annotations.annotate(folder, records.loc[[path]], action, label=label)
    assert flagged(folder) == {
        "cat.0.jpg": set(),
        "dog.1.jpg": {"excluded"},
        "dog.2.jpg": {"relabelled"},
        "somebody.jpg": {"relabelled"},
    }


def no_weights():
    raise WeightsUnavailable("no weights on this machine")


def test_what_only_the_pixels_show_is_flagged_after_a_check(folder):
    (folder / "dog.1.png").write_bytes(encoded("PNG", mode="L"))
    grey = Image.open(folder / "dog.1.png").convert("RGB")
    slope = Image.linear_gradient("L")
    odd = {
        "grey": grey,
        "dark": NOISE.point(lambda level: level // 8),
        "bright": NOISE.point(lambda level: 255 - (255 - level) // 8),
        "low_information": NOISE.point(
            [base + level // 24 for base in (140, 110, 90) for level in range(256)]
        ),
        "blurred": Image.merge("RGB", (slope, slope.rotate(90), slope)).resize(PLAIN),
    }
    (folder / "dog.1.png").unlink()
    for flag, picture in odd.items():
        picture.save(folder / f"dog.{flag}.png")
    sound = encoded(quality=80)
    # The header and the end marker are sound; the Huffman table between them is not.
    table = sound.index(b"\xff\xc4") + 5
    damaged = sound[:table] + b"\xff" * 16 + sound[table + 16 :]
    (folder / "dog.undecodable.jpg").write_bytes(damaged)
    names = {"cat.0.jpg", "dog.undecodable.jpg", *(f"dog.{flag}.png" for flag in odd)}
    assert flagged(folder) == {name: set() for name in names}
    findings = checkup.run(index.scan(folder), backbone=no_weights, report=lambda *_: None)
    assert flagged(folder, findings) == {
        "cat.0.jpg": set(),
        "dog.undecodable.jpg": {"undecodable"},
        **{f"dog.{flag}.png": {flag} for flag in odd},
    }


# A flag, the column that a check fills in, a value that just gets it and one that does not.
MEASURED = [
    ("suspect", "label_quality", 0.499, 0.5),
    ("outlier", "outlier", 1, 0),
    ("near", "near_group", 0, -1),
    ("listed", "hint", "odd", ""),
    ("dark", "brightness", 34.9, 35),
    ("bright", "brightness", 215.1, 215),
    ("low_information", "entropy", 3.99, 4),
    ("blurred", "sharpness", 34.9, 35),
    ("grey", "colour", 0.99, 1),
    ("undecodable", "decode_error", "damaged", ""),
]


@pytest.mark.parametrize(("flag", "column", "odd", "ordinary"), MEASURED)
def test_a_measure_beyond_its_limit_sets_its_flag_and_no_other(folder, flag, column, odd, ordinary):
    table = joined(index.scan(folder), None)
    for value, expected in ((odd, [flag]), (ordinary, [])):
        found = flags(table.assign(**{column: value}))
        assert list(found.columns[found.iloc[0]]) == expected


def test_every_flag_is_shown_here():
    elsewhere = {"small", "extreme", "exact", "excluded", "relabelled", "correction"}
    shown = {flag for flag, *_ in [*SCANNED, *MEASURED]} | elsewhere
    assert shown == set(FLAGS)


def test_every_odd_kind_is_a_flag():
    assert set(ODD) <= set(FLAGS)
    assert len(set(ODD)) == len(ODD)


def test_flags_are_yes_or_no_for_each_row_of_the_table(folder):
    (folder / "cat.1.jpg").write_bytes(b"no picture")
    (folder / "cat.2.jpg").write_bytes(encoded(mode="CMYK"))
    table = joined(index.scan(folder), None)
    found = flags(table)
    assert list(found.columns) == list(FLAGS)
    assert (found.dtypes == "bool").all()
    assert found.index.equals(table.index)
    assert table["path"][found["cmyk"]].tolist() == ["cat.2.jpg"]


def test_an_empty_folder_has_no_flags(tmp_path):
    found = flags(joined(index.scan(tmp_path / "cwd"), None))
    assert found.shape == (0, len(FLAGS))


def test_the_index_says_what_a_file_says_of_itself(folder):
    (folder / "dog.1.png").write_bytes(encoded("PNG", mode="LA") + bytes(7))
    (folder / "dog.2.jpg").write_bytes(encoded(mode="CMYK", exif=turned(8)))
    (folder / "dog.3.jpg").write_bytes(with_two_pictures())
    (folder / "dog.4.jpg").write_bytes(encoded()[:500])
    columns = ["format", "mode", "orientation", "trailing_bytes", "width_px", "height_px"]
    width, height = PLAIN
    expected = {
        "cat.0.jpg": ["JPEG", "RGB", 1, 0, width, height],
        "dog.1.png": ["PNG", "LA", 1, 7, width, height],
        "dog.2.jpg": ["JPEG", "CMYK", 8, 0, height, width],
        "dog.3.jpg": ["MPO", "RGB", 1, 0, width, height],
        "dog.4.jpg": ["", "", 1, 0, 0, 0],  # unreadable
    }
    for _ in ("first read", "from the cache"):
        records = index.scan(folder).records.set_index("path")[columns]
        assert {path: list(row) for path, row in records.T.items()} == expected


@pytest.mark.parametrize("behind", [0, 1, 1022, 1023, 1024, 5000])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_trailing_bytes_are_counted_exactly(file_format, behind):
    assert read_header(encoded(file_format) + b"x" * behind).trailing_bytes == behind


def test_an_end_marker_inside_the_picture_is_not_its_end():
    # A thumbnail in the EXIF block ends with one of its own.
    content = encoded(exif=b"Exif\x00\x00" + encoded(quality=20))
    assert content.count(b"\xff\xd9") == 2
    assert read_header(content).trailing_bytes == 0


@pytest.mark.parametrize(
    "behind", [encoded(quality=20), b"PK\x03\x04 \xff\xd9"], ids=["a JPEG", "an archive"]
)
def test_what_lies_behind_a_picture_may_hold_an_end_marker_too(behind):
    assert read_header(encoded() + behind).trailing_bytes == len(behind)


@pytest.mark.parametrize(("stored", "found"), [*((n, n) for n in range(1, 9)), (0, 1), (9, 1)])
def test_an_orientation_that_exif_does_not_know_is_upright(stored, found):
    header = read_header(encoded(exif=turned(stored)))
    assert header.orientation == found
    expected = PLAIN[::-1] if found > 4 else PLAIN
    assert (header.width_px, header.height_px) == expected


@pytest.mark.parametrize("content", [content for _, _, content in SCANNED], ids=SCANNED_IDS)
def test_the_size_is_that_of_the_picture_as_decoded(content):
    header = read_header(content)
    assert (header.width_px, header.height_px) == load_upright(content).size
