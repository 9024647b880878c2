"""The accuracy of suggested labels over the number of answers, as a Plotly chart."""

import pandas as pd
import plotly.graph_objects as go

from catsdogs.charts.style import RUN_COLOURS, styled

_COLOUR = RUN_COLOURS[0]


def accuracy(rounds: pd.DataFrame) -> go.Figure:
    """Return accuracy with its 95 % interval over the number of answers given by hand.

    ``rounds`` has ``answers``, ``accuracy``, ``low`` and ``high``.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=[*rounds["answers"], *rounds["answers"][::-1]],
        y=[*rounds["high"], *rounds["low"][::-1]],
        mode="lines",
        fill="toself",
        line={"width": 0},
        fillcolor=_COLOUR,
        opacity=0.2,
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        x=rounds["answers"],
        y=rounds["accuracy"],
        mode="lines+markers",
        line={"color": _COLOUR},
        name="accuracy",
        hovertemplate="%{x} answers: %{y:.1%}<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(title="answers")
    figure.update_yaxes(title="accuracy of the suggestions", tickformat=".0%")
    return styled(figure, None, height=260)
