from dataclasses import replace

import numpy as np
import pytest
from msgspec import structs

from catsdogs.charts import training as training_charts
from catsdogs.inference.heatmap import layer
from catsdogs.runs.events import parsed
from catsdogs.runs.view import fold


@pytest.fixture
def view():
    batch = {"event": "batch", "t": 0.0, "steps": 1000}
    batches = [
        {**batch, "epoch": epoch, "step": step, "loss": 1 / step, "accuracy": 0.5}
        for epoch in (1, 2)
        for step in range(1, 1001)
    ]
    values = {"loss": 1.0, "accuracy": 0.5, "val_loss": 0.9, "val_accuracy": 0.6}
    epochs = [{"event": "epoch", "t": 0.0, "epoch": number, **values} for number in (1, 2)]
    return fold(map(parsed, [*batches, *epochs, {"event": "checkpoint", "t": 0.0, "epoch": 2}]))


def curves(views, **options):
    """Return the traces of the figure by name, those of the loss."""
    figure = training_charts.training_curves(views, **options)
    return {trace.name: trace for trace in figure.data if trace.xaxis in (None, "x")}


def test_a_chart_has_no_more_digits_than_it_can_show(view):
    odd = [structs.replace(batch, loss=batch.loss / 3e5) for batch in view.batches]
    curve = curves({"a": replace(view, batches=odd)})["training"]
    assert max(len(f"{value}") for value in [*curve.x, *curve.y]) <= len("1.234e-06")


@pytest.mark.parametrize("batches", [1, 399, 400, 401, 1001, 2000])
def test_long_curves_are_thinned_and_end_at_the_last_batch(view, batches):
    for name in ("batches", "training"):
        curve = curves({"a": replace(view, batches=view.batches[:batches])})[name]
        assert len(curve.x) == len(curve.y) <= 400
        assert curve.x[-1] == pytest.approx(batches / 1000)


def test_a_point_once_drawn_stays_where_it_is(view):
    def drawn(batches):
        curve = curves({"a": replace(view, batches=view.batches[:batches])})["training"]
        return dict(zip(curve.x, curve.y, strict=True))

    before, after = drawn(398), drawn(1200)
    shared = set(before) & set(after)
    assert len(shared) > 50
    assert all(before[x] == pytest.approx(after[x]) for x in shared)


def test_the_best_epoch_is_starred(view):
    assert list(curves({"a": view})["validation"].marker.symbol) == ["circle", "star"]


def test_an_epoch_that_was_cut_short_stands_at_its_share(view):
    last = structs.replace(view.epochs[1], step=250, steps=1000)
    cut = replace(view, epochs=[view.epochs[0], last])
    assert list(curves({"a": cut})["validation"].x) == [1, 1.25]


def test_smoothing_keeps_so_much_of_the_earlier_batches(view):
    first, second = (batch.loss for batch in view.batches[:2])
    two = {"a": replace(view, batches=view.batches[:2])}
    assert list(curves(two, smoothing=0.0)["training"].y) == pytest.approx(
        [first, second], rel=1e-3
    )
    mean = (second + 0.9 * first) / 1.9
    assert list(curves(two, smoothing=0.9)["training"].y) == pytest.approx([first, mean], rel=1e-3)


def test_names_are_no_markup(view):
    names = {
        trace.name for trace in training_charts.compared_curves({"<b>x</b>": view}, "loss").data
    }
    assert names == {"&lt;b&gt;x&lt;/b&gt;, validation", "&lt;b&gt;x&lt;/b&gt;, training"}


def test_runs_laid_over_another_are_told_apart_by_colour_and_name(view):
    drawn = curves({"a": view, "b": view})
    assert set(drawn) == {
        "batches",
        *(f"{kind} · {n}" for kind in ("training", "validation") for n in "ab"),
    }
    assert drawn["validation · a"].line.color != drawn["validation · b"].line.color


def test_a_curve_keeps_its_identity_whatever_lies_over_it(view):
    alone = {trace.uid for trace in training_charts.training_curves({"a": view, "b": view}).data}
    more = {
        trace.uid
        for trace in training_charts.training_curves({"a": view, "b": view, "c": view}).data
    }
    assert alone < more
    assert all(uid.isidentifier() for uid in more)


def test_the_loss_can_be_logarithmic_and_the_accuracy_is_not(view):
    layout = training_charts.training_curves({"a": view}, log_loss=True).layout
    assert (layout.yaxis.type, layout.yaxis2.type) == ("log", None)


def test_a_heat_map_tints_what_speaks_for_the_answer_and_nothing_else():
    heatmap = np.zeros((2, 2))
    heatmap[0, 0], heatmap[1, 1] = 5, -5
    for label, corner, other in (("dog", (5, 5), (90, 90)), ("cat", (90, 90), (5, 5))):
        opacity = layer(heatmap, label=label).getchannel("A")
        assert opacity.getpixel(corner) > 200
        assert opacity.getpixel(other) == 0


def test_a_heat_map_without_evidence_is_transparent():
    assert layer(np.full((2, 2), -1.0), label="dog").getchannel("A").getextrema() == (0, 0)


def rates_found(losses, suggested=None):
    rates = list(np.geomspace(1e-7, 10, len(losses)))
    return {"rates": rates, "losses": losses, "smoothed": losses, "suggested": suggested}


def test_the_suggested_rate_is_marked_and_the_explosion_cut_off():
    figure = training_charts.learning_rate_curve(
        rates_found([0.7, 0.7, 0.5, 0.2, 0.3, 9.0], 0.0012)
    )
    assert figure.layout.xaxis.type == "log"
    low, high = figure.layout.yaxis.range
    assert 0 < low < 0.2
    assert 0.7 < high < 1
    assert [trace.name for trace in figure.data] == ["a batch", "smoothed", "suggested: 0.0012"]
    assert list(figure.data[2].x) == [0.0012, 0.0012]


@pytest.mark.parametrize("losses", [[0.7], [0.7, 0.7, 0.7], [0.7, 0.9, 5.0]])
def test_without_a_suggestion_nothing_is_marked(losses):
    figure = training_charts.learning_rate_curve(rates_found(losses))
    assert len(figure.data) == 2
    low, high = figure.layout.yaxis.range
    assert low < 0.7 < high


def test_curves_of_runs_with_similar_names_stay_apart(view):
    drawn = training_charts.training_curves({"Night!": view, "Night?": view}).data
    assert len({trace.uid for trace in drawn}) == len(drawn)


USED = {"event": "usage", "cores": 1.5, "memory_bytes": 2_000_000_000}


@pytest.fixture
def used():
    """Return a function that folds a start and reports of the use of the machine."""

    def folded(*reports):
        started = {"event": "started", "t": 10.0, "pid": 5, "pid_started_at": 1.0}
        return fold(map(parsed, [started, *reports]))

    return folded


def test_the_use_of_the_machine_is_drawn_since_the_last_start(used):
    again = {"event": "started", "t": 100.0, "pid": 6, "pid_started_at": 2.0}
    view = used({**USED, "t": 12.0}, again, {**USED, "t": 103.0})
    chart = training_charts.usage_chart(view)
    assert [trace.name for trace in chart.data] == ["Processor, cores", "Memory, GB"]
    assert [list(trace.x) for trace in chart.data] == [[3.0], [3.0]]
    assert list(chart.data[1].y) == [2.0]


def test_gpus_are_drawn_where_there_are_some(used):
    chart = training_charts.usage_chart(
        used({**USED, "t": 12.0, "gpu": 0.5, "gpu_memory_bytes": 10**9})
    )
    assert [list(trace.y) for trace in chart.data[2:]] == [[0.5], [1.0]]


def test_a_run_without_reports_has_no_chart_of_its_use(view, used):
    assert training_charts.usage_chart(view) is None
    assert training_charts.usage_chart(used()) is None
