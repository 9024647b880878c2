"""The parts of HTML reports: charts, tables and photos that need no network."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
from markupsafe import Markup

from catsdogs.charts.style import CONFIG, RUN_COLOURS
from catsdogs.images.thumbnails import thumbnails
from catsdogs.text import printable


@dataclass(frozen=True)
class Photo:
    """One image of a gallery. ``picture`` is a data URI, or empty if only the name is shown."""

    name: str
    note: str
    picture: str


def gallery(
    root: Path | None, named: Sequence[tuple[str, str]], notes: Sequence[str]
) -> list[Photo]:
    """Return photos of the dataset in ``root``, given as path and digest, with a note for each."""
    jpegs = thumbnails(root, named, unchanged_only=True) if root else [None] * len(named)
    return [
        Photo(
            name=printable(path),
            note=note,
            picture=f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" if jpeg else "",
        )
        for (path, _), note, jpeg in zip(named, notes, jpegs, strict=True)
    ]


def charts(figures: Mapping[str, go.Figure]) -> dict[str, str]:
    """Return each chart as HTML for a page that has Plotly's script already."""
    return {
        name: styled(figure).to_html(full_html=False, include_plotlyjs=False, config=CONFIG)
        for name, figure in figures.items()
    }


def styled(figure: go.Figure) -> go.Figure:
    """Return a copy of the chart in the style that the app's theme gives it on a page."""
    template = go.layout.Template(pio.templates["plotly_white"])
    template.layout.update(
        title={"x": 0, "xanchor": "left"},
        xaxis={"automargin": True},
        yaxis={"automargin": True},
        colorway=RUN_COLOURS,
    )
    template.data.heatmap = [{"colorscale": "Blues"}]
    return go.Figure(figure).update_layout(template=template)


def html(table: pd.DataFrame) -> Markup:
    """Return a table as HTML."""
    return Markup(table.to_html(border=0))  # to_html escapes the cells.
