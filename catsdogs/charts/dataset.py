"""A dataset's records → Plotly charts. No Streamlit here; the app's theme sets other colours.

Every chart is built from aggregates or a bounded sample, so that the data sent to a browser do not
grow with the dataset. Selectable charts use points or bars, as Plotly's selection tools require.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from catsdogs.charts.style import CLASS_COLOURS, styled
from catsdogs.health.findings import Shortcut
from catsdogs.labels import PETS, Classes
from catsdogs.text import unmarked

_SIZE_BINS = 60
_BINS = 50
# The share of photos that may lie outside the axes, so that one outlier does not squeeze the rest.
_TAIL = 0.002
SIDE_SHADES = {"training": "#8393A0", "validation": "#12A37B", "test": "#B5486E"}


def size_chart(records: pd.DataFrame, *, classes: Classes = PETS) -> go.Figure:
    """Return width × height as a 2-D histogram, with each side's histogram by class beside it.

    The last bins count sizes beyond the axes. An invisible point in the middle of each bin with
    photos makes the bin selectable.
    """
    width_edges, height_edges = (_edges(records[side]) for side in ("width_px", "height_px"))
    # Only these columns, because selecting a class copies all.
    sizes = records[["label"]].assign(
        width_px=records["width_px"].clip(upper=width_edges[-1]),
        height_px=records["height_px"].clip(upper=height_edges[-1]),
    )
    figure = go.Figure()
    _add_size_bins(figure, sizes, width_edges, height_edges)
    _add_side_histograms(figure, sizes, width_edges, height_edges, classes)
    return styled(
        figure,
        "Image sizes",
        height=460,
        barmode="overlay",
        bargap=0,
        xaxis={"title": "width (px)", "domain": [0, 0.82], "range": [0, width_edges[-1]]},
        yaxis={"title": "height (px)", "domain": [0, 0.78], "range": [0, height_edges[-1]]},
        xaxis2={"domain": [0.84, 1], "showticklabels": False, "fixedrange": True},
        yaxis2={"domain": [0.81, 1], "showticklabels": False, "fixedrange": True},
        dragmode="select",
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
    )


def _add_size_bins(
    figure: go.Figure, sizes: pd.DataFrame, width_edges: np.ndarray, height_edges: np.ndarray
) -> None:
    counts, _, _ = np.histogram2d(
        sizes["width_px"], sizes["height_px"], bins=[width_edges, height_edges]
    )
    x, y = _middles(width_edges), _middles(height_edges)
    shown: np.ndarray = np.where(counts.T > 0, counts.T, np.nan)
    figure.add_heatmap(
        x=x,
        y=y,
        # Most sizes are a few camera formats: a linear scale would hide all others.
        z=np.log10(shown),
        customdata=shown,
        showscale=False,
        hoverongaps=False,
        hovertemplate="about %{x:.0f} × %{y:.0f} px: %{customdata:,} images<extra></extra>",
    )
    columns, rows = np.nonzero(counts)
    figure.add_scatter(
        x=x[columns],
        y=y[rows],
        mode="markers",
        marker={"opacity": 0, "size": 8},
        selected={"marker": {"opacity": 0.5, "color": "#C2621E"}},
        unselected={"marker": {"opacity": 0}},
        showlegend=False,
        hoverinfo="skip",
    )


def _add_side_histograms(
    figure: go.Figure,
    sizes: pd.DataFrame,
    width_edges: np.ndarray,
    height_edges: np.ndarray,
    classes: Classes,
) -> None:
    for label, name in enumerate(map(unmarked, classes.names)):
        of_class = sizes[sizes["label"] == label]
        style = {"marker_color": CLASS_COLOURS[label], "opacity": 0.6, "name": name}
        above, _ = np.histogram(of_class["width_px"], bins=width_edges)
        beside, _ = np.histogram(of_class["height_px"], bins=height_edges)
        figure.add_bar(x=_middles(width_edges), y=above, yaxis="y2", legendgroup=name, **style)
        figure.add_bar(
            x=beside,
            y=_middles(height_edges),
            xaxis="x2",
            orientation="h",
            legendgroup=name,
            showlegend=False,
            **style,
        )


def _middles(edges: np.ndarray) -> np.ndarray:
    return (edges[:-1] + edges[1:]) / 2


def histogram(
    values: pd.Series, labels: pd.Series, title: str, unit: str, *, classes: Classes = PETS
) -> go.Figure:
    """Return the distribution of ``values`` by class, overlaid; the end bins count the tails."""
    low = values.quantile(_TAIL, interpolation="higher")
    high = values.quantile(1 - _TAIL, interpolation="lower")
    edges = np.linspace(low, max(high, low + 1e-6), _BINS + 1)
    clipped = values.clip(edges[0], edges[-1])
    figure = go.Figure()
    for label, name in enumerate(map(unmarked, classes.names)):
        counts, _ = np.histogram(clipped[labels == label], bins=edges)
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            name=name,
            opacity=0.6,
            marker_color=CLASS_COLOURS[label],
            hovertemplate=f"{name}: %{{y:,}} images about %{{x:.3g}}<extra></extra>",
        )
    return styled(
        figure,
        title,
        height=260,
        barmode="overlay",
        bargap=0,
        dragmode="select",
        selectdirection="h",
        showlegend=False,
        xaxis={"title": unit},
        yaxis={"title": "images"},
    )


def classes_by_side(side: pd.Series, label: pd.Series, *, classes: Classes = PETS) -> go.Figure:
    """Return how many photos of each class are on each side of the split, as bars.

    ``side`` and ``label`` are those of each photo. The custom data of a bar are its side and its
    class.
    """
    figure = go.Figure()
    sides = [of for of in SIDE_SHADES if (side == of).any()]
    for number, name in enumerate(classes.names):
        counts = side[label == number].value_counts()
        y = [int(counts.get(of, 0)) for of in sides]
        figure.add_bar(
            x=sides,
            y=y,
            name=unmarked(name),
            text=[f"{count:,}" for count in y],
            customdata=[(of, name) for of in sides],
            marker_color=CLASS_COLOURS[number],
            hovertemplate=f"%{{y:,}} {unmarked(classes.plural(number))} for %{{x}}<extra></extra>",
        )
    return styled(
        figure,
        "Classes by side of the split",
        barmode="group",
        yaxis={"title": "photos"},
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
    )


def shortcut_bars(shortcuts: Sequence[Shortcut]) -> go.Figure:
    """Return the accuracy of each shortcut, with 95 % intervals, compared with chance."""
    figure = go.Figure(
        go.Bar(
            x=[found.accuracy for found in shortcuts],
            y=[found.shortcut for found in shortcuts],
            orientation="h",
            error_x={
                "array": [1.96 * found.standard_error for found in shortcuts],
                "color": "#C2621E",
            },
            marker_color="#8393A0",
            hovertemplate="%{y}: %{x:.1%} right<extra></extra>",
        )
    )
    figure.add_vline(
        x=0.5,
        line_dash="dot",
        line_color="#C2621E",
        annotation_text="chance",
        annotation_position="top",
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(range=[0.4, 1], tickformat=".0%", title="labels guessed right (balanced)")
    return styled(figure, None, height=260)


def _edges(sides: pd.Series) -> np.ndarray:
    end = max(float(sides.quantile(1 - _TAIL, interpolation="lower")), 1.0)
    return np.linspace(0, np.ceil(end * 1.02), _SIZE_BINS + 1)
