"""A search as Plotly charts: its runs, the history of the best one, the settings that matter."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from catsdogs.charts.style import RUN_COLOURS, styled
from catsdogs.runs.config import SETTINGS
from catsdogs.runs.settings import Number, Whole

# From a low loss to a high one. Orange and blue differ for colour-blind people too, and each step
# can be read in both themes.
_SCALE = ((0, RUN_COLOURS[0]), (0.5, RUN_COLOURS[7]), (1, RUN_COLOURS[5]))
_TICKS = 5


@dataclass(frozen=True)
class TrialPoint:
    """A trial with a model: its number, the values of the searched settings, its loss."""

    number: int
    values: Mapping[str, str | float | bool]
    loss: float


def parallel_coordinates(trials: Sequence[TrialPoint]) -> go.Figure:
    """Return a line for each trial through its settings to its validation loss, which colours it.

    There must be a trial.
    """
    losses = [trial.loss for trial in trials]
    axes = [_axis(name, [trial.values[name] for trial in trials]) for name in trials[0].values]
    loss = {"label": "Validation loss", "values": losses, "tickformat": ".3f"}
    line = {"color": losses, "colorscale": list(_SCALE), "showscale": False}
    figure = go.Figure(go.Parcoords(dimensions=[*axes, loss], line=line))
    # Room for the labels above the axes and the values beside them.
    return styled(figure, None, margin={"l": 72, "r": 56, "t": 56, "b": 24})


def importance(shares: Mapping[str, float]) -> go.Figure:
    """Return each setting's share of the differences in validation loss, the largest on top."""
    ordered = sorted(shares.items(), key=lambda item: item[1])
    figure = go.Figure(
        go.Bar(
            x=[share for _, share in ordered],
            y=[SETTINGS[name].label for name, _ in ordered],
            text=[f"{share:.0%}" for _, share in ordered],
            orientation="h",
            marker={"color": RUN_COLOURS[5]},
            hoverinfo="skip",
        )
    )
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    return styled(figure, None, height=120 + 36 * len(ordered), showlegend=False)


def history(trials: Sequence[TrialPoint]) -> go.Figure:
    """Return the validation loss of each trial, and the lowest so far."""
    numbers, losses = [one.number for one in trials], [one.loss for one in trials]
    lowest = [min(losses[: place + 1]) for place in range(len(losses))]
    figure = go.Figure()
    points = {"color": RUN_COLOURS[7], "size": 8}
    figure.add_scatter(x=numbers, y=losses, name="a run", mode="markers", marker=points)
    line = {"color": RUN_COLOURS[0], "width": 2.5, "shape": "hv"}
    figure.add_scatter(x=numbers, y=lowest, name="lowest so far", mode="lines", line=line)
    figure.update_xaxes(title="run of the search", tickformat="d", rangemode="tozero")
    figure.update_yaxes(title="validation loss")
    return styled(figure, None, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})


def _axis(name: str, values: Sequence[str | float | bool]) -> dict[str, Any]:
    """Return the axis of one setting: logarithmic where its declaration is, or with words."""
    setting = SETTINGS[name]
    kind = setting.kind
    if not isinstance(kind, Whole | Number):
        words = list(dict.fromkeys(values))
        return {
            "label": setting.label,
            "values": [words.index(value) for value in values],
            "tickvals": list(range(len(words))),
            "ticktext": [_word(word) for word in words],
        }
    numbers = [float(value) for value in values]
    if not kind.logarithmic or min(numbers) <= 0:
        return {"label": setting.label, "values": numbers}
    low, high = math.log10(min(numbers)), math.log10(max(numbers))
    ticks = [low + (high - low) * step / (_TICKS - 1) for step in range(_TICKS)]
    return {
        "label": setting.label,
        "values": [math.log10(value) for value in numbers],
        "tickvals": ticks,
        "ticktext": [f"{10**tick:.2g}" for tick in ticks],
    }


def _word(value: str | float | bool) -> str:
    # The words of the command line are short enough for a phone.
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
