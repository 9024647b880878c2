import numpy as np
import pandas as pd
import pytest

from catsdogs.charts import dataset as dataset_charts
from catsdogs.health.findings import Shortcut
from catsdogs.health.snapshot import TRAINING, VALIDATION
from catsdogs.labels import CLASS_NAMES

GIANT_PX = 100_000


def records(count: int) -> pd.DataFrame:
    generator = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "label": generator.integers(0, 2, count),
            "width_px": generator.integers(50, 1000, count),
            "height_px": generator.integers(50, 800, count),
        }
    )


def with_a_giant(table: pd.DataFrame, *sides: str) -> pd.DataFrame:
    return table.assign(**{side: table[side].where(table.index > 0, GIANT_PX) for side in sides})


def aspect_ratios(table: pd.DataFrame):
    ratios = table["width_px"] / table["height_px"]
    return dataset_charts.histogram(ratios, table["label"], "Aspect ratio", "width ÷ height")


def counted(figure) -> int:
    """How many photos the cells of a size chart's heat map say there are."""
    return np.nansum(np.array(figure.data[0].customdata, dtype=float))


def traces(figure, kind, **properties):
    found = [trace for trace in figure.data if trace.type == kind]
    return [t for t in found if all(t[name] == value for name, value in properties.items())]


def placed(count: int, *, suspects: int = 0, outliers: int = 0) -> pd.DataFrame:
    """Photos on the map, the suspicious ones last."""
    generator = np.random.default_rng(4)
    ordinary = count - suspects - outliers
    kinds = {"as expected": ordinary, "suspect label": suspects, "outlier": outliers}
    return pd.DataFrame(
        {
            "path": [f"photo.{number:05}.jpg" for number in range(count)],
            "map_x": generator.uniform(-1, 1, count),
            "map_y": generator.uniform(-1, 1, count),
            "class": generator.choice(CLASS_NAMES, count),
            "side": generator.choice([TRAINING, VALIDATION], count),
            "suspicion": np.repeat(list(kinds), list(kinds.values())),
        }
    )


def drawn(figure) -> dict[str, set[str]]:
    """The photos drawn on a map, by the name of their colour."""
    return {trace.name: set(trace.text) for trace in figure.data}


TABLES = [
    records(5000),
    records(30),
    records(1),
    records(40).assign(width_px=500, height_px=500),
    with_a_giant(records(5000), "width_px"),
    with_a_giant(records(5000), "height_px"),
    with_a_giant(records(60), "width_px", "height_px"),
]
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: f"{len(table)} photos")


@each_table
def test_a_size_chart_counts_every_photo_once(table):
    figure = dataset_charts.size_chart(table)
    assert counted(figure) == len(table)
    above, beside = traces(figure, "bar", yaxis="y2"), traces(figure, "bar", xaxis="x2")
    for label in range(len(CLASS_NAMES)):
        of_class = (table["label"] == label).sum()
        assert sum(above[label].y) == sum(beside[label].x) == of_class


@each_table
def test_a_histogram_counts_every_photo_once(table):
    figure = aspect_ratios(table)
    for label, name in enumerate(CLASS_NAMES):
        (bars,) = traces(figure, "bar", name=name)
        assert sum(bars.y) == (table["label"] == label).sum()


@each_table
def test_where_there_are_photos_there_is_a_point_to_select(table):
    figure = dataset_charts.size_chart(table)
    (heat,), (points,) = traces(figure, "heatmap"), traces(figure, "scatter")
    rows, columns = np.nonzero(~np.isnan(np.array(heat.customdata, dtype=float)))
    cells = set(zip(np.array(heat.x)[columns], np.array(heat.y)[rows], strict=True))
    assert set(zip(points.x, points.y, strict=True)) == cells


def test_the_cell_of_a_photo_is_where_its_size_says():
    table = records(1).assign(width_px=300, height_px=40).loc[[0] * 3]
    figure = dataset_charts.size_chart(
        pd.concat([table, table.assign(width_px=900, height_px=700)])
    )
    heat = figure.data[0]
    counts = np.nan_to_num(np.array(heat.customdata, dtype=float))
    (low, high), (left, right) = (np.nonzero(axis)[0] for axis in (counts.sum(1), counts.sum(0)))
    assert heat.x[left] == pytest.approx(300, abs=heat.x[0])
    assert heat.y[low] == pytest.approx(40, abs=heat.y[0])
    assert heat.x[right] == pytest.approx(900, abs=heat.x[0])
    assert heat.y[high] == pytest.approx(700, abs=heat.y[0])
    assert (counts[low, left], counts[high, right]) == (3, 3)


@pytest.mark.parametrize("count", [5000, 600, 200, 16])
def test_one_giant_does_not_squeeze_the_rest(count):
    table = with_a_giant(records(count), "width_px")
    assert dataset_charts.size_chart(table).layout.xaxis.range[1] < 1100
    ratios = table["width_px"] / table["height_px"]
    assert aspect_ratios(table).data[0].x[-1] < 1.1 * ratios[1:].max()


def test_an_empty_dataset_is_drawn_empty():
    assert counted(dataset_charts.size_chart(records(0))) == 0
    assert sum(sum(bars.y) for bars in aspect_ratios(records(0)).data) == 0


@pytest.mark.parametrize("draw", [dataset_charts.size_chart, aspect_ratios])
def test_what_is_sent_does_not_grow_with_the_dataset(draw):
    few = records(200)
    many = pd.concat([few] * 100, ignore_index=True)
    assert len(draw(many).to_json()) < 1.1 * len(draw(few).to_json())
    assert len(draw(records(20_000)).to_json()) < 300_000


@pytest.mark.parametrize("colour", dataset_charts.MAP_COLOURS)
def test_a_map_is_a_sample_however_large_the_dataset(colour):
    few, many = placed(200, suspects=20), placed(20_000, suspects=20)
    assert set.union(*drawn(dataset_charts.embedding_map(few, colour)).values()) == set(few["path"])
    sample = drawn(dataset_charts.embedding_map(many, colour))
    assert 1000 < sum(map(len, sample.values())) <= 2000
    assert len(dataset_charts.embedding_map(many, colour).to_json()) < 200_000


@pytest.mark.parametrize("colour", dataset_charts.MAP_COLOURS)
@pytest.mark.parametrize("count", [100, 2050, 20_000])
def test_a_map_shows_every_suspicious_photo(colour, count):
    table = placed(count, suspects=30, outliers=20)
    suspicious = table["path"][table["suspicion"] != "as expected"]
    assert set(suspicious) <= set.union(
        *drawn(dataset_charts.embedding_map(table, colour)).values()
    )


def test_the_sample_is_spread_over_the_whole_dataset():
    table = placed(20_000, suspects=50)
    sample = drawn(dataset_charts.embedding_map(table, "suspicion"))["as expected"]
    positions = np.flatnonzero(table["path"].isin(sample))
    assert np.diff(positions).max() <= 2 * np.diff(positions).min()
    assert positions[0] < 20
    assert positions[-1] > 19_900


@pytest.mark.parametrize("colour", dataset_charts.MAP_COLOURS)
def test_a_point_has_the_colour_and_the_place_of_its_photo(colour):
    table = placed(300, suspects=30, outliers=20).set_index("path", drop=False)
    column = {"side of the split": "side"}.get(colour, colour)
    for trace in dataset_charts.embedding_map(table, colour).data:
        found = table.loc[list(trace.text)]
        assert set(found[column]) == {trace.name}
        np.testing.assert_array_equal(trace.x, found["map_x"])
        np.testing.assert_array_equal(trace.y, found["map_y"])


def test_a_photo_without_a_place_is_not_drawn():
    table = placed(100, suspects=10)
    table.loc[[0, 95], ["map_x", "map_y"]] = np.nan
    found = set.union(*drawn(dataset_charts.embedding_map(table, "suspicion")).values())
    assert found == set(table["path"].drop([0, 95]))


@pytest.mark.parametrize(
    "suspects",
    [1999, 2500],
)
def test_a_map_has_two_thousand_points_at_most_even_if_most_are_suspicious(suspects):
    sample = drawn(dataset_charts.embedding_map(placed(20_000, suspects=suspects), "suspicion"))
    assert sum(map(len, sample.values())) <= 2000


def test_every_shortcut_has_one_bar_with_its_interval():
    found = [
        Shortcut("size", 0.7, 0.01),
        Shortcut("brightness", 0.5, 0.02),
        Shortcut("all together", 0.8, 0.03),
    ]
    (bars,) = dataset_charts.shortcut_bars(found).data
    assert list(bars.y) == ["size", "brightness", "all together"]
    assert list(bars.x) == [0.7, 0.5, 0.8]
    assert list(bars.error_x.array) == pytest.approx([0.0196, 0.0392, 0.0588])


def test_the_classes_of_each_side_are_counted():
    table = pd.DataFrame(
        {
            "label": [0, 0, 0, 1, 1, -1],
            "side": ["training", "training", "validation", "validation", "validation", ""],
        }
    )
    cats, dogs = dataset_charts.classes_by_side(table).data
    assert list(cats.x) == list(dogs.x) == ["training", "validation"]
    assert (list(cats.y), list(dogs.y)) == ([2, 1], [0, 2])
    assert dogs.customdata[1] == ["validation", "dog"]
