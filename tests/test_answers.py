"""Many pictures through a panel of made-up answers, from files and from a ZIP."""

import csv
import io
import sys
import zipfile
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from catsdogs.errors import DatasetError
from catsdogs.images.picture import Picture, read_bytes
from catsdogs.inference import answers, gathering
from catsdogs.inference.panel import Answer, Decision
from catsdogs.inference.rejection import Likeness, Neighbour

DECISION = Decision()
TITLES = {"one": "CNN", "two": "MobileNetV2"}


def picture(grey, file_format="PNG"):
    buffer = io.BytesIO()
    Image.new("L", (40, 30), grey).save(buffer, file_format)
    return buffer.getvalue()


class ByBrightness:
    """A panel of two that calls bright ones dogs; the second leans to cats, black is neither."""

    def answers(self, picture: Picture):
        p_dog = float(picture.square(8).mean()) / 255
        likeness = Likeness(p_dog, (Neighbour("=dog.1.jpg", 1, 0.9),), {0.01: 0.1})
        nothing = np.zeros((1, 1), np.float32)
        return [
            Answer("one", p_dog, p_dog, nothing, 1.0, None),
            Answer("two", p_dog, p_dog / 2, nothing, 1.0, likeness),
        ]


def seen(*contents):
    sources = [(name, lambda content=content: content) for name, content in contents]
    return list(answers.see_all(sources, ByBrightness()))


def archive(compression=zipfile.ZIP_STORED, **members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return buffer.getvalue()


def test_what_cannot_be_read_stands_beside_the_answers_in_the_order_given(tmp_path):
    found = seen(("a.png", picture(250)), ("b.jpg", b"text"), ("c.png", picture(5)))
    assert [one.name for one in found] == ["a.png", "b.jpg", "c.png"]
    assert [one.labels(DECISION) for one in found] == [["dog", "cat"], [], ["cat", "neither"]]
    assert found[1].error.code == "not_an_image"
    missing = answers.see("gone.jpg", lambda: read_bytes(tmp_path / "gone.jpg"), ByBrightness())
    assert missing.error.code == "missing"


def test_the_decision_moves_the_labels_and_nothing_else():
    (one,) = seen(("a.png", picture(20)))
    assert one.labels(Decision(threshold=0.05)) == ["dog", "neither"]
    assert one.labels(Decision(threshold=0.05, false_refusal=None)) == ["dog", "cat"]
    assert one.labels(Decision(threshold=0.01, false_refusal=None)) == ["dog", "dog"]


def test_json_tells_a_file_what_each_run_says_of_it():
    one, other = (one.to_json(DECISION) for one in seen(("a.png", picture(255)), ("b", b"")))
    assert one["error"] is None
    assert [(r["run"], r["label"], r["p_dog"]) for r in one["results"]] == [
        ("one", "dog", 1.0),
        ("two", "dog", 1.0),
    ]
    assert one["results"][1]["calibrated_p_dog"] == 0.5
    assert one["results"][1]["nearest"] == [
        {"file": "=dog.1.jpg", "label": "dog", "similarity": 0.9}
    ]
    assert (other["error"]["code"], other["results"]) == ("empty", [])


def test_csv_has_a_row_a_file_and_no_formula():
    found = seen(("-x.png", b""), ("=1+1.png", picture(250)), ("dog.1.png", picture(5)))
    titles = {**TITLES, "one": "=CNN"}
    rows = list(csv.DictReader(io.StringIO(answers.csv(found, titles, DECISION))))
    assert list(rows[0])[:3] == ["File", "Named", "'=CNN"]
    assert [row["File"] for row in rows] == ["'-x.png", "'=1+1.png", "dog.1.png"]
    assert [row["MobileNetV2"] for row in rows] == ["", "cat", "neither"]
    assert [row["Disagree"] for row in rows] == ["", "True", "True"]
    assert rows[1]["MobileNetV2: most like"] == "'=dog.1.jpg"
    assert [row["Named"] for row in rows] == ["", "", "dog"]
    assert "empty" in rows[0]["Error"]


def test_csv_is_the_same_however_long_the_answers_took():
    (one,) = seen(("cat.1.png", picture(250)))
    files = [
        answers.csv(
            [replace(one, answers=tuple(replace(of, latency_ms=ms) for of in one.answers))],
            TITLES,
            DECISION,
        )
        for ms in (1.0, 99.0)
    ]
    assert files[0] == files[1]


def test_names_that_carry_labels_are_counted_against_what_was_said():
    found = seen(("dog.1.png", picture(250)), ("cats/x.png", picture(5)), ("y.png", picture(9)))
    assert answers.confusion(found, DECISION) == {
        "one": {("dog", "dog"): 1, ("cat", "cat"): 1},
        "two": {("dog", "cat"): 1, ("cat", "neither"): 1},
    }
    assert answers.counts(found, DECISION)["two"] == {"cat": 1, "neither": 2}


def test_a_zips_pictures_are_read_one_by_one():
    members = {
        "train/cat.1.png": picture(5),
        "train/.hidden.png": picture(5),
        "__MACOSX/cat.1.png": b"resource fork",
        "notes.txt": b"text",
        "dog.2.PNG": picture(250),
    }
    sources = gathering.in_archive("photos.zip", archive(**members)).sources
    assert [name for name, _ in sources] == ["train/cat.1.png", "dog.2.PNG"]
    found = list(answers.see_all(sources, ByBrightness()))
    assert [one.truth for one in found] == ["cat", "dog"]
    assert [one.labels(DECISION)[0] for one in found] == ["cat", "dog"]


@pytest.mark.parametrize(
    "compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_a_damaged_member_leaves_the_others(compression):
    content = bytearray(archive(compression, **{"a.png": picture(5), "b.png": picture(250)}))
    content[50:60] = b"x" * 10  # in the picture of a.png
    found = list(
        answers.see_all(gathering.in_archive("photos.zip", bytes(content)).sources, ByBrightness())
    )
    assert found[0].error.code == "damaged"
    assert found[1].labels(DECISION)[0] == "dog"


def test_a_member_larger_than_it_may_be_is_refused(monkeypatch):
    monkeypatch.setattr(answers, "MOST_BYTES_EACH", 1000)
    content = archive(**{"a.png": b"x" * 5000})
    (one,) = answers.see_all(gathering.in_archive("photos.zip", content).sources, ByBrightness())
    assert one.error.code == "too_large"


@pytest.mark.parametrize("content", [b"", b"no zip", archive(), archive(**{"notes.txt": b"x"})])
def test_a_zip_without_pictures_says_what_was_expected(content):
    with pytest.raises(DatasetError, match="Expected a ZIP"):
        gathering.in_archive("photos.zip", content)


def test_damage_anywhere_in_a_zip_is_told_not_raised():
    content = archive(zipfile.ZIP_LZMA, **{f"{i}.png": picture(i) for i in range(4)})
    generator = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(content)
        for position in generator.integers(0, len(content), 3):
            damaged[position] = generator.integers(0, 256)
        with suppress(DatasetError):
            assert list(
                answers.see_all(
                    gathering.in_archive("photos.zip", bytes(damaged)).sources, ByBrightness()
                )
            )


def test_too_many_pictures_are_refused_before_any_is_read(monkeypatch):
    monkeypatch.setattr(answers, "MOST_PICTURES", 2)
    with pytest.raises(DatasetError, match="with 3"):
        gathering.in_archive("photos.zip", archive(**{f"{i}.png": b"" for i in range(3)}))


def test_an_archive_on_this_machine_may_have_as_many_as_kaggles(tmp_path):
    path = tmp_path / "test1.zip"
    path.write_bytes(archive(**{f"test1/{i}.jpg": b"" for i in range(1, 12_501)}))
    sources = gathering.gathered([path]).sources
    assert len(sources) == 12_500
    assert sources[0][0] == f"{path}/test1/1.jpg"


def test_what_could_not_be_read_keeps_no_content():
    content = b"no picture" * 100
    before = sys.getrefcount(content)
    one = answers.see("a.jpg", lambda: content, ByBrightness())
    assert one.error is not None
    assert sys.getrefcount(content) == before
