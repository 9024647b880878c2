"""The map: what it sends to a browser, and the colours that it offers."""

import json

import numpy as np
import pandas as pd
import pytest

from catsdogs.charts import point_colours
from catsdogs.dataset import index
from catsdogs.health.snapshot import Snapshot
from catsdogs.ui.dataset import map_colours, map_view, photo_map
from catsdogs.ui.dataset.photo_map import Points
from catsdogs.ui.shared import thumbnail_lists

MOST_BYTES = 1_500_000


def sent(monkeypatch, points: Points, **said) -> bytes:
    """Return the message for a browser."""
    messages = []
    monkeypatch.setattr(photo_map, "_element", lambda: lambda **kept: messages.append(kept["data"]))
    defaults = {"method": "map", "colour": "class", "area": (), "alt": "A map"}
    photo_map.photo_map(points, key="map", on_open=print, on_select=print, **{**defaults, **said})
    return messages[0]


def random_points(count: int) -> Points:
    generator = np.random.default_rng(0)
    colouring = point_colours.scale(pd.Series(generator.uniform(size=count)))
    places = generator.uniform(-1, 1, (count, 2))
    return Points(places, generator.uniform(size=count) < 0.5, colouring, "thumbnails/x")


def test_a_browser_receives_the_place_and_the_colour_of_each_point(monkeypatch):
    points = random_points(7)
    message = sent(monkeypatch, points, area=[(0.0, 0.5), (1.0, 0.0), (0.0, 1.0)])
    end = 4 + int.from_bytes(message[:4])
    document = json.loads(message[4:end])
    assert (document["count"], document["thumbnails"]) == (7, "thumbnails/x")
    assert document["area"] == [[0.0, 0.5], [1.0, 0.0], [0.0, 1.0]]
    places = np.frombuffer(message[end : end + 28], "<u2").reshape(7, 2)
    np.testing.assert_allclose(places / 65535 * 2 - 1, points.places, atol=1e-4)
    rest = np.frombuffer(message[end + 28 :], np.uint8).reshape(2, 7)
    np.testing.assert_array_equal(rest, [points.colouring.codes, points.is_found])


def test_25_000_points_are_a_small_message(monkeypatch):
    assert len(sent(monkeypatch, random_points(25_000))) < MOST_BYTES / 5


@pytest.mark.parametrize(("count", "drawn"), [(10, 10), (25_000, 25_000), (25_001, 25_000)])
def test_all_photos_are_drawn_up_to_a_limit_and_then_the_same_sample(count, drawn):
    placed = pd.DataFrame({"path": np.arange(count)})
    found = map_view.sample(placed)
    assert len(found) == drawn
    assert found["path"].is_unique
    pd.testing.assert_frame_equal(found, map_view.sample(placed))


@pytest.fixture
def snapshot(kaggle_folder):
    """Sixteen photos without a health check."""
    dataset = index.scan(kaggle_folder)
    return Snapshot(dataset, None, is_current=True)


def test_every_colour_has_a_code_for_each_photo(snapshot):
    colours = map_colours.all_of(snapshot)
    assert len(colours) > 12
    for name, colouring in colours.items():
        found = colouring(snapshot.table)
        assert found.codes.shape == (16,), name
        known = found.codes[found.codes != point_colours.NO_VALUE]
        assert (known < len(found.shades)).all(), name
    assert {entry.name: entry.count for entry in colours["class"](snapshot.table).legend} == {
        "cat": 8,
        "dog": 8,
    }


def test_a_list_of_photos_has_one_address_and_others_have_none(kaggle_folder):
    photos = [("cat.0.jpg", "a" * 64), ("gone.jpg", "b" * 64)]
    address = thumbnail_lists.address(kaggle_folder, photos)
    assert address == thumbnail_lists.address(kaggle_folder, photos)
    assert address != thumbnail_lists.address(kaggle_folder, photos[:1])
    token = address.rpartition("/")[2]
    path, jpeg = thumbnail_lists.thumbnail(token, "0")
    assert path == "cat.0.jpg"
    assert jpeg.startswith(b"\xff\xd8")
    for number in ("1", "2", "-1", "", "x", "0x0", "\u0660"):
        assert thumbnail_lists.thumbnail(token, number) is None, number
    assert thumbnail_lists.thumbnail("0" * 32, "0") is None


def test_only_the_latest_lists_are_kept(kaggle_folder):
    first, *others = (
        thumbnail_lists.address(kaggle_folder, [("cat.0.jpg", str(n))]) for n in range(9)
    )
    known = [
        thumbnail_lists.thumbnail(address.rpartition("/")[2], "0") for address in (first, others[0])
    ]
    assert known[0] is None
    assert known[1] is not None
