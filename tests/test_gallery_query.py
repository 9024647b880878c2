from itertools import combinations

import numpy as np
import pytest

from catsdogs.dataset import annotations, index, tags
from catsdogs.dataset.annotations import EXCLUDE, RELABEL
from catsdogs.dataset.split import split
from catsdogs.health.findings import UNMEASURED, Findings, Summary
from catsdogs.health.gallery_query import MIXED, RANGES, SORTS, Query, find, inside, measure
from catsdogs.health.snapshot import TRAINING, VALIDATION, Snapshot
from catsdogs.labels import CAT, DOG
from catsdogs.runs.config import RunConfig


@pytest.fixture
def folder(kaggle_folder, photo):
    """Sixteen photos of 64 × 48 pixels, and some that stand out."""
    photo(kaggle_folder / "Odd" / "cat.20.jpg", size=(400, 100), seed=20)
    photo(kaggle_folder / "Odd" / "dog.21.jpg", size=(100, 400), seed=21)
    heavy = photo(kaggle_folder / "dog.22.jpg", size=(100, 90), seed=22)
    heavy.write_bytes(heavy.read_bytes().ljust(50_000, b"\0"))
    (kaggle_folder / "cat.23.jpg").write_bytes((kaggle_folder / "cat.0.jpg").read_bytes())
    photo(kaggle_folder / "somebody.jpg", size=(90, 80), seed=24)
    return kaggle_folder


def looked_at(folder):
    return Snapshot(index.scan(folder), None, False)


def checked(folder, **columns):
    """A look at a folder whose check found ``columns``, a value for each readable photo."""
    dataset = index.scan(folder)
    rows = dataset.pictures[["path", "digest"]].assign(**{**UNMEASURED, **columns})
    return Snapshot(dataset, Findings(rows, np.full((len(rows), 0), -1), Summary()), True)


def names(snapshot, **query):
    """Return the paths that a query finds, by name unless it has another order."""
    return find(snapshot, Query(**{"sort": "Name", **query})).column("path").tolist()


def decide(folder, action, *paths, label=None):
    records = index.scan(folder).records
    annotations.annotate(folder, records[records["path"].isin(paths)], action, label=label)


def test_without_a_filter_every_photo_is_found_in_natural_order(folder):
    (folder / "cat.60.jpg").write_bytes(b"no picture")
    found = names(looked_at(folder))
    assert len(found) == 21
    assert found.index("cat.7.jpg") < found.index("cat.23.jpg") < found.index("dog.0.jpg")


def test_a_class_is_the_label_in_effect(folder):
    decide(folder, RELABEL, "cat.1.jpg", label=DOG)
    decide(folder, RELABEL, "somebody.jpg", label=CAT)
    snapshot = looked_at(folder)
    cats, dogs = set(names(snapshot, label="cat")), set(names(snapshot, label="dog"))
    assert "cat.1.jpg" in dogs
    assert "somebody.jpg" in cats
    assert (len(cats), len(dogs)) == (10, 11)


def test_the_sides_are_those_of_a_run_with_the_default_settings(folder):
    decide(folder, EXCLUDE, "dog.3.jpg")
    snapshot = looked_at(folder)
    usable = snapshot.dataset.usable
    found = split(usable, RunConfig("custom_cnn", "photos").split_rule)
    for side, rows in ((TRAINING, found.train), (VALIDATION, found.validation)):
        assert names(snapshot, side=side) == usable["path"].iloc[rows].tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("odd/", ["Odd/cat.20.jpg", "Odd/dog.21.jpg"]),
        ("CAT.2", ["Odd/cat.20.jpg", "cat.2.jpg", "cat.23.jpg"]),
        ("t.2.", ["cat.2.jpg"]),  # A dot is a dot,
        ("c.t", []),
        ("(", []),  # and a bracket no error.
    ],
)
def test_a_text_is_part_of_the_path_whatever_the_case(folder, text, expected):
    assert names(looked_at(folder), text=text) == expected


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ("exact", ["cat.0.jpg", "cat.23.jpg"]),
        ("extreme", ["Odd/cat.20.jpg", "Odd/dog.21.jpg"]),
        ("trailing", ["dog.22.jpg"]),
        ("unlabelled", ["somebody.jpg"]),
        ("suspect", []),
        ("excluded", []),
    ],
)
def test_a_flag_finds_the_photos_that_carry_it(folder, flag, expected):
    assert names(looked_at(folder), flag=flag) == expected


IN_RANGE = [
    ("aspect_ratio", 3.9, 4.1, {"Odd/cat.20.jpg"}),
    ("aspect_ratio", 0, 0.25, {"Odd/dog.21.jpg"}),
    ("megapixels", 0.008, 0.01, {"dog.22.jpg"}),
    ("megapixels", 0.04, 1, {"Odd/cat.20.jpg", "Odd/dog.21.jpg"}),
    ("kilobytes", 50, 50, {"dog.22.jpg"}),
    ("kilobytes", 50.001, 1e9, set()),
    ("shorter_side", 80, 90, {"dog.22.jpg", "somebody.jpg"}),
    ("shorter_side", 100, 100, {"Odd/cat.20.jpg", "Odd/dog.21.jpg"}),
]


@pytest.mark.parametrize(("name", "low", "high", "expected"), IN_RANGE)
def test_a_range_is_of_one_measure_both_ends_included(folder, name, low, high, expected):
    assert set(names(looked_at(folder), ranges={name: (low, high)})) == expected


def test_every_range_is_shown_above():
    assert {name for name, *_ in IN_RANGE} == set(RANGES)


@pytest.mark.parametrize("name", RANGES)
def test_a_range_over_all_values_leaves_nothing_out(folder, name):
    snapshot = looked_at(folder)
    values = measure(snapshot.table, name)
    assert len(names(snapshot, ranges={name: (values.min(), values.max())})) == len(snapshot.table)


def test_an_area_is_drawn_on_the_chart_it_names(folder):
    wide = ((300, 50), (500, 50), (500, 150), (300, 150))
    snapshot = looked_at(folder)
    assert names(snapshot, area_of="size", area=wide) == ["Odd/cat.20.jpg"]
    assert names(snapshot, area_of="map", area=wide) == []  # No check, no place on the map.


def test_photos_without_a_place_on_the_map_lie_in_no_area(folder):
    places = np.where(np.arange(21) % 3 == 0, np.nan, 0.5)
    snapshot = checked(folder, map_x=places, map_y=places)
    everywhere = ((-2, -2), (2, -2), (2, 2), (-2, 2))
    assert len(names(snapshot, area_of="map", area=everywhere)) == 14


FILTERS = {
    "class": {"label": "cat"},
    "side": {"side": TRAINING},
    "flag": {"flag": "small"},
    "text": {"text": "0"},
    "range": {"ranges": {"shorter_side": (40, 80)}},
    "area": {"area_of": "size", "area": ((60, 0), (500, 0), (500, 200), (60, 200))},
}


@pytest.mark.parametrize("size", [2, 3, len(FILTERS)])
def test_filters_together_find_what_each_alone_does(folder, size):
    snapshot = looked_at(folder)
    alone = {name: set(names(snapshot, **query)) for name, query in FILTERS.items()}
    assert all(0 < len(found) < 21 for found in alone.values())
    for chosen in combinations(FILTERS, size):
        together = {key: value for name in chosen for key, value in FILTERS[name].items()}
        assert set(names(snapshot, **together)) == set.intersection(
            *(alone[name] for name in chosen)
        )


def test_several_ranges_hold_at_once(folder):
    ranges = {"megapixels": (0.04, 1), "aspect_ratio": (1, 10)}
    assert names(looked_at(folder), ranges=ranges) == ["Odd/cat.20.jpg"]


def test_a_question_does_not_change_the_answer_to_the_next(folder):
    snapshot = looked_at(folder)
    flags, table = snapshot.flags.copy(), snapshot.table.copy()
    for flag in ("small", "exact", ""):
        names(snapshot, flag=flag, label="dog", text="nowhere", sort="Width", descending=True)
    assert snapshot.flags.equals(flags)
    assert snapshot.table.equals(table)


@pytest.mark.parametrize("sort", [name for name, column in SORTS.items() if column])
def test_photos_are_sorted_by_what_was_asked_for(folder, sort):
    column = SORTS[sort]
    generator = np.random.default_rng(6)
    measured = {name: generator.random(21) for name in set(SORTS.values()) & set(UNMEASURED)}
    snapshot = checked(folder, **measured)
    values = find(snapshot, Query(sort=sort)).column(column)
    assert values.is_monotonic_increasing
    assert values.nunique() > 2
    downwards = find(snapshot, Query(sort=sort, descending=True)).column(column)
    assert downwards.tolist() == values[::-1].tolist()


def test_the_mixed_order_depends_on_the_content_alone(folder):
    snapshot = looked_at(folder)
    mixed = names(snapshot, sort=MIXED)
    assert sorted(mixed) == sorted(names(snapshot))
    assert mixed != names(snapshot)
    assert names(snapshot, sort=MIXED, descending=True) == mixed[::-1]
    (folder / "cat.1.jpg").rename(folder / "zebra.jpg")
    assert names(looked_at(folder), sort=MIXED).index("zebra.jpg") == mixed.index("cat.1.jpg")


@pytest.mark.parametrize(
    ("flag", "column"), [("suspect", "label_quality"), ("outlier", "similarity")]
)
def test_the_mixed_order_of_a_finding_has_the_worst_first(folder, flag, column):
    snapshot = checked(folder, outlier=1, **{column: np.linspace(0.4, 0.1, 21)})
    values = find(snapshot, Query(flag=flag)).column(column)
    assert len(values) == 21
    assert values.is_monotonic_increasing


def test_names_can_be_sorted_backwards(folder):
    snapshot = looked_at(folder)
    assert names(snapshot, descending=True) == names(snapshot)[::-1]


@pytest.mark.parametrize("descending", [False, True])
def test_photos_without_a_value_come_last_and_ties_stay_in_order(folder, descending):
    values = np.array([np.nan, 1, 1, 1, *[np.nan] * 17])
    snapshot = checked(folder, brightness=values)
    order = names(snapshot)
    found = names(snapshot, sort="Brightness", descending=descending)
    assert found == [*order[1:4], order[0], *order[4:]]


def test_copies_stand_beside_each_other(folder):
    for name, copy in (("cat.1.jpg", "dog.91.jpg"), ("cat.3.jpg", "cat.0.copy.jpg")):
        (folder / copy).write_bytes((folder / name).read_bytes())
    found = find(looked_at(folder), Query(flag="exact"))[:]
    assert found["group"].tolist() == sorted(found["group"], key=found["group"].tolist().index)
    beside = found["path"].tolist()
    assert abs(beside.index("cat.1.jpg") - beside.index("dog.91.jpg")) == 1
    assert abs(beside.index("cat.3.jpg") - beside.index("cat.0.copy.jpg")) == 1


def test_an_excluded_photo_shows_only_where_a_finding_is_asked_for(folder):
    decide(folder, EXCLUDE, "cat.0.jpg")
    snapshot = looked_at(folder)
    for query in ({}, {"label": "cat"}, {"text": "cat.0"}, {"ranges": {"megapixels": (0, 9)}}):
        assert "cat.0.jpg" not in names(snapshot, **query)
    assert names(snapshot, flag="excluded") == ["cat.0.jpg"]
    assert names(snapshot, flag="exact") == ["cat.0.jpg", "cat.23.jpg"]
    assert names(snapshot, flag="exact", text="cat.0.") == ["cat.0.jpg"]


@pytest.mark.parametrize("query", [{}, *FILTERS.values(), {"sort": "Width", "descending": True}])
def test_an_empty_dataset_has_nothing_to_find(tmp_path, query):
    assert names(looked_at(tmp_path / "cwd"), **query) == []


POINTS = np.random.default_rng(9).uniform(-1, 11, (4000, 2))


def boxed(x, y, x0, y0, x1, y1):
    return (x0 < x) & (x < x1) & (y0 < y) & (y < y1)


def within(polygon):
    return inside(*POINTS.T, polygon)


@pytest.mark.parametrize(
    ("polygon", "truth"),
    [
        (
            [(2, 1), (8, 1), (8, 6), (2, 6)],
            lambda x, y: boxed(x, y, 2, 1, 8, 6),
        ),
        (
            [(0, 0), (10, 0), (0, 10)],
            lambda x, y: (x > 0) & (y > 0) & (x + y < 10),
        ),
        (  # an L
            [(0, 0), (10, 0), (10, 3), (4, 3), (4, 10), (0, 10)],
            lambda x, y: boxed(x, y, 0, 0, 10, 3) | boxed(x, y, 0, 0, 4, 10),
        ),
        (  # a C
            [(0, 0), (9, 0), (9, 2), (3, 2), (3, 7), (9, 7), (9, 9), (0, 9)],
            lambda x, y: boxed(x, y, 0, 0, 9, 9) & ~boxed(x, y, 3, 2, 10, 7),
        ),
        (  # a comb
            [(0, 0), (9, 0), (9, 9), (6, 9), (6, 2), (3, 2), (3, 9), (0, 9)],
            lambda x, y: boxed(x, y, 0, 0, 9, 9) & ~boxed(x, y, 3, 2, 6, 9),
        ),
        (  # a box drawn crosswise: two triangles
            [(0, 0), (10, 10), (10, 0), (0, 10)],
            lambda x, y: boxed(x, y, 0, 0, 10, 10) & (np.abs(x - 5) > np.abs(y - 5)),
        ),
    ],
    ids=["box", "triangle", "L", "C", "comb", "crossing itself"],
)
def test_points_are_inside_where_geometry_says_so(polygon, truth):
    expected = truth(*POINTS.T)
    assert 100 < expected.sum() < 3900
    np.testing.assert_array_equal(within(polygon), expected)
    np.testing.assert_array_equal(within(polygon[::-1]), expected)
    np.testing.assert_array_equal(within([*polygon[2:], *polygon[:2]]), expected)
    np.testing.assert_array_equal(within([*polygon, polygon[0]]), expected)


@pytest.mark.parametrize("seed", range(5))
def test_a_lasso_holds_the_points_it_winds_around(seed):
    generator = np.random.default_rng(seed)
    angles, radii = np.linspace(0, 2 * np.pi, 60, endpoint=False), generator.uniform(1, 6, 60)
    lasso = np.stack([5 + radii * np.cos(angles), 5 + radii * np.sin(angles)], axis=1)
    # Seen from inside, the corners go once around; seen from outside, they come back.
    towards = lasso[None] - POINTS[:, None]
    seen_at = np.arctan2(towards[..., 1], towards[..., 0])
    turns = np.diff(np.concatenate([seen_at, seen_at[:, :1]], axis=1), axis=1)
    winding = ((turns + np.pi) % (2 * np.pi) - np.pi).sum(axis=1) / (2 * np.pi)
    np.testing.assert_array_equal(within([(x, y) for x, y in lasso]), winding.round() != 0)


def test_a_point_on_a_shared_edge_lies_in_exactly_one_of_both_areas():
    x, y = (axis.ravel().astype(float) for axis in np.meshgrid(range(10), range(10)))
    left = inside(x, y, [(0, 0), (4, 0), (4, 10), (0, 10)])
    right = inside(x, y, [(4, 0), (10, 0), (10, 10), (4, 10)])
    assert (left ^ right).all()


@pytest.mark.parametrize("polygon", [[], [(1, 1)], [(0, 0), (10, 10)], [(3, 3)] * 4])
def test_what_is_no_area_holds_nothing(polygon):
    assert not within(polygon).any()


def test_a_point_without_a_place_is_inside_nothing():
    x, y = np.array([np.nan, 5, np.nan, 5]), np.array([5, np.nan, np.nan, 5])
    assert inside(x, y, [(0, 0), (10, 0), (10, 10), (0, 10)]).tolist() == [False] * 3 + [True]


def test_a_tag_finds_its_photos(folder):
    records = index.scan(folder).records
    tags.add(folder, records[records["path"].isin(["cat.1.jpg", "dog.2.jpg"])], ["best [x]"])
    assert names(looked_at(folder), tag="best [x]") == ["cat.1.jpg", "dog.2.jpg"]
    assert names(looked_at(folder), tag="best") == []
