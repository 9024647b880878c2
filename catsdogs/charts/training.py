"""Training runs as Plotly charts: live curves, overlaid curves, the learning-rate range test."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from catsdogs.charts.style import LEGEND, RUN_COLOURS, height_for, styled, thinned
from catsdogs.runs.range_test import smoothed
from catsdogs.runs.view import RunView, position
from catsdogs.text import unmarked

# Grey for the training of a run that is drawn alone: readable on light and dark.
_TRAINING = "#8393A0"
METRICS = ("loss", "accuracy")
_DIGITS = 4
_USAGE_PX = 130  # the height of a curve of the use of the machine
_LONG_S = 300  # then minutes are easier to read than seconds


def training_curves(
    views: Mapping[str, RunView],
    colours: Sequence[str] = RUN_COLOURS,
    *,
    smoothing: float = 0.9,
    log_loss: bool = False,
) -> go.Figure:
    """Return loss and accuracy of a run, one above the other, with other runs overlaid.

    ``views`` are the runs by display name, each drawn in its colour of ``colours``; the first is
    the run of interest. The x axis counts epochs, and a batch is placed at its share of the epoch.
    Training is drawn batch by batch, as faint points and as an exponentially weighted mean that
    keeps ``smoothing`` (0 to 1) of its previous value; validation by epoch, with a star at the best
    epoch. There is no legend, so that the chart keeps its height: the page names the colours.
    """
    figure = make_subplots(
        rows=2, shared_xaxes=True, vertical_spacing=0.1, subplot_titles=["Loss", "Accuracy"]
    )
    figure.update_annotations(x=0, xanchor="left")
    alone = len(views) == 1
    for number, ((name, view), colour) in enumerate(zip(views.items(), colours, strict=False)):
        suffix = "" if alone else f" · {unmarked(name)}"
        training = _TRAINING if alone else colour
        for row, metric in enumerate(METRICS, 1):
            x = [round(at, _DIGITS) for at in thinned([position(batch) for batch in view.batches])]
            raw = [getattr(batch, metric) for batch in view.batches]
            if number == 0:
                points = {"color": training, "size": 3, "opacity": 0.25}
                style = {"mode": "markers", "marker": points, "hoverinfo": "skip"}
                _add_curve(figure, row, "batches", x, _short(thinned(raw)), style)
            line = {"color": training, "width": 1.5, "dash": "solid" if alone else "dot"}
            smooth = _short(thinned(smoothed(raw, smoothing=smoothing)))
            _add_curve(figure, row, f"training{suffix}", x, smooth, {"line": line})
            _add_validation(figure, row, f"validation{suffix}", view, metric, colour)
    figure.update_xaxes(rangemode="tozero")
    figure.update_xaxes(title="epoch", title_standoff=4, row=2)
    # A range that the user chose on one scale does not fit the other.
    figure.update_yaxes(
        type="log" if log_loss else "linear", uirevision=log_loss, rangemode="tozero", row=1
    )
    figure.update_yaxes(tickformat=".0%", row=2)
    return styled(figure, None, showlegend=False)


def compared_curves(
    views: Mapping[str, RunView], metric: str, colours: Sequence[str] = RUN_COLOURS
) -> go.Figure:
    """Return "loss" or "accuracy" by epoch for some runs, with solid lines for validation.

    Each run is drawn in its colour of ``colours``.
    """
    figure = go.Figure()
    for (name, view), colour in zip(views.items(), colours, strict=False):
        x = [position(epoch) for epoch in view.epochs]
        for prefix, dash, suffix in (("val_", "solid", "validation"), ("", "dot", "training")):
            y = [getattr(epoch, prefix + metric) for epoch in view.epochs]
            figure.add_scatter(
                x=x,
                y=y,
                name=f"{unmarked(name)}, {suffix}",
                line={"dash": dash, "color": colour},
                mode="lines+markers",
            )
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(tickformat=".0%" if metric == "accuracy" else None)
    height = height_for(len(figure.data))
    return styled(figure, metric.capitalize(), legend=LEGEND, height=height)


def learning_rate_curve(result: Mapping[str, Any]) -> go.Figure:
    """Return a range test's loss by learning rate: batches, smoothed, and the suggested rate.

    Cuts off the explosion at the end, which would make the earlier fall look flat.
    """
    rates, curve, suggested = result["rates"], result["smoothed"], result["suggested"]
    lowest = int(np.argmin(curve))
    bottom, top = curve[lowest], max(*curve[: lowest + 1], 1.5 * curve[lowest])
    shown = [bottom - 0.1 * (top - bottom), top + 0.1 * (top - bottom)]
    figure = go.Figure()
    points = {"color": _TRAINING, "size": 6, "opacity": 0.35}
    figure.add_scatter(x=rates, y=result["losses"], name="a batch", mode="markers", marker=points)
    line = {"color": _TRAINING, "width": 2.5}
    figure.add_scatter(x=rates, y=curve, name="smoothed", mode="lines", line=line)
    if suggested is not None:
        # A separate curve: Plotly misplaces the text of a vertical line on a logarithmic axis.
        figure.add_scatter(
            x=[suggested, suggested],
            y=shown,
            name=f"suggested: {suggested:g}",
            mode="lines",
            line={"color": RUN_COLOURS[0], "width": 2, "dash": "dash"},
            hoverinfo="name",
        )
    figure.update_xaxes(title="learning rate", type="log", exponentformat="power", dtick=2)
    figure.update_yaxes(title="training loss", range=shown)
    return styled(figure, None, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})


def usage_chart(view: RunView, colour: str = _TRAINING) -> go.Figure | None:
    """Return what a run's worker used since it was last started; None where nothing is recorded.

    Processor, memory and, where there are GPUs, theirs: one above the other, by seconds or minutes.
    """
    if not view.usages or view.started_at is None:
        return None
    measures = {"Processor, cores": [one.cores for one in view.usages]}
    measures["Memory, GB"] = [one.memory_bytes / 1e9 for one in view.usages]
    if view.usages[-1].gpu is not None:
        measures["GPU, share of time"] = [one.gpu or 0 for one in view.usages]
        measures["GPU memory, GB"] = [(one.gpu_memory_bytes or 0) / 1e9 for one in view.usages]
    elapsed_s = [one.t - view.started_at for one in view.usages]
    unit, unit_s = ("minutes", 60) if elapsed_s[-1] > _LONG_S else ("seconds", 1)
    x = [round(seconds / unit_s, 2) for seconds in thinned(elapsed_s)]
    figure = make_subplots(
        rows=len(measures), shared_xaxes=True, vertical_spacing=0.14, subplot_titles=list(measures)
    )
    figure.update_annotations(x=0, xanchor="left")
    for row, (name, values) in enumerate(measures.items(), 1):
        _add_curve(figure, row, name, x, _short(thinned(values)), {"line": {"color": colour}})
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(title=f"{unit} since it was started", title_standoff=4, row=len(measures))
    return styled(figure, None, height=60 + _USAGE_PX * len(measures), showlegend=False)


def _short(values: list[float]) -> list[float]:
    """Return ``values`` with as many digits as a chart can show: it travels every second."""
    return [float(f"{value:.{_DIGITS}g}") for value in values]


def _add_curve(
    figure: go.Figure,
    row: int,
    name: str,
    x: list[float],
    y: list[float],
    style: dict[str, Any],
) -> None:
    figure.add_scatter(
        x=x,
        y=y,
        name=name,
        # Identifies the curve when the chart is redrawn with others added or removed. Plotly uses
        # it as a CSS class.
        uid=re.sub(r"\W", lambda sign: f"_{ord(sign[0]):x}", f"curve_{name}_{row}"),
        row=row,
        col=1,
        **{"mode": "lines", **style},
    )


def _add_validation(
    figure: go.Figure, row: int, name: str, view: RunView, metric: str, colour: str
) -> None:
    best = [epoch.epoch == view.best_epoch for epoch in view.epochs]
    style = {
        "mode": "lines+markers",
        "line": {"color": colour, "width": 2.5},
        "marker": {
            "symbol": ["star" if is_best else "circle" for is_best in best],
            "size": [14 if is_best else 7 for is_best in best],
        },
    }
    x = [position(epoch) for epoch in view.epochs]
    y = [getattr(epoch, f"val_{metric}") for epoch in view.epochs]
    _add_curve(figure, row, name, x, y, style)
