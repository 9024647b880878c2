"""The accuracy of runs over the time of an answer, as a Plotly chart."""

from itertools import cycle

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from catsdogs.charts.style import LEGEND, styled
from catsdogs.text import unmarked

_DATASETS = ("circle", "square", "diamond", "triangle-up", "cross")


def cost(runs: pd.DataFrame) -> go.Figure:
    """Return accuracy with its interval over milliseconds per image.

    ``runs`` has ``run``, ``colour``, ``label``, ``dataset``, ``fingerprint``, ``accuracy``,
    ``low``, ``high``, ``milliseconds`` and ``megabytes``. The area of a bubble is the size of the
    model. Each dataset has its own symbol, each run its own colour, and ``label`` as its text.
    """
    figure = go.Figure()
    groups = runs.groupby(["fingerprint", "dataset"], sort=False)
    for ((_, dataset), table), symbol in zip(groups, cycle(_DATASETS), strict=False):
        figure.add_scatter(
            x=table["milliseconds"],
            y=table["accuracy"],
            error_y={
                "array": table["high"] - table["accuracy"],
                "arrayminus": table["accuracy"] - table["low"],
                "thickness": 1,
            },
            name=f"on {unmarked(str(dataset))}",
            mode="markers+text",
            text=table["label"].map(lambda label: f"  {unmarked(label)}" if label else ""),
            textposition="middle right",
            # People compare areas, so the diameter follows the square root.
            marker={
                "size": 12 * np.sqrt(table["megabytes"] / 5),
                "color": table["colour"],
                "symbol": symbol,
                "opacity": 0.8,
            },
            customdata=list(zip(table["run"].map(unmarked), table["megabytes"], strict=True)),
            hovertemplate=("%{customdata[0]}<br>%{y:.2%}, %{x:.1f} ms, %{customdata[1]:.1f} MB"),
        )
    # Room for the labels.
    longest = 1.3 * runs["milliseconds"].max() if len(runs) else None
    figure.update_xaxes(title="milliseconds per photo", range=[0, longest])
    figure.update_yaxes(title="validation accuracy", tickformat=".1%")
    return styled(figure, "Accuracy and speed", legend=LEGEND, showlegend=True)
