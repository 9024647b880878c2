"""Charts of two runs' answers: which exist, which range they show, and which parts are faint."""

import numpy as np
import pandas as pd
import pytest

from catsdogs.charts import cost as cost_chart
from catsdogs.charts import evaluation as evaluation_charts
from catsdogs.charts.confusion import confusion_matrix
from catsdogs.evaluation import intervals
from catsdogs.evaluation.metrics import evaluate
from catsdogs.evaluation.slices import KINDS, Slice

COLOURS = {"A": "#C2621E", "B": "#8D6CC8"}


def parts(*counts):
    """Slices of (right, of) images each."""
    return [
        Slice(name, of, intervals.share(right, of) if of else None)
        for name, (right, of) in zip(KINDS["size"].names, counts, strict=True)
    ]


def table(labels, p_dog):
    return pd.DataFrame({"label": labels, "p_dog": np.array(p_dog, dtype=np.float32)})


def test_small_slices_are_faint_and_take_no_room():
    of_run = parts((0, 0), (1, 2), (980, 1000), (990, 1000), (45, 49))
    figure = evaluation_charts.slices(KINDS["size"], {"A": of_run}, COLOURS)
    large, small = figure.data
    assert list(large.y) == [0.98, 0.99]
    assert list(small.y) == [0.5, pytest.approx(45 / 49)]
    assert (large.opacity, small.opacity) == (1, 0.3)
    low, high = figure.layout.yaxis.range
    # The range includes the point of the small slice, but not its interval of 9 to 91 %.
    assert 0.4 < low < 0.5 < 1 < high
    assert "1,000 photos" in figure.layout.xaxis.ticktext[2]
    assert "span" in figure.layout.xaxis.ticktext[1]
    assert "span" not in figure.layout.xaxis.ticktext[2]


def test_where_runs_have_other_images_each_count_is_told():
    a = parts((9, 10), (0, 0), (0, 0), (0, 0), (0, 0))
    b = parts((1, 1), (0, 0), (0, 0), (0, 0), (60, 60))
    figure = evaluation_charts.slices(KINDS["size"], {"A": a, "B": b}, COLOURS)
    assert "10 photos and 1 photo" in figure.layout.xaxis.ticktext[0]
    assert "0 photos and 60 photos" in figure.layout.xaxis.ticktext[4]
    assert "span" not in figure.layout.xaxis.ticktext[4]


@pytest.mark.parametrize("labels", [[0, 1, 0, 1], [0, 0, 0, 0]])
def test_the_charts_are_those_that_are_named_and_one_class_has_no_curves(labels):
    answers = {"A": table(labels, [0.1, 0.8, 0.6, 0.4]), "B": table(labels, [0.2, 0.9, 0.3, 0.7])}
    evaluations = {
        name: evaluate(of["label"].to_numpy(), of["p_dog"].to_numpy())
        for name, of in answers.items()
    }
    charts = evaluation_charts.at_threshold(answers, evaluations, 0.5, COLOURS)
    assert list(charts) == evaluation_charts.names_at_threshold(answers)
    assert ("ROC" in charts) == (len(set(labels)) == 2)


def test_a_runs_name_is_no_markup_in_the_chart_of_costs():
    runs = pd.DataFrame(
        {
            "run": ["<b>x</b>"],
            "label": ["<b>x</b>"],
            "colour": ["#123456"],
            "dataset": ["<i>d</i>"],
            "fingerprint": ["f"],
            **{"accuracy": [0.9], "low": [0.8], "high": [0.95]},
            **{"milliseconds": [3.0], "megabytes": [9.0]},
        }
    )
    (trace,) = cost_chart.cost(runs).data
    assert trace.name == "on &lt;i&gt;d&lt;/i&gt;"
    assert trace.customdata[0][0] == trace.text[0].strip() == "&lt;b&gt;x&lt;/b&gt;"


def test_each_run_keeps_its_colour_and_the_second_is_dashed():
    answers = {name: table([0, 1, 0, 1], [0.1, 0.8, 0.6, 0.4]) for name in COLOURS}
    for draw in (evaluation_charts.roc, evaluation_charts.precision_recall):
        lines = [trace for trace in draw(answers, 0.5, COLOURS).data if trace.legendgroup]
        drawn = {trace.legendgroup: trace.line for trace in lines if trace.mode == "lines"}
        assert {name: line.color for name, line in drawn.items()} == COLOURS
        assert drawn["A"].dash != drawn["B"].dash


def test_a_matrix_reads_truth_down_and_answers_across():
    figure = confusion_matrix(np.array([[2, 1], [0, 1]]))
    (heatmap,) = figure.data
    assert "<b>1</b><br>33.3%" in heatmap.text[0][1]
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        assert (axis.tickvals, axis.ticktext) == ((0, 1), ("cat", "dog"))
