import numpy as np
import pandas as pd
import pytest

from catsdogs.charts import dataset as dataset_charts
from catsdogs.health.findings import Shortcut
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
    cats, dogs = dataset_charts.classes_by_side(table["side"], table["label"]).data
    assert list(cats.x) == list(dogs.x) == ["training", "validation"]
    assert (list(cats.y), list(dogs.y)) == ([2, 1], [0, 2])
    assert dogs.customdata[1] == ["validation", "dog"]
