"""The confusion matrix as a Plotly figure whose cells can be selected."""

from itertools import product

import numpy as np
import plotly.graph_objects as go

from catsdogs.charts.style import styled
from catsdogs.labels import CLASS_NAMES

_POINTS_A_CELL = 7  # in each direction


def confusion_matrix(counts: np.ndarray) -> go.Figure:
    """Return ``counts`` (2, 2) and the share of each true class; both axes read cat, dog.

    Plotly cannot select a heat map's cells, so invisible points cover them. The ``customdata`` of
    each point is its cell's true class and predicted class.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    text = [
        [f"<b>{count:,}</b><br>{share:.1%}" for count, share in zip(*row, strict=True)]
        for row in zip(counts.tolist(), shares.tolist(), strict=True)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            # The same scale for every run, so that colours are comparable between matrices.
            zmin=0,
            zmax=1,
            text=text,
            texttemplate="%{text}",
            textfont={"size": 16},
            showscale=False,
            hoverinfo="skip",
        )
    )
    _add_selectable_points(figure, text)
    names = {"tickvals": [0, 1], "ticktext": list(CLASS_NAMES)}
    figure.update_xaxes(title="predicted", range=[-0.5, 1.5], **names)
    figure.update_yaxes(title="label", range=[1.5, -0.5], **names)
    return styled(figure, None, height=300)


def _add_selectable_points(figure: go.Figure, text: list[list[str]]) -> None:
    """Cover the cells with invisible points; ``text`` is what each cell says."""
    offsets = np.linspace(-0.4, 0.4, _POINTS_A_CELL)
    points = [
        (said + dx, truth + dy, CLASS_NAMES[truth], CLASS_NAMES[said], text[truth][said])
        for truth, said in np.ndindex(2, 2)
        for dy, dx in product(offsets, offsets)
    ]
    x, y, truths, answers, told = zip(*points, strict=True)
    figure.add_scatter(
        x=x,
        y=y,
        customdata=list(zip(truths, answers, strict=True)),
        mode="markers",
        marker={"opacity": 0, "size": 24},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        text=[cell.replace("<br>", ", ") for cell in told],
        hovertemplate="label %{customdata[0]}, predicted %{customdata[1]}: %{text}<extra></extra>",
        showlegend=False,
    )
