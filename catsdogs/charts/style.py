"""Colours, sizes and limits that all charts share.

The app's theme sets the colours of text and grid. Long curves are thinned, so that a browser
receives little data.
"""

from typing import Any

import plotly.graph_objects as go

from catsdogs.runs.run import Run

# Okabe and Ito's palette, safe for colour-blind people, in shades that read on light and dark.
CLASS_COLOURS = ("#DB8A00", "#3389C6")  # by label
# Each has a contrast of at least 3 : 1 with the page in both themes. The last four belong to the
# runs that come with the project.
RUN_COLOURS = (
    *("#C2621E", "#8D6CC8", "#12A37B", "#B5486E", "#7A8B1F", "#5470E0"),
    *("#0E90AB", "#728091", "#CB4FA6", "#9A6B3F"),
)
_OWN_COLOURS = 6
HEIGHT_PX = 340
# Below the chart and the title of its axis, however many lines it takes.
LEGEND = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"}
_MARGIN = {"l": 8, "r": 8, "t": 40, "b": 8}
# A screen cannot show more points than this separately.
MAX_POINTS = 400
# For every chart that can be saved as a picture: twice the resolution, for print.
CONFIG = {"displaylogo": False, "toImageButtonOptions": {"scale": 2}}


def run_colour(run: Run) -> str:
    """Return the run's colour, "#RRGGBB", which is the same on all pages and in all charts."""
    own, given = RUN_COLOURS[:_OWN_COLOURS], RUN_COLOURS[_OWN_COLOURS:]
    colours = given if run.is_reference else own
    return colours[max(run.number - 1, 0) % len(colours)]


def styled(figure: go.Figure, title: str | None, **layout: Any) -> go.Figure:
    """Return ``figure`` with the shared height and margins; ``layout`` overrides them."""
    return figure.update_layout(
        **{"title": title, "height": HEIGHT_PX, "margin": _MARGIN, **layout}
    )


def height_for(entries: int) -> int:
    """Return the height of a chart in pixels, with room for so many entries of its legend."""
    return HEIGHT_PX + 25 * max(0, entries - 4)


def thinned(values: list[float]) -> list[float]:
    """Return every n-th of ``values``, counted from the last one, which is always kept."""
    step = max(1, -(-len(values) // MAX_POINTS))
    return values[::-step][::-1]
