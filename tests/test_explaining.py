"""``catsdogs explain``: curves, flip points and maps as a document, and refused options."""

import json
import shutil

import pytest
from conftest import PROJECT

from catsdogs.cli import parser
from catsdogs.images.edits import Edits, Stroke
from catsdogs.images.picture import Picture
from catsdogs.inference.predictor import Predictor
from catsdogs.inference.what_if import Editable
from catsdogs.runs import store

RUN = "reference-custom_cnn"


@pytest.fixture
def explain(photo, tmp_path, monkeypatch, capsys):
    """Return a function that explains a photo with options, and the photo."""
    shutil.copytree(PROJECT / "artifacts" / RUN, tmp_path / "artifacts" / RUN)
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(tmp_path / "artifacts"))
    picture = photo(tmp_path / "cat.1.jpg", size=(300, 200))

    def call(*options):
        status = parser.main(["explain", str(picture), "--json", *options])
        return status, json.loads(capsys.readouterr().out)

    return call, picture


def test_a_curve_covers_the_range_after_the_edits_that_are_made_before(explain):
    call, picture = explain
    options = "--with", "rotate=90", "--cover", "0.5,0.5,0.2", "--change", "crop=0.1..0.15"
    status, result = call(*options)
    [of_run] = result["results"]
    [change] = of_run["changes"]
    points = {point["amount"]: point["calibrated_p_dog"] for point in change["curve"]}
    assert (status, list(points)) == (0, [0, 0.1, 0.12, 0.14, 0.15])
    editable = Editable(Picture(picture.read_bytes()), Predictor(store.find_usable(RUN)))
    made = Edits({"rotate": 90}, (Stroke(((0.5, 0.5),), 0.2),))
    assert points[0] == of_run["calibrated_p_dog"] == editable.p_dog(made)
    assert points[0.15] == editable.p_dog(made.with_amount("crop", 0.15))
    assert (len(of_run["occlusion"]), len(of_run["occlusion"][0])) == (10, 10)
    assert -1 <= of_run["agreement"] <= 1


def test_people_read_each_change_and_whether_it_changes_the_answer(explain, capsys):
    _, picture = explain
    assert (
        parser.main(["explain", str(picture), "--change", "hue", "blur", "--threshold", "0"]) == 0
    )
    shown = capsys.readouterr().out
    assert [line.split()[:2] for line in shown.splitlines()[-2:]] == [["hue", "–"], ["blur", "–"]]


@pytest.mark.parametrize(
    ("option", "received"),
    [
        (("--change", "sharpen"), "Received: sharpen."),
        (("--change", "blur=0"), "Received: blur=0."),
        (("--change", "crop=0.4..0.2"), "Received: crop=0.4..0.2."),
        (("--with", "crop=0.9"), "Expected crop from 0 to 0.8"),
        (("--with", "crop=much"), "Received: much in crop=much."),
        (("--with", "crop"), "Received: crop."),
        (("--cover", "0.5,2,0.1"), "Received: 0.5,2,0.1."),
        (("--threshold", "2"), "Received: 2."),
    ],
)
def test_an_option_that_means_nothing_is_refused(explain, option, received):
    status, result = explain[0](*option)
    assert (status, received in result["error"]) == (1, True), result


def test_the_maps_and_the_filters_are_drawn_into_a_new_folder(explain, tmp_path):
    folder = tmp_path / "drawn"
    status, result = explain[0]("--change", "crop=0..0.02", "--pictures", str(folder))
    names = [f"{RUN}-{name}.png" for name in ("heat-map", "occlusion")]
    names += [f"{RUN}-{name}.png" for name in ("stage-1", "stage-2", "stage-3", "filters")]
    assert (status, result["results"][0]["pictures"]) == (0, [str(folder / one) for one in names])
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    status, result = explain[0]("--pictures", str(folder))
    assert (status, "Expected a new or an empty folder" in result["error"]) == (1, True)
