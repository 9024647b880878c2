"""The confusion matrix as a Plotly figure."""

import numpy as np
import plotly.graph_objects as go

from catsdogs.charts.style import styled
from catsdogs.labels import PETS, Classes
from catsdogs.text import unmarked


def confusion_matrix(counts: np.ndarray, *, classes: Classes = PETS) -> go.Figure:
    """Return ``counts`` (2, 2) and the share of each true class; both axes read cat, dog."""
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
    names = {"tickvals": [0, 1], "ticktext": list(map(unmarked, classes.names))}
    figure.update_xaxes(title="predicted", range=[-0.5, 1.5], **names)
    figure.update_yaxes(title="label", range=[1.5, -0.5], **names)
    return styled(figure, None, height=300)
